"""LSUN: small real databases on disk, complete, damaged and missing."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import ClassVar

import lmdb
import pytest
from PIL import Image

from ogan_bench.data import DATASETS, Dataset
from ogan_bench.errors import UserError
from tests.unit.data.sources.encoded_images import flat, levels, write

pytestmark = pytest.mark.usefixtures("root")


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
        return DATASETS["lsun"](**{"resolution": 12, "test_every": 4, **parameters})

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

    def test_folders_of_different_splits_are_not_mixed(self, root: Path) -> None:
        for split in ("train", "val"):
            images = {f"{i}.webp": image for i, image in enumerate(self.IMAGES.values())}
            write(root / "church_outdoor_train" / split, images)
        with pytest.raises(UserError, match="train and val are of different splits"):
            self.load()

    def test_the_first_images_can_be_chosen(self, root: Path) -> None:
        self.database(root)
        few = self.load(images=5)
        assert (levels(few.train), levels(few.test)) == ([0, 20, 40, 80], [60])
        with pytest.raises(UserError, match="10 images, not 11"):
            self.load(images=11)

    def test_the_longer_side_is_cropped(self, root: Path) -> None:
        buffer, wide = io.BytesIO(), Image.new("RGB", (36, 12))
        wide.paste((200, 200, 200), (12, 0, 24, 12))
        wide.save(buffer, "PNG")
        self.database(root, {**self.IMAGES, "0" * 40: buffer.getvalue()})
        cropped, squeezed = self.load(), self.load(crop="none")
        assert (cropped.train.images[0] == 200).all()
        assert (squeezed.train.images[0, :, :, 0] < 60).all()
        assert squeezed.hash != cropped.hash

    @pytest.mark.parametrize("pages", [0, 1, 2, -1])
    def test_a_truncated_database_is_named(self, root: Path, pages: int) -> None:
        file = self.database(root) / "data.mdb"
        with lmdb.open(str(file.parent), readonly=True, lock=False) as database:
            page = database.stat()["psize"]
        whole = file.read_bytes()
        file.write_bytes(whole[: pages * page if pages >= 0 else -1])
        with pytest.raises(UserError, match=r"data\.mdb: .*fetch it again"):
            self.load()

    def test_other_files_are_not_databases(self, root: Path) -> None:
        file = self.database(root) / "data.mdb"
        file.write_bytes(b"x" * 20_000)
        with pytest.raises(UserError, match=r"data\.mdb: not a complete LMDB database"):
            self.load()
        file.unlink()
        with pytest.raises(UserError, match=r"data\.mdb: not a complete LMDB database"):
            self.load()

    def test_a_damaged_value_is_named_and_can_be_left_out(self, root: Path) -> None:
        key = list(self.IMAGES)[2]
        self.database(root, {**self.IMAGES, key: self.IMAGES[key][:40]})
        with pytest.raises(UserError, match=key):
            self.load()
        assert levels(self.load(max_bad=1).train) == [0, 20, 80, 100, 120, 160, 180]

    def test_a_missing_dataset_is_named(self) -> None:
        with pytest.raises(UserError, match=r"LSUN's bedroom is in none of .*bedroom_train_lmdb"):
            self.load(category="bedroom")

    def test_a_missing_library_is_named(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database(root)
        monkeypatch.setitem(sys.modules, "lmdb", None)
        with pytest.raises(UserError, match=r"needs the library lmdb: pip install 'ogan-bench\["):
            self.load()
