"""``ogan-bench init``: from a folder of images to a study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.data.base import Dataset, Split
from ogan_bench.errors import UserError
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.study.load import load_study
from tests.unit.cli.asking import ask


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    folder = tmp_path / "My Photos"
    for k in range(40):
        part = folder / "ab"[k % 2]
        part.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)).save(part / f"{k}.png")
    return folder


def test_the_study_trains_on_the_folder(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos.parent)
    said = ask("init", "My Photos", "--set", "test_every=4")
    assert said.startswith(
        "my_photos.yaml: 30 training and 10 test images of 2 classes, 32 x 32 pixels\n"
    )
    study = load_study(Path("my_photos.yaml"))
    data = study.arms["pearson"].data.parameters()
    assert data["path"] == "./My Photos"
    assert (data["crop"], data["test_every"], data["resolution"]) == ("centre", 4, 32)
    assert study.arms["none"].evaluation.samples == 30
    with pytest.raises(UserError, match=r"my_photos\.yaml: exists already"):
        ask("init", "My Photos")


def called(*words: str) -> tuple[str, str]:
    """What a command says on standard output and on standard error."""
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


def test_images_without_labels_are_measured_without_a_download(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat = photos.parent / "flat"
    flat.mkdir()
    for path in photos.rglob("*.png"):
        path.rename(flat / path.name)
    monkeypatch.chdir(flat.parent)
    said, hint = called("init", "flat", "--set", "test_every=4")
    assert "30 training and 10 test images without labels, 32 x 32 pixels" in said
    assert hint.startswith("Next: ")
    study = load_study(Path("flat.yaml"))
    (space,) = study.arms["pearson"].evaluation.extractors
    assert study.hypotheses[1].metric == f"fd_{space}"
    images = Split(torch.zeros(3, 3, 32, 32, dtype=torch.uint8))
    dataset = Dataset("flat", images, images, (), "")
    features, _ = FEATURE_SPACES[space].extractor(dataset, torch.device("cpu"))(images.images)
    assert features.shape == (3, 1280)


def test_a_space_whose_weights_are_not_here_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Path:
        raise ValueError("it needs the package efficientnet_lite_pytorch")

    for k in range(20):
        Image.new("L", (32, 32), k).save(tmp_path / f"{k}.png")
    space = replace(FEATURE_SPACES["efficientnet_lite0"], weights=missing)
    monkeypatch.setitem(FEATURE_SPACES, "efficientnet_lite0", space)
    _, hint = called("init", str(tmp_path), "--out", str(tmp_path / "study.yaml"))
    assert "its samples has no value: it needs the package efficientnet_lite_pyt" in hint


def test_a_folder_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere: no such folder"):
        ask("init", str(tmp_path / "nowhere"))
    (tmp_path / "x.png").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"x\.png: a file; name the folder"):
        ask("init", str(tmp_path / "x.png"))
    out = tmp_path / "x.yaml"
    with pytest.raises(UserError, match=r"no usable image.*x\.png: "):
        ask("init", str(tmp_path), "--out", str(out))
    with pytest.raises(UserError, match="--resolution 20: one of 16, 32, 64, 128"):
        ask("init", str(tmp_path), "--out", str(out), "--resolution", "20")
    assert not out.exists()
