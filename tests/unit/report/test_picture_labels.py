"""Words on pictures, which stay themselves below them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ogan_bench.report.picture_labels import labelled

RANDOM = np.random.default_rng(0)


def png(*shape: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(RANDOM.integers(256, size=shape, dtype=np.uint8)).save(file, format="PNG")
    return file.getvalue()


def pixels(file: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(file)))


def labels(picture: bytes, words: str = "test images", title: str = "Pearson") -> np.ndarray:
    file = labelled(picture, words, title)
    assert file is not None
    return pixels(file)


@pytest.mark.parametrize("shape", [(60, 300), (60, 300, 3)])
def test_the_picture_is_unchanged_below_its_words(shape: tuple[int, ...]) -> None:
    stored = png(*shape)
    shown = labels(stored)
    assert shown.ndim == len(shape)
    edge = (shown.shape[1] - 300) // 2
    assert (shown[-60 - edge : -edge, edge:-edge] == pixels(stored)).all()
    above = shown[: -60 - edge]
    assert above.min() < 64
    assert (above[:, :edge] == 255).all()
    for other in (labels(stored, title="no term"), labels(stored, words="images")):
        assert not np.array_equal(above, other[: -60 - edge])


def test_long_words_go_on_in_the_next_line() -> None:
    stored = png(20, 200)
    short = labels(stored)
    for title in ("a" * 100, "word " * 20):
        long = labels(stored, title=title)
        assert long.shape[0] > short.shape[0]
        assert long.shape[1] == short.shape[1]
    assert labels(stored, words="").shape[0] < short.shape[0]


def test_what_is_no_picture_has_no_labels() -> None:
    assert labelled(b"\x89PNG not really", "words", "none") is None
    assert labelled(png(60, 200)[:-500], "words", "none") is None
