"""SVHN: small real files on disk, complete, damaged and missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torchvision.datasets as published
from scipy.io import savemat

from ogan_bench.data import DATASETS
from ogan_bench.errors import UserError
from tests.unit.data.sources.published_files import md5


class TestSVHN:
    @pytest.fixture(params=[".", "svhn"])
    def folder(
        self, root: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> Path:
        """10 training images, labelled 1 to 10, and 1 test image."""
        folder: Path = root / request.param
        folder.mkdir(exist_ok=True)
        random = np.random.default_rng(0)
        table = {}
        for part, n in (("train", 10), ("test", 1)):
            path = folder / f"{part}_32x32.mat"
            pixels = random.integers(0, 256, (32, 32, 3, n), dtype=np.uint8)
            savemat(path, {"X": pixels, "y": np.arange(1, n + 1, dtype=np.uint8)[:, None]})
            table[part] = ["", path.name, md5(path)]
        monkeypatch.setattr(published.SVHN, "split_list", table)
        return folder

    def test_agrees_with_torchvision(self, folder: Path) -> None:
        ours = DATASETS["svhn"]()
        theirs = published.SVHN(folder, "train")
        assert np.array_equal(ours.train.images.numpy(), theirs.data)
        assert ours.train.known_labels.tolist() == theirs.labels.tolist()
        assert ours.train.known_labels.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
        assert (len(ours.test), ours.shape, ours.classes[0]) == (1, (3, 32, 32), "0")

    def test_a_damaged_or_missing_file_is_named(self, folder: Path) -> None:
        path = folder / "test_32x32.mat"
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(UserError, match=r"test_32x32\.mat: damaged or not the published"):
            DATASETS["svhn"]()
        path.unlink()
        with pytest.raises(UserError, match=r"test_32x32\.mat: missing next to"):
            DATASETS["svhn"]()
