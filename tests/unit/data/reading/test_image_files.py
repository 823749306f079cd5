"""Which files of a folder are images: no image is left out without a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ogan_bench.data.prepared.decoding import Recipe, decode
from ogan_bench.data.prepared.survey import survey
from ogan_bench.data.prepared.treatment import UnusableError
from ogan_bench.data.reading.image_files import OTHER_IMAGES, SUFFIXES, ImageFiles, find_images
from ogan_bench.errors import UserError

NO_IMAGES = {".pdf", ".mpg", ".mpeg", ".h5", ".hdf", ".bufr", ".grib"}
"""Documents, videos and tables that Pillow's registry has, most of them as stubs."""
REGISTERED = sorted(set(Image.registered_extensions()) - NO_IMAGES)
RAW_AND_NEW = [".cr3", ".dng", ".nef", ".raf", ".heic", ".jxl", ".jxr", ".hdr", ".exr", ".svg"]


@pytest.mark.parametrize("suffix", [*REGISTERED, *RAW_AND_NEW])
def test_every_kind_of_image_is_read_or_refused_by_name(tmp_path: Path, suffix: str) -> None:
    name = f"IMG_1{suffix.upper()}"
    (tmp_path / "within").mkdir()
    (tmp_path / "within" / name).touch()
    if suffix in SUFFIXES:
        assert find_images(tmp_path) == [f"within/{name}"]
    else:
        kind = suffix[1:].upper()
        with pytest.raises(UserError, match=rf"{name}: {kind} files are not read; convert it"):
            find_images(tmp_path)


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "bmp", "tiff", "webp", "avif"])
def test_an_image_without_a_suffix_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    (tmp_path / "LICENSE").write_text("Be kind.")
    (tmp_path / "empty").touch()
    assert find_images(tmp_path) == []
    Image.new("RGB", (9, 9)).save(tmp_path / "0001", kind)
    with pytest.raises(UserError, match="0001: an image without a suffix is not read; name it"):
        find_images(tmp_path)


def test_no_suffix_is_both() -> None:
    assert not set(SUFFIXES) & set(OTHER_IMAGES)
    assert not any(suffix.endswith(SUFFIXES) for suffix in OTHER_IMAGES)
    assert len(set(OTHER_IMAGES)) == len(OTHER_IMAGES)


def test_files_of_one_picture_are_read_whatever_they_are_called(tmp_path: Path) -> None:
    flat = Image.new("RGB", (9, 9), (200, 200, 200))
    flat.save(tmp_path / "a.apng", "PNG")
    flat.save(tmp_path / "b.dib")
    preview = Image.new("RGB", (9, 9))
    flat.save(tmp_path / "c.mpo", save_all=True, append_images=[preview])
    files = ImageFiles(tmp_path, find_images(tmp_path))
    assert files.names == ["a.apng", "b.dib", "c.mpo"]
    for i in range(3):
        pixels = decode(files.read(i), Recipe(8, "refuse", None, 3)).pixels
        assert np.abs(pixels.astype(int) - 200).max() <= 1
    assert survey(files).unusable == {}  # `init` takes them too
    flat.save(tmp_path / "a.apng", "PNG", save_all=True, append_images=[preview])
    with pytest.raises(UnusableError, match="2 frames: animated"):
        decode(files.read(0), Recipe(8, "refuse", None, 3))
    assert list(survey(files).unusable) == ["a.apng"]
