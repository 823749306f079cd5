"""CelebA: small real files of each form on disk, complete, damaged and missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from ogan_bench.data import DATASETS
from ogan_bench.errors import UserError
from tests.unit.data.sources.encoded_images import flat, levels, write

pytestmark = pytest.mark.usefixtures("root")


class TestCelebA:
    """Image i (from 1) has the level 20 i, is in part PARTS[i - 1], and has attributes BITS."""

    PARTS = (0, 2, 0, 1, 0, 2, 0, 2)
    TITLES = ("Bald", "Smiling", "Young")

    def names(self) -> list[str]:
        return [f"{i:06d}.jpg" for i in range(1, 9)]

    def bits(self, i: int) -> list[int]:
        return [1 if i >> bit & 1 else -1 for bit in range(3)]

    def attributes(self, form: str) -> str:
        gap, rows = ("," if form == "csv" else "  "), []
        rows = [gap.join([name, *map(str, self.bits(i))]) for i, name in enumerate(self.names(), 1)]
        if form == "csv":
            return "\n".join([",".join(["image_id", *self.TITLES]), *rows]) + "\n"
        return "\r\n".join([str(len(rows)), " ".join(self.TITLES) + " ", *rows]) + "\r\n"

    def partition(self, form: str) -> str:
        gap = "," if form == "csv" else " "
        rows = [f"{name}{gap}{part}" for name, part in zip(self.names(), self.PARTS, strict=True)]
        return "\n".join((["image_id,partition"] if form == "csv" else []) + rows) + "\n"

    def lay_out(self, root: Path, layout: str) -> Path:
        form = "csv" if layout == "kaggle" else "txt"
        folder, images, notes, parts = {
            "torchvision": ("celeba", "img_align_celeba", ".", "."),
            "authors": ("CelebA", "Img/img_align_celeba", "Anno", "Eval"),
            "kaggle": ("celeba", "img_align_celeba/img_align_celeba", ".", "."),
        }[layout]
        write(
            root / folder / images,
            {name: flat(20 * i, "JPEG", (178, 218)) for i, name in enumerate(self.names(), 1)},
        )
        write(root / folder / notes, {f"list_attr_celeba.{form}": self.attributes(form).encode()})
        partition = self.partition(form).encode()
        write(root / folder / parts, {f"list_eval_partition.{form}": partition})
        return root / folder

    @pytest.mark.parametrize("layout", ["torchvision", "authors", "kaggle"])
    def test_every_layout_is_read(self, root: Path, layout: str) -> None:
        self.lay_out(root, layout)
        dataset = DATASETS["celeba"](resolution=16)
        assert (dataset.shape, dataset.attributes) == ((3, 16, 16), self.TITLES)
        assert (dataset.classes, dataset.train.labels) == ((), None)
        for split, numbers in ((dataset.train, [1, 3, 5, 7]), (dataset.test, [2, 6, 8])):
            assert levels(split) == [20 * i for i in numbers]
            assert split.attributes is not None
            assert split.attributes.tolist() == [
                [bit == 1 for bit in self.bits(i)] for i in numbers
            ]

    def test_attributes_stay_with_their_images_when_one_is_left_out(self, root: Path) -> None:
        folder = self.lay_out(root, "torchvision")
        whole = DATASETS["celeba"](resolution=16)
        (folder / "img_align_celeba" / "000003.jpg").write_bytes(b"no image")
        with pytest.raises(UserError, match=r"000003\.jpg"):
            DATASETS["celeba"](resolution=16)
        rest = DATASETS["celeba"](resolution=16, max_bad=1)
        kept = torch.tensor([0, 2, 3])
        assert levels(rest.train) == [20, 100, 140]
        assert whole.train.attributes is not None
        assert rest.train.attributes is not None
        assert torch.equal(rest.train.attributes, whole.train.attributes[kept])
        assert rest.hash != whole.hash

    def test_an_attribute_is_part_of_the_hash(self, root: Path) -> None:
        path = self.lay_out(root, "torchvision") / "list_attr_celeba.txt"
        before = DATASETS["celeba"](resolution=16).hash
        path.write_text(path.read_text().replace("000001.jpg  1", "000001.jpg  -1"))
        assert DATASETS["celeba"](resolution=16).hash != before

    def test_crop_size_cuts_the_centre_and_0_squeezes(self, root: Path) -> None:
        images = self.lay_out(root, "torchvision") / "img_align_celeba"
        framed = Image.new("RGB", (178, 218), (0, 0, 0))
        framed.paste((200, 200, 200), (35, 55, 35 + 108, 55 + 108))
        framed.save(images / "000001.jpg", quality=100)
        inner = DATASETS["celeba"](resolution=16, crop_size=108).train.images[0]
        assert (inner.float() - 200).abs().max() < 4
        for crop_size in (178, 0):
            outer = DATASETS["celeba"](resolution=16, crop_size=crop_size).train.images[0]
            assert outer[:, 0].max() < 4
            share = 108**2 / (178 * (crop_size or 218))
            assert outer.float().mean() == pytest.approx(200 * share, abs=2)

    @pytest.mark.parametrize(
        ("file", "old", "new", "message"),
        [
            ("list_attr_celeba.txt", "8\r\n", "9\r\n", "8 images instead of 9"),
            ("list_attr_celeba.txt", "-1  1\r\n", "-1\r\n", r"\.jpg: 2 values instead of 3"),
            ("list_attr_celeba.txt", "000008.jpg", "000009.jpg", r"no line for 000008\.jpg"),
            ("list_attr_celeba.txt", " -1 ", " -15 ", "a value is neither 1 nor -1"),
            ("list_eval_partition.txt", "000008.jpg 2\n", "", "8 images, but 7 in"),
            ("list_eval_partition.txt", "000008.jpg 2", "000008.jpg 3", "in part 3, not 0, 1 or 2"),
            ("list_eval_partition.txt", "000008.jpg 2", "000008.jpg", "0 values instead of 1"),
            ("list_eval_partition.txt", " 2", " 1", "needs both training"),
        ],
    )
    def test_annotations_that_do_not_match_are_named(
        self, root: Path, file: str, old: str, new: str, message: str
    ) -> None:
        path = self.lay_out(root, "torchvision") / file
        text = path.read_bytes().decode()
        assert old in text
        path.write_bytes(text.replace(old, new).encode())
        with pytest.raises(UserError, match=message) as caught:
            DATASETS["celeba"](resolution=16)
        assert str(path) in str(caught.value)

    @pytest.mark.parametrize("file", ["list_attr_celeba.txt", "list_eval_partition.txt"])
    def test_empty_and_missing_annotations_are_named(self, root: Path, file: str) -> None:
        path = self.lay_out(root, "torchvision") / file
        path.write_text("\n")
        with pytest.raises(UserError, match=rf"{file}: empty"):
            DATASETS["celeba"](resolution=16)
        path.unlink()
        with pytest.raises(UserError, match=rf"none of {file}"):
            DATASETS["celeba"](resolution=16)

    def test_missing_images_are_counted(self, root: Path) -> None:
        folder = self.lay_out(root, "torchvision")
        for i in (2, 4, 5):  # the fourth is in the validation part
            (folder / "img_align_celeba" / f"{i:06d}.jpg").unlink()
        with pytest.raises(UserError, match=r"2 of 7 images are missing, the first is 000005\.jpg"):
            DATASETS["celeba"](resolution=16)

    def test_a_name_outside_the_folder_is_not_an_image(self, root: Path) -> None:
        folder = self.lay_out(root, "torchvision")
        write(root, {"secret.jpg": flat(9, "JPEG", (178, 218))})
        for path in folder.glob("list_*"):
            path.write_text(path.read_text().replace("000001.jpg", "../../secret.jpg"))
        with pytest.raises(UserError, match=r"1 of 7 images are missing.*\.\./secret\.jpg"):
            DATASETS["celeba"](resolution=16)

    def test_a_link_is_not_an_image(self, root: Path) -> None:
        images = self.lay_out(root, "torchvision") / "img_align_celeba"
        (images / "000001.jpg").rename(root / "secret.jpg")
        (images / "000001.jpg").symlink_to(root / "secret.jpg")
        with pytest.raises(UserError, match=r"1 of 7 images are missing.*000001\.jpg"):
            DATASETS["celeba"](resolution=16)

    def test_a_missing_dataset_is_named(self, root: Path) -> None:
        with pytest.raises(UserError, match=r"CelebA is in none of .*/celeba,.*img_align_celeba"):
            DATASETS["celeba"]()
