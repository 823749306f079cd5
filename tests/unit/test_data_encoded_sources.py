"""Sources of encoded images: small true files of each form on disk, whole, damaged and missing."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import ClassVar

import lmdb
import pytest
import torch
from PIL import Image

from ogan_bench.data import DATASETS, Dataset
from ogan_bench.data.base import Split
from ogan_bench.errors import UserError


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OGAN_BENCH_DATA", str(tmp_path))
    monkeypatch.delenv("OGAN_BENCH_PREPARED", raising=False)
    return tmp_path


def flat(level: int, form: str = "PNG", size: tuple[int, int] = (12, 12)) -> bytes:
    """An image of one level of grey, which JPEG keeps too."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (level, level, level)).save(buffer, form, lossless=True)
    return buffer.getvalue()


def write(folder: Path, images: dict[str, bytes]) -> Path:
    for name, content in images.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def levels(split: Split) -> list[int]:
    """The level of every image, which tells which one it is."""
    assert (split.images == split.images[:, :1, :1, :1]).all()
    return split.images[:, 0, 0, 0].tolist()


class TestCelebA:
    """Image i (from 1) has the level 20 i, is of part PARTS[i - 1], and has attributes BITS."""

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
        for i in (2, 4, 5):  # the fourth is of the validation part
            (folder / "img_align_celeba" / f"{i:06d}.jpg").unlink()
        with pytest.raises(UserError, match=r"2 of 7 images are missing, the first is 000005\.jpg"):
            DATASETS["celeba"](resolution=16)

    def test_a_name_that_leads_out_of_the_folder_is_no_image(self, root: Path) -> None:
        folder = self.lay_out(root, "torchvision")
        write(root, {"secret.jpg": flat(9, "JPEG", (178, 218))})
        for path in folder.glob("list_*"):
            path.write_text(path.read_text().replace("000001.jpg", "../../secret.jpg"))
        with pytest.raises(UserError, match=r"1 of 7 images are missing.*\.\./secret\.jpg"):
            DATASETS["celeba"](resolution=16)

    def test_a_link_is_no_image(self, root: Path) -> None:
        images = self.lay_out(root, "torchvision") / "img_align_celeba"
        (images / "000001.jpg").rename(root / "secret.jpg")
        (images / "000001.jpg").symlink_to(root / "secret.jpg")
        with pytest.raises(UserError, match=r"1 of 7 images are missing.*000001\.jpg"):
            DATASETS["celeba"](resolution=16)

    def test_nothing_there(self, root: Path) -> None:
        with pytest.raises(UserError, match=r"CelebA is at none of .*/celeba,.*img_align_celeba"):
            DATASETS["celeba"]()


