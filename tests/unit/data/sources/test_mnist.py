"""MNIST: small real files on disk, complete, damaged and missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision.datasets as published

from ogan_bench.data import DATASETS
from ogan_bench.errors import UserError
from tests.unit.data.sources.published_files import flip, idx, write_mnist


class TestMNIST:
    def test_plain_and_gzipped_files_hold_the_same(self, root: Path) -> None:
        folder = write_mnist(root)
        plain = DATASETS["mnist"](resolution=28)
        for path in folder.iterdir():
            path.unlink()
        write_mnist(root, packed=True)
        packed = DATASETS["mnist"](resolution=28)
        assert plain.hash == packed.hash
        assert (plain.shape, len(plain.train), len(plain.test)) == ((1, 28, 28), 30, 20)
        assert plain.test.known_labels.tolist() == [i % 10 for i in range(20)]
        expected = np.random.default_rng(0).integers(0, 256, (30, 28, 28))
        assert np.array_equal(plain.train.images[:, 0].numpy(), expected)
        assert DATASETS["mnist"]().shape == (1, 32, 32)

    def test_agrees_with_torchvision(self, root: Path) -> None:
        write_mnist(root)
        ours, theirs = DATASETS["mnist"](resolution=28), published.MNIST(root, train=False)
        assert torch.equal(ours.test.images[:, 0], theirs.data)
        assert torch.equal(ours.test.known_labels, theirs.targets)

    def test_a_label_is_part_of_the_hash(self, root: Path) -> None:
        folder = write_mnist(root)
        before = DATASETS["mnist"]().hash
        flip(folder / "train-labels-idx1-ubyte", 8, 5)
        assert DATASETS["mnist"]().hash != before

    @pytest.mark.parametrize("length", [0, 7, 16, 5000, -1])
    def test_a_truncated_file_is_named(self, root: Path, length: int) -> None:
        path = write_mnist(root) / "train-images-idx3-ubyte"
        path.write_bytes(path.read_bytes()[:length])
        with pytest.raises(UserError, match="train-images-idx3-ubyte: not a complete IDX file"):
            DATASETS["mnist"]()

    @pytest.mark.parametrize("damage", ["cut", "flipped"])
    def test_a_damaged_archive_is_named(self, root: Path, damage: str) -> None:
        path = write_mnist(root, packed=True) / "t10k-images-idx3-ubyte.gz"
        if damage == "cut":
            path.write_bytes(path.read_bytes()[:-100])
        else:
            content = path.read_bytes()
            path.write_bytes(content[:12] + bytes(200) + content[212:])
        with pytest.raises(UserError, match=r"t10k-images-idx3-ubyte\.gz: cannot be read"):
            DATASETS["mnist"]()

    def test_labels_that_do_not_match_are_named(self, root: Path) -> None:
        path = write_mnist(root) / "t10k-labels-idx1-ubyte"
        path.write_bytes(idx(np.arange(19) % 10))
        with pytest.raises(UserError, match="t10k-labels-idx1-ubyte: 19 labels for 20 images"):
            DATASETS["mnist"]()
        path.write_bytes(idx(np.arange(20)))
        with pytest.raises(UserError, match="t10k-labels-idx1-ubyte: label 10 is not one of"):
            DATASETS["mnist"]()


def test_what_torchvision_downloads_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published.MNIST, "download", lambda self: write_mnist(Path(self.root)))
    downloaded = DATASETS["mnist"]()
    monkeypatch.undo()
    monkeypatch.setenv("OGAN_BENCH_DATA", str(root))
    assert DATASETS["mnist"]().hash == downloaded.hash
