"""Batches of images in numpy's files: which layouts are read, and what is refused."""

from __future__ import annotations

import io
import resource
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ogan_bench.errors import UserError
from ogan_bench.evaluation.image_arrays import ImageArray, image_array, read_arrays
from tests.unit.evaluation.images_on_disk import pixels


def read(path: Path) -> ImageArray:
    return image_array(path, read_arrays(path))


@pytest.mark.parametrize("channels", [1, 3])
def test_every_tool_s_file_gives_the_same_images(tmp_path: Path, channels: int) -> None:
    images, labels = pixels(channels=channels), np.arange(6, dtype=np.int32)
    last = images.transpose(0, 2, 3, 1)
    np.savez(tmp_path / "own.npz", images=images)
    np.savez(tmp_path / "guided_diffusion.npz", last, labels)
    np.savez(tmp_path / "unlabelled.npz", last)
    np.save(tmp_path / "first.npy", images)
    np.save(tmp_path / "last.npy", last)
    for name in ("own.npz", "guided_diffusion.npz", "unlabelled.npz", "first.npy", "last.npy"):
        found = read(tmp_path / name)
        assert np.array_equal(found.images.numpy(), images), name
        assert (found.labels is None) == (name != "guided_diffusion.npz")
    found = read(tmp_path / "guided_diffusion.npz")
    assert found.labels is not None
    assert found.labels.tolist() == labels.tolist()


def test_what_is_no_set_of_images_is_refused_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "float.npz", images=pixels().astype(np.float32))
    np.save(tmp_path / "float.npy", pixels() / 255)
    np.savez(tmp_path / "wide.npz", images=pixels().astype(np.int64))
    np.savez(tmp_path / "named.npz", samples=pixels())
    np.savez(tmp_path / "none.npz", images=pixels()[:0])
    np.savez(tmp_path / "alpha.npz", images=pixels(channels=4))
    np.savez(tmp_path / "unclear.npz", images=pixels(channels=3, side=3))
    np.savez(tmp_path / "labels.npz", pixels(), np.eye(6))
    np.savez(
        tmp_path / "huge.npz", images=pixels(), labels=np.full(len(pixels()), 2**64 - 1, np.uint64)
    )
    np.savez(tmp_path / "objects.npz", images=np.array([{"a": 1}], dtype=object))
    (tmp_path / "text.npz").write_text("no")
    whole = (tmp_path / "named.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    for name, why in (
        ("float.npz", "scale them to .0, 255., round, clip and convert to uint8"),
        ("float.npy", "scale them to .0, 255., round, clip and convert to uint8"),
        ("wide.npz", "it must be uint8"),
        ("named.npz", "no array 'images' or 'arr_0'"),
        ("none.npz", "it must be uint8"),
        ("alpha.npz", "no axis has 1 or 3 channels"),
        ("unclear.npz", "both layouts fit"),
        ("labels.npz", "one integer per image"),
        ("huge.npz", "a label above"),
        ("objects.npz", "not an .npz or .npy file of plain numbers"),
        ("text.npz", "not an .npz or .npy file of plain numbers"),
        ("cut.npz", "not an .npz or .npy file of plain numbers"),
    ):
        with pytest.raises(UserError, match=why) as caught:
            read(tmp_path / name)
        assert name in str(caught.value)


@pytest.mark.parametrize("suffix", ["npz", "npy"])
def test_an_archive_in_disguise_is_not_unpickled(tmp_path: Path, suffix: str) -> None:
    """A pickle is refused before anything in it is run."""
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (marker,))

    content = io.BytesIO()
    np.save(content, np.array([Evil()], dtype=object), allow_pickle=True)
    path = tmp_path / f"evil.{suffix}"
    path.write_bytes(content.getvalue())
    if suffix == "npz":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("images.npy", content.getvalue())
    with pytest.raises(UserError, match="of plain numbers"):
        read(path)
    assert not marker.exists()


@pytest.mark.parametrize("count", [10**4, 10**9, 2**62])
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_header_that_claims_more_than_the_file_holds_takes_no_memory(
    tmp_path: Path, count: int, suffix: str
) -> None:
    """Up to 11 TiB and beyond: nothing of it becomes resident."""
    header = io.BytesIO()
    facts = {"descr": "|u1", "fortran_order": False, "shape": (count, 64, 64, 3)}
    np.lib.format.write_array_header_1_0(header, facts)
    content, path = header.getvalue() + bytes(1000), tmp_path / f"images{suffix}"
    if suffix == ".npy":
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("images.npy", content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match=r"of plain numbers|too large for the memory, or damaged"):
        read(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_what_does_not_fit_is_not_called_another_kind_of_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 9 TiB")

    (tmp_path / "images.npy").touch()
    monkeypatch.setattr(np, "load", full)
    with pytest.raises(UserError, match=r"images\.npy: too large for the memory, .*9 TiB"):
        read(tmp_path / "images.npy")