class TestFaces:
    @pytest.mark.parametrize("layout", ["images1024x1024/{:05d}/{:05d}.png", "{1:05d}.png"])
    def test_ffhq_is_split_by_number(self, root: Path, layout: str) -> None:
        numbers = [0, 7, 1000, 59_999, 60_000, 69_999]
        names = [layout.format(number // 1000 * 1000, number) for number in numbers]
        write(root / "ffhq", {name: flat(10 * i) for i, name in enumerate(names)})
        dataset = DATASETS["ffhq"](resolution=16)
        assert (levels(dataset.train), levels(dataset.test)) == ([0, 10, 20, 30], [40, 50])
        assert (dataset.classes, dataset.shape) == ((), (3, 16, 16))
        assert DATASETS["ffhq"](resolution=16, path="ffhq").hash == dataset.hash

    def test_ffhq_needs_both_splits_and_its_own_names(self, root: Path) -> None:
        write(root / "ffhq", {"00000.png": flat(0), "00001.png": flat(1)})
        with pytest.raises(UserError, match="2 images before number 60000 and 0 from there on"):
            DATASETS["ffhq"]()
        write(root / "ffhq", {"face.png": flat(0)})
        with pytest.raises(UserError, match=r"face\.png: FFHQ's files are called"):
            DATASETS["ffhq"]()

    def test_attributes_of_celeba_hq_are_read_where_they_are(self, root: Path) -> None:
        images = {f"{i}.jpg": flat(20 * i, "JPEG") for i in range(8)}
        write(root / "CelebAMask-HQ" / "CelebA-HQ-img", images)
        plain = DATASETS["celeba_hq"](resolution=16, test_every=4)
        assert (levels(plain.train), levels(plain.test)) == ([0, 20, 40, 80, 100, 120], [60, 140])
        assert (plain.attributes, plain.train.attributes) == ((), None)
        rows = [f"{i}.jpg  {1 if i % 2 else -1} {1 if i > 3 else -1}" for i in range(8)]
        text = "\n".join(["8", "Odd Large", *rows])
        write(root / "CelebAMask-HQ", {"CelebAMask-HQ-attribute-anno.txt": text.encode()})
        write(root / "CelebAMask-HQ" / "CelebA-HQ-img", {"1.jpg": b"damaged"})
        dataset = DATASETS["celeba_hq"](resolution=16, test_every=4, max_bad=1)
        assert dataset.attributes == ("Odd", "Large")
        for split in (dataset.train, dataset.test):
            numbers = [level // 20 for level in levels(split)]
            assert split.attributes is not None
            assert split.attributes.tolist() == [[i % 2 == 1, i > 3] for i in numbers]
        assert levels(dataset.train) == [0, 40, 80, 100, 120]

    def test_any_folder_can_be_named(self, root: Path) -> None:
        write(root / "mine", {f"{i}.png": flat(i) for i in range(10)})
        assert len(DATASETS["celeba_hq"](resolution=16, path="mine").test) == 1
        with pytest.raises(UserError, match=r"mine: 10 images; with test_every 11"):
            DATASETS["celeba_hq"](path="mine", test_every=11)

    @pytest.mark.parametrize(("name", "title"), [("celeba_hq", "CelebA-HQ"), ("ffhq", "FFHQ")])
    def test_nothing_there(self, name: str, title: str) -> None:
        with pytest.raises(UserError, match=rf"{title} is at none of .*https.*data\.path"):
            DATASETS[name]()
        with pytest.raises(UserError, match=rf"{title} is at none of [^,]*/here;"):
            DATASETS[name](path="here")


class TestLSUN:
    """Ten images; in the order of keys, image i has the level 20 i."""

    IMAGES: ClassVar = {
        f"{7 * i:040x}": flat(20 * i, "WEBP" if i % 2 else "JPEG", (20, 12)) for i in range(10)
    }

    def database(self, root: Path, images: dict[str, bytes] | None = None) -> Path:
        folder = root / "lsun" / "church_outdoor_train_lmdb"
        folder.mkdir(parents=True)
        with (
            lmdb.open(str(folder), map_size=1 << 24) as database,
            database.begin(write=True) as transaction,
        ):
            for key, value in reversed((images or self.IMAGES).items()):
                transaction.put(key.encode(), value)
        (folder / "lock.mdb").unlink()
        return folder

    def load(self, **parameters: object) -> Dataset:
        return DATASETS["lsun"](**{"resolution": 16, "test_every": 4, **parameters})

    def test_a_database_is_read_in_the_order_of_its_keys(self, root: Path) -> None:
        folder = self.database(root)
        dataset = self.load()
        assert levels(dataset.train) == [0, 20, 40, 80, 100, 120, 160, 180]
        assert levels(dataset.test) == [60, 140]
        assert (dataset.classes, dataset.train.labels) == ((), None)
        assert [path.name for path in folder.iterdir()] == ["data.mdb"], "nothing is written there"
        assert self.load().hash == dataset.hash

    def test_folders_of_images_hold_the_same(self, root: Path) -> None:
        self.database(root)
        expected = self.load()
        (root / "lsun").rename(root / "away")
        files = {
            f"{key}.{'webp' if i % 2 else 'jpg'}": content
            for i, (key, content) in enumerate(self.IMAGES.items())
        }
        write(root / "church_outdoor", files)
        assert self.load().hash == expected.hash

    def test_the_first_images_can_be_chosen(self, root: Path) -> None:
        self.database(root)
        few = self.load(images=5)
        assert (levels(few.train), levels(few.test)) == ([0, 20, 40, 80], [60])
        with pytest.raises(UserError, match="10 images, not 11"):
            self.load(images=11)

    def test_the_longer_side_is_cut(self, root: Path) -> None:
        buffer, wide = io.BytesIO(), Image.new("RGB", (36, 12))
        wide.paste((200, 200, 200), (12, 0, 24, 12))
        wide.save(buffer, "PNG")
        self.database(root, {**self.IMAGES, "0" * 40: buffer.getvalue()})
        assert (self.load().train.images[0] == 200).all()

    @pytest.mark.parametrize("pages", [0, 1, 2, -1])
    def test_a_truncated_database_is_named(self, root: Path, pages: int) -> None:
        file = self.database(root) / "data.mdb"
        with lmdb.open(str(file.parent), readonly=True, lock=False) as database:
            page = database.stat()["psize"]
        whole = file.read_bytes()
        file.write_bytes(whole[: pages * page if pages >= 0 else -1])
        with pytest.raises(UserError, match=r"data\.mdb: .*fetch it again"):
            self.load()

    def test_something_else_is_no_database(self, root: Path) -> None:
        file = self.database(root) / "data.mdb"
        file.write_bytes(b"x" * 20_000)
        with pytest.raises(UserError, match=r"data\.mdb: not a whole LMDB database"):
            self.load()
        file.unlink()
        with pytest.raises(UserError, match=r"data\.mdb: not a whole LMDB database"):
            self.load()

    def test_a_damaged_value_is_named_and_can_be_left_out(self, root: Path) -> None:
        key = list(self.IMAGES)[2]
        self.database(root, {**self.IMAGES, key: self.IMAGES[key][:40]})
        with pytest.raises(UserError, match=key):
            self.load()
        assert levels(self.load(max_bad=1).train) == [0, 20, 80, 100, 120, 160, 180]

    def test_nothing_there(self) -> None:
        with pytest.raises(UserError, match=r"LSUN's bedroom is at none of .*bedroom_train_lmdb"):
            self.load(category="bedroom")

    def test_without_the_library(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database(root)
        monkeypatch.setitem(sys.modules, "lmdb", None)
        with pytest.raises(UserError, match=r"needs the library lmdb: pip install 'ogan-bench\["):
            self.load()
