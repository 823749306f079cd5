"""STL-10: small real files on disk, complete, damaged and missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torchvision.datasets as published

from ogan_bench.data import DATASETS
from ogan_bench.errors import UserError
from tests.unit.data.sources.published_files import md5


class TestSTL10:
    @pytest.fixture
    def folder(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """10 training images, labelled 1 to 10, 3 test images and 1 without a label."""
        folder = root / "stl10_binary"
        folder.mkdir()
        random = np.random.default_rng(0)
        for part, n in (("train", 10), ("test", 3), ("unlabeled", 1)):
            pixels = random.integers(0, 256, (n, 3, 96, 96), dtype=np.uint8)
            (folder / f"{part}_X.bin").write_bytes(pixels.tobytes())
            if part != "unlabeled":
                labels = np.arange(1, n + 1, dtype=np.uint8)
                (folder / f"{part}_y.bin").write_bytes(labels.tobytes())
        for table in ("train_list", "test_list"):
            sums = [[name, md5(folder / name)] for name, _ in getattr(published.STL10, table)]
            monkeypatch.setattr(published.STL10, table, sums)
        return folder

    def test_agrees_with_torchvision(self, root: Path, folder: Path) -> None:
        ours = DATASETS["stl10"](resolution=96)
        for split, part in ((ours.train, "train"), (ours.test, "test")):
            theirs = published.STL10(root, part)
            assert np.array_equal(split.images.numpy(), theirs.data)
            assert split.known_labels.tolist() == theirs.labels.tolist()
        assert ours.train.known_labels.tolist() == list(range(10))
        assert DATASETS["stl10"]().shape == (3, 64, 64)

    def test_the_large_file_without_labels_may_be_missing(self, folder: Path) -> None:
        before = DATASETS["stl10"]().hash
        (folder / "unlabeled_X.bin").unlink()
        assert DATASETS["stl10"]().hash == before

    @pytest.mark.parametrize("name", ["train_X.bin", "test_y.bin"])
    def test_a_damaged_or_missing_file_is_named(self, folder: Path, name: str) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(UserError, match=rf"{name}: damaged or not the published"):
            DATASETS["stl10"]()
        path.unlink()
        with pytest.raises(UserError, match=rf"{name}: missing next to"):
            DATASETS["stl10"]()
