"""Images from other tools: how they are read, and what is refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ogan_bench.errors import UserError
from ogan_bench.evaluation.external_images import read_images, reference_dataset
from tests.unit.evaluation.images_on_disk import pixels, save_folder

pytestmark = pytest.mark.usefixtures("_stores")


@pytest.mark.parametrize("channels", [1, 3])
def test_a_file_and_a_folder_give_the_same_pixels(tmp_path: Path, channels: int) -> None:
    images = pixels(channels=channels)
    np.savez(tmp_path / "x.npz", images=images)
    save_folder(tmp_path / "x", images)
    assert torch.equal(read_images(tmp_path / "x.npz"), torch.from_numpy(images))
    assert torch.equal(read_images(tmp_path / "x"), torch.from_numpy(images))


def test_one_image_in_colour_makes_the_folder_one_in_colour(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "x", pixels(n=3, channels=1))
    assert read_images(folder).shape == (3, 1, 16, 16)
    Image.fromarray(pixels(n=1)[0].transpose(1, 2, 0)).save(folder / "colour.png")
    assert read_images(folder).shape == (4, 3, 16, 16)


def test_what_is_no_set_of_images_is_refused_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "float.npz", images=pixels().astype(np.float32))
    np.savez(tmp_path / "last.npz", images=pixels().transpose(0, 2, 3, 1))
    np.savez(tmp_path / "named.npz", samples=pixels())
    np.savez(tmp_path / "objects.npz", images=np.array([{"a": 1}], dtype=object))
    (tmp_path / "text.npz").write_text("no")
    whole = (tmp_path / "named.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty").mkdir()
    for name, why in (
        ("float.npz", "it must be uint8"),
        ("last.npz", "it must be uint8"),
        ("named.npz", "no array 'images'"),
        ("objects.npz", "not an .npz file of plain numbers"),
        ("text.npz", "not an .npz file of plain numbers"),
        ("cut.npz", "not an .npz file of plain numbers"),
        ("gone.npz", "no such file or folder"),
        ("empty", "no PNG, JPEG or WebP file"),
    ):
        with pytest.raises(UserError, match=why) as caught:
            read_images(tmp_path / name)
        assert name in str(caught.value)


def test_sizes_must_be_one(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "x", pixels(n=2))
    Image.new("RGB", (17, 17)).save(folder / "odd.png")
    with pytest.raises(UserError, match=r"squares of one size.*odd\.png: 17 x 17"):
        read_images(folder)
    oblong = tmp_path / "oblong"
    oblong.mkdir()
    Image.new("RGB", (17, 16)).save(oblong / "a.png")
    with pytest.raises(UserError, match="17 x 16"):
        read_images(oblong)


def test_a_reference_has_the_resolution_of_the_images() -> None:
    images = torch.zeros(2, 1, 32, 32, dtype=torch.uint8)
    assert reference_dataset("digits", [], images).shape == (1, 32, 32)
    with pytest.raises(UserError, match="must be alike"):
        reference_dataset("digits", ["resolution=16"], images)
    with pytest.raises(UserError, match="must be alike"):
        reference_dataset("digits", [], images.expand(-1, 3, -1, -1))
    with pytest.raises(UserError, match="Did you mean 'digits'"):
        reference_dataset("digit", [], images)
    with pytest.raises(UserError, match="points"):
        reference_dataset("ring", [], images)


def test_an_archive_in_disguise_is_not_unpickled(tmp_path: Path) -> None:
    """An .npz member that holds a pickle is refused before anything in it is run."""
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (marker,))

    content = io.BytesIO()
    np.save(content, np.array([Evil()], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "evil.npz", "w") as archive:
        archive.writestr("images.npy", content.getvalue())
    with pytest.raises(UserError, match=r"not an \.npz file"):
        read_images(tmp_path / "evil.npz")
    assert not marker.exists()
