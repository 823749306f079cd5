"""What a folder's images are like, and what must happen to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ogan_bench.data.prepared.survey import survey
from ogan_bench.data.reading.image_files import ImageFiles, find_images

GREY = np.full((20, 30), 128, dtype=np.uint8)


def files(folder: Path) -> ImageFiles:
    return ImageFiles(folder, find_images(folder))


def test_plain_squares_need_nothing(tmp_path: Path) -> None:
    for i in range(3):
        Image.fromarray(GREY[:, :20]).save(tmp_path / f"{i}.png")
    found = survey(files(tmp_path))
    assert (found.looked_at, found.side, found.square, found.grey) == (3, 20, True, True)
    assert (found.treatment, found.unusable) == ({}, {})


def test_each_need_is_found_once_and_the_damaged_are_named(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    Image.fromarray(np.dstack([GREY] * 4)).save(tmp_path / "b.png")  # half transparent
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(GREY).save(tmp_path / "c.jpg", exif=exif)
    Image.fromarray(GREY.astype(np.uint16) * 256).save(tmp_path / "d.png")
    (tmp_path / "e.png").write_bytes(b"no image")
    found = survey(files(tmp_path))
    assert found.treatment == {"alpha": "white", "orientation": "apply", "depth": "reduce"}
    assert found.square is False
    assert list(found.unusable) == ["e.png"]


def test_grey_is_what_the_pixels_are_not_the_file(tmp_path: Path) -> None:
    """RGB of three equal bands is grey, and one coloured image among many is enough."""
    Image.fromarray(GREY).convert("RGB").save(tmp_path / "a.jpg")
    assert survey(files(tmp_path)).grey
    Image.new("RGB", (20, 20), (128, 128, 140)).save(tmp_path / "b.png")
    assert not survey(files(tmp_path)).grey


def test_images_are_looked_at_over_the_whole_folder(tmp_path: Path) -> None:
    for i in range(10):
        Image.fromarray(GREY[: 10 + i, :20]).save(tmp_path / f"{i}.png")
    found = survey(files(tmp_path), most=4)
    assert found.looked_at == 4  # 0, 3, 6, 9
    assert (found.side, found.smallest) == (14.5, 10)


def test_no_usable_image_has_no_side(tmp_path: Path) -> None:
    (tmp_path / "e.png").write_bytes(b"no image")
    assert survey(files(tmp_path)).side == 0
