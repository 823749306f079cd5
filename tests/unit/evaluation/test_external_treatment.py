"""What becomes of images that would change on the way in, on both sides, and what rows say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from ogan_bench.errors import StudyError, UserError
from ogan_bench.evaluation.external_images import check_has_meaning, read_images, reference_dataset
from ogan_bench.evaluation.external_treatment import Asked, asked, treatment_note
from tests.unit.evaluation.images_on_disk import pixels

pytestmark = pytest.mark.usefixtures("_stores")


def told(**options: object) -> Asked:
    resize: Any = options.pop("resize", None)
    return asked(resize, options)


def odd_folder(folder: Path, kind: str) -> Path:
    """One plain black image, and one that would change."""
    folder.mkdir()
    Image.new("RGB", (16, 16)).save(folder / "plain.png")
    if kind == "crop":
        Image.new("RGB", (32, 16)).save(folder / "odd.png")
    elif kind == "alpha":
        Image.new("RGBA", (16, 16)).save(folder / "odd.png")
    elif kind == "orientation":
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = 3
        Image.new("RGB", (16, 16)).save(folder / "odd.png", exif=exif)
    elif kind == "profile":
        Image.new("CMYK", (16, 16), (0, 0, 0, 255)).save(folder / "odd.jpg")
    elif kind == "depth":
        Image.fromarray(np.zeros((16, 16), np.uint16)).save(folder / "odd.png")
    else:
        (folder / "odd.png").write_bytes(b"damaged")
    return folder


@pytest.mark.parametrize(
    ("kind", "value", "n"),
    [
        ("crop", "centre", 2), ("alpha", "white", 2), ("orientation", "apply", 2),
        ("profile", "ignore", 2), ("depth", "reduce", 2), ("max_bad", 1, 1),
    ],
)  # fmt: skip
def test_each_change_is_refused_or_made_and_stated_on_both_sides(
    tmp_path: Path, kind: str, value: object, n: int
) -> None:
    folder = odd_folder(tmp_path / "set", kind)
    plain = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    how = told(**{kind: value})
    for read in (
        lambda *asked: read_images(folder, *asked),
        lambda *asked: reference_dataset(str(folder), [], plain, *asked),
    ):
        with pytest.raises(UserError) as refused:
            read()
        message = str(refused.value)
        assert message.startswith(f"{folder}: ")
        assert "odd." in message
        assert f"--{kind.replace('_', '-')}" in message
        done = read(how).treatment
        assert done.startswith(f"{kind} {value}")
        assert ("1 unusable left out" in done) == (n == 1)
    images = read_images(folder, how).images
    assert images.shape == (n, 3, 16, 16)
    assert images[0].max() == (255 if kind == "alpha" else 0)  # "odd" comes before "plain"


def test_a_squeeze_needs_a_size(tmp_path: Path) -> None:
    folder = odd_folder(tmp_path / "set", "crop")
    with pytest.raises(UserError, match=r"--crop none squeezes images \(odd\.png: 32 x 16\); say"):
        read_images(folder, told(crop="none"))
    found = read_images(folder, told(crop="none", resize=8))
    assert found.images.shape == (2, 3, 8, 8)
    assert found.treatment == "crop none, resized to 8 x 8 (bilinear, antialiased)"


def test_arrays_are_cropped_like_files(tmp_path: Path) -> None:
    images = pixels(side=16)[:, :, :, 4:12]  # 8 wide, 16 high
    np.save(tmp_path / "x.npy", images)
    (tmp_path / "x").mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image.transpose(1, 2, 0)).save(tmp_path / "x" / f"{i}.png")
    for options in ({"crop": "centre"}, {"crop": "none", "resize": 8}):
        array, files = (read_images(tmp_path / name, told(**options)) for name in ("x.npy", "x"))
        assert torch.equal(array.images, files.images)
        assert array.treatment == files.treatment
    assert torch.equal(
        read_images(tmp_path / "x", told(crop="centre")).images,
        torch.from_numpy(images[:, :, 4:12]),
    )


def test_a_dataset_of_the_catalogue_is_treated_alike_unless_it_is_set_otherwise(
    tmp_path: Path,
) -> None:
    folder = odd_folder(tmp_path / "set", "alpha")
    plain = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    place = [f"path={folder}", "test_every=2"]

    def found(*settings: str, **options: object) -> tuple[str, int]:
        reference = reference_dataset("image_folder", [*place, *settings], plain, told(**options))
        return reference.treatment, int(reference.dataset.train.images.max())

    assert found("alpha=white") == ("resolution 16, alpha white, test_every 2", 255)
    assert found(alpha="grey", max_bad=1) == (
        "resolution 16, alpha grey, test_every 2, max_bad 1",
        128,
    )
    assert found("alpha=white", alpha="black") == ("resolution 16, alpha white, test_every 2", 255)
    with pytest.raises(UserError, match=r"odd\.png: transparent \(alpha: "):
        found()


def test_what_changes_nothing_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", pixels())
    (tmp_path / "x").mkdir()
    array, folder = tmp_path / "x.npy", tmp_path / "x"
    with pytest.raises(UserError, match="--max-bad is for image files"):
        check_has_meaning(told(max_bad=1), [array], "digits")
    for generated, reference in ((folder, "digits"), (array, str(folder)), (array, "parquet")):
        check_has_meaning(told(alpha="white", max_bad=1), [generated], reference)
    check_has_meaning(told(crop="centre", resize=8), [array], "digits")


def test_values_are_those_of_datasets_and_named_as_options() -> None:
    with pytest.raises(StudyError, match=re.escape("--alpha: unknown value 'pink'. Known: ")):
        told(alpha="pink")
    with pytest.raises(StudyError, match="--max-bad: Input should be greater"):
        told(max_bad=-1)


def test_a_note_names_the_side_where_they_differ() -> None:
    assert treatment_note("", "") == ""
    assert treatment_note("crop centre", "crop centre") == "images of both sides: crop centre"
    assert treatment_note("", "crop none") == "reference images: crop none"
