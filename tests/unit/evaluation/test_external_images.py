"""Images from other tools: how they are read, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ogan_bench.data.base import resize
from ogan_bench.errors import UserError
from ogan_bench.evaluation.external_images import read_images, reference_dataset
from ogan_bench.evaluation.external_treatment import Asked
from tests.unit.evaluation.images_on_disk import pixels, save_folder

AT_16 = Asked(resize=16)

pytestmark = pytest.mark.usefixtures("_stores")


@pytest.mark.parametrize("channels", [1, 3])
def test_a_file_and_a_folder_give_the_same_pixels(tmp_path: Path, channels: int) -> None:
    images = pixels(channels=channels)
    np.savez(tmp_path / "x.npz", images=images)
    save_folder(tmp_path / "x", images)
    assert torch.equal(read_images(tmp_path / "x.npz").images, torch.from_numpy(images))
    assert torch.equal(read_images(tmp_path / "x").images, torch.from_numpy(images))


def test_one_image_in_colour_makes_the_folder_one_in_colour(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "x", pixels(n=3, channels=1))
    assert read_images(folder).images.shape == (3, 1, 16, 16)
    Image.fromarray(pixels(n=1)[0].transpose(1, 2, 0)).save(folder / "colour.png")
    assert read_images(folder).images.shape == (4, 3, 16, 16)


def test_what_is_no_set_of_images_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no PNG, JPEG, WebP, BMP, TIFF, GIF or AVIF image"):
        read_images(tmp_path / "empty")
    with pytest.raises(UserError, match=r"gone\.npz: no such file or folder"):
        read_images(tmp_path / "gone.npz")
    np.savez(tmp_path / "fitted.npz", mu=np.zeros(3), sigma=np.eye(3))
    with pytest.raises(UserError, match="--statistics-of"):
        read_images(tmp_path / "fitted.npz")


def test_sizes_must_be_one(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "x", pixels(n=2))
    Image.new("RGB", (17, 17)).save(folder / "odd.png")
    with pytest.raises(UserError, match=r"of one size.*odd\.png: 17 x 17"):
        read_images(folder)
    oblong = tmp_path / "oblong"
    oblong.mkdir()
    Image.new("RGB", (17, 16)).save(oblong / "a.png")
    with pytest.raises(UserError, match="17 x 16"):
        read_images(oblong)


def test_a_reference_has_the_resolution_of_the_images() -> None:
    images = torch.zeros(2, 1, 32, 32, dtype=torch.uint8)
    assert reference_dataset("digits", [], images).dataset.shape == (1, 32, 32)
    with pytest.raises(UserError, match=r"must be alike; how images are resized .*--resize"):
        reference_dataset("digits", ["resolution=16"], images)
    with pytest.raises(UserError, match="must be alike; one side is grey and the other in colour"):
        reference_dataset("digits", [], images.expand(-1, 3, -1, -1))
    with pytest.raises(UserError, match="Did you mean 'digits'"):
        reference_dataset("digit", [], images)
    with pytest.raises(UserError, match="points"):
        reference_dataset("ring", [], images)


def test_a_reference_obeys_the_rules_of_the_generated_set(tmp_path: Path) -> None:
    """It used to be squeezed to the size of the generated images without a word."""
    images = torch.from_numpy(pixels())
    for width, height in ((33, 17), (64, 64)):
        folder = tmp_path / f"{width}"
        folder.mkdir()
        Image.new("RGB", (width, height)).save(folder / "a.png")
        with pytest.raises(UserError, match=r"must be squares|must be alike"):
            reference_dataset(str(folder), [], images)
    Image.new("RGB", (32, 32)).save(tmp_path / "64" / "b.png")
    with pytest.raises(UserError, match=r"of one size.*--resize"):
        reference_dataset(str(tmp_path / "64"), [], images)


def test_splits_are_not_mixed_into_one_set(tmp_path: Path) -> None:
    """A reference used to be all images below its folder, held-out ones among them."""
    for split in ("train", "test"):
        save_folder(tmp_path / "set" / split, pixels(n=2))
    images = torch.from_numpy(pixels(n=2))
    readers: list[Callable[[Path], Tensor]] = [
        lambda folder: read_images(folder).images,
        lambda folder: reference_dataset(str(folder), [], images).dataset.train.images,
    ]
    for read in readers:
        with pytest.raises(UserError, match=r"set: test and train are named like splits, .*; name"):
            read(tmp_path / "set")
        assert len(read(tmp_path / "set" / "train")) == 2
    (tmp_path / "set" / "test").rename(tmp_path / "train_2")
    assert len(read_images(tmp_path / "set").images) == 2


def test_a_resize_is_for_both_sets_and_the_same_for_arrays_and_files(tmp_path: Path) -> None:
    images = pixels(side=32)
    np.savez(tmp_path / "x.npz", images=images)
    folder = save_folder(tmp_path / "x", images)
    array, files = (read_images(path, AT_16).images for path in (tmp_path / "x.npz", folder))
    assert torch.equal(array, files)
    assert array.shape == (6, 3, 16, 16)
    close = resize(torch.from_numpy(images), 16).int() - array.int()
    assert close.abs().max() <= 1  # torch's filter, rounded elsewhere
    assert reference_dataset(str(folder), [], array, AT_16).dataset.shape == (3, 16, 16)
    assert reference_dataset("digits", [], array[:, :1], AT_16).dataset.shape == (1, 16, 16)
    Image.new("RGB", (64, 64)).save(folder / "large.png")
    assert read_images(folder, AT_16).images.shape == (7, 3, 16, 16)
    Image.new("RGB", (33, 17)).save(folder / "oblong.png")
    with pytest.raises(UserError, match=r"must be squares \(oblong\.png: 33 x 17\); --crop"):
        read_images(folder, AT_16)
    np.save(tmp_path / "oblong.npy", images[:, :, :17])
    with pytest.raises(UserError, match=r"squares \(32 x 17\)"):
        read_images(tmp_path / "oblong.npy", AT_16)


def test_a_reference_file_keeps_its_labels(tmp_path: Path) -> None:
    images = pixels()
    labels = np.array([-3, 7, 10**12, -3, 7, 10**12])
    np.savez(tmp_path / "x.npz", images.transpose(0, 2, 3, 1), labels)
    dataset = reference_dataset(str(tmp_path / "x.npz"), [], torch.from_numpy(images)).dataset
    assert dataset.classes == ("-3", "7", "1000000000000")
    assert dataset.train.known_labels.tolist() == [0, 1, 2, 0, 1, 2]


def test_images_without_a_label_are_no_class(tmp_path: Path) -> None:
    """-1 used to be a class of that name; `parquet` refuses it until it is told what to do."""
    images, place = pixels(), str(tmp_path / "x.npz")
    np.savez(place, images=images, labels=[-1, 7, 5, -1, 7, 5])
    generated = torch.from_numpy(images)
    with pytest.raises(
        UserError, match=r"x\.npz: 2 images without a label.*-1 means: say --set un"
    ):
        reference_dataset(place, [], generated)
    found, done = reference_dataset(place, ["unlabelled=leave_out"], generated)
    assert found.classes == ("5", "7")
    assert found.train.known_labels.tolist() == [1, 0, 1, 0]
    assert torch.equal(found.train.images, generated[[1, 2, 4, 5]])
    assert done == "2 without a label left out"
    found, done = reference_dataset(place, ["label=none"], generated)
    assert (len(found.train), found.train.labels, found.classes) == (6, None, ())
    assert done == "label none"
    np.savez(place, images=images, labels=[-1] * 6)
    with pytest.raises(UserError, match=r"6 images without a label.*say --set label=none to"):
        reference_dataset(place, ["unlabelled=leave_out"], generated)
    for setting in ("label=labels", "alpha=white"):
        with pytest.raises(UserError, match=f"--set {setting}: .*a file takes label=none and unl"):
            reference_dataset(place, [setting], generated)
