"""Folders of faces: small real files on disk, complete, damaged and missing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ogan_bench.data import DATASETS
from ogan_bench.errors import UserError
from tests.unit.data.sources.encoded_images import flat, levels, write

pytestmark = pytest.mark.usefixtures("root")


class TestFaces:
    @pytest.mark.parametrize("layout", ["images1024x1024/{:05d}/{:05d}.png", "{1:05d}.png"])
    def test_ffhq_is_split_by_number(self, root: Path, layout: str) -> None:
        numbers = [0, 7, 1000, 59_999, 60_000, 69_999]
        names = [layout.format(number // 1000 * 1000, number) for number in numbers]
        write(root / "ffhq", {name: flat(10 * i) for i, name in enumerate(names)})
        dataset = DATASETS["ffhq"](resolution=12)
        assert (levels(dataset.train), levels(dataset.test)) == ([0, 10, 20, 30], [40, 50])
        assert (dataset.classes, dataset.shape) == ((), (3, 12, 12))
        assert DATASETS["ffhq"](resolution=12, path="ffhq").hash == dataset.hash

    def test_ffhq_needs_both_splits_and_its_own_names(self, root: Path) -> None:
        write(root / "ffhq", {"00000.png": flat(0), "00001.png": flat(1)})
        with pytest.raises(UserError, match="2 images before number 60000 and 0 from there on"):
            DATASETS["ffhq"]()
        write(root / "ffhq", {"face.png": flat(0)})
        with pytest.raises(UserError, match=r"face\.png: FFHQ's files are called"):
            DATASETS["ffhq"]()

    def test_attributes_of_celeba_hq_are_read_if_present(self, root: Path) -> None:
        images = {f"{i}.jpg": flat(20 * i, "JPEG") for i in range(8)}
        write(root / "CelebAMask-HQ" / "CelebA-HQ-img", images)
        plain = DATASETS["celeba_hq"](resolution=12, test_every=4)
        assert (levels(plain.train), levels(plain.test)) == ([0, 20, 40, 80, 100, 120], [60, 140])
        assert (plain.attributes, plain.train.attributes) == ((), None)
        rows = [f"{i}.jpg  {1 if i % 2 else -1} {1 if i > 3 else -1}" for i in range(8)]
        text = "\n".join(["8", "Odd Large", *rows])
        write(root / "CelebAMask-HQ", {"CelebAMask-HQ-attribute-anno.txt": text.encode()})
        write(root / "CelebAMask-HQ" / "CelebA-HQ-img", {"1.jpg": b"damaged"})
        dataset = DATASETS["celeba_hq"](resolution=12, test_every=4, max_bad=1)
        assert dataset.attributes == ("Odd", "Large")
        for split in (dataset.train, dataset.test):
            numbers = [level // 20 for level in levels(split)]
            assert split.attributes is not None
            assert split.attributes.tolist() == [[i % 2 == 1, i > 3] for i in numbers]
        assert levels(dataset.train) == [0, 40, 80, 100, 120]

    @pytest.mark.parametrize("name", ["celeba_hq", "ffhq"])
    def test_photographs_are_squeezed_or_cropped(self, root: Path, name: str) -> None:
        images = {f"{i:05d}.png": flat(i) for i in (0, 1, 60_000, 60_001)}
        buffer, wide = io.BytesIO(), Image.new("RGB", (36, 12))
        wide.paste((200, 200, 200), (12, 0, 24, 12))
        wide.save(buffer, "PNG")
        write(root / "mine", {**images, "00000.png": buffer.getvalue()})
        given: dict[str, Any] = {"path": "mine", "resolution": 12}
        if name == "celeba_hq":
            given["test_every"] = 2
        squeezed, cropped = DATASETS[name](**given), DATASETS[name](**given, crop="centre")
        assert (squeezed.train.images[0, :, :, 0] < 60).all()
        assert (cropped.train.images[0] == 200).all()

    def test_folders_of_different_splits_are_not_mixed(self, root: Path) -> None:
        write(root / "hq" / "train", {f"{i}.png": flat(i) for i in range(10)})
        write(root / "hq" / "val", {f"{i}.png": flat(i + 20) for i in range(5)})
        with pytest.raises(UserError, match="train and val are of different splits"):
            DATASETS["celeba_hq"](resolution=12, path="hq")
        assert len(DATASETS["celeba_hq"](resolution=12, path="hq/train").train) == 9
        write(root / "ffhq" / "train", {"00000.png": flat(0)})
        write(root / "ffhq" / "val", {"60000.png": flat(1)})
        with pytest.raises(UserError, match="train and val are of different splits"):
            DATASETS["ffhq"](resolution=12)

    def test_what_was_done_to_photographs_and_what_they_repeat_is_told(self, root: Path) -> None:
        """A published dataset is what it is; whoever reads its numbers has to know."""
        write(root / "hq", {f"{i}.png": flat(i % 9) for i in range(10)})
        write(root / "hq", {"0.png": b"damaged"})
        dataset = DATASETS["celeba_hq"](resolution=12, path="hq", max_bad=1, test_every=10)
        assert dataset.treatment == "crop none, 1 unusable left out"
        write(root / "hq", {"0.png": flat(0)})
        repeated = DATASETS["celeba_hq"](resolution=12, path="hq", crop="centre")
        assert repeated.treatment == ("crop centre, 1 test image is also among the training images")

    def test_any_folder_can_be_named(self, root: Path) -> None:
        write(root / "mine", {f"{i}.png": flat(i) for i in range(10)})
        assert len(DATASETS["celeba_hq"](resolution=12, path="mine").test) == 1
        with pytest.raises(UserError, match=r"mine: 10 images, too few for test_every 11"):
            DATASETS["celeba_hq"](path="mine", test_every=11)

    @pytest.mark.parametrize(("name", "title"), [("celeba_hq", "CelebA-HQ"), ("ffhq", "FFHQ")])
    def test_a_missing_dataset_is_named(self, name: str, title: str) -> None:
        with pytest.raises(UserError, match=rf"{title} is in none of .*https.*data\.path"):
            DATASETS[name]()
        with pytest.raises(UserError, match=rf"{title} is in none of [^,]*/here;"):
            DATASETS[name](path="here")
