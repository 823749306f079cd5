"""Fashion-MNIST, and damaged files of it."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from ogan_bench.data import DATASETS
from ogan_bench.data.sources.fashion_mnist import DEBIAN
from ogan_bench.errors import UserError


def write_idx(path: Path, array: np.ndarray, *, packed: bool) -> None:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    content = header + array.astype(np.uint8).tobytes()
    if packed:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(content))
    else:
        path.write_bytes(content)


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small Fashion-MNIST in torchvision's layout, half of it gzipped."""
    folder = tmp_path / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for prefix, n in (("train", 30), ("t10k", 20)):
        packed = prefix == "train"
        images = random.integers(0, 256, (n, 28, 28))
        write_idx(folder / f"{prefix}-images-idx3-ubyte", images, packed=packed)
        write_idx(folder / f"{prefix}-labels-idx1-ubyte", np.arange(n) % 10, packed=packed)
    monkeypatch.setenv("OGAN_BENCH_DATA", str(tmp_path))
    return folder


def test_fashion_mnist_reads_torchvisions_layout(raw: Path) -> None:
    dataset = DATASETS["fashion_mnist"](resolution=28)
    assert (len(dataset.train), len(dataset.test)) == (30, 20)
    assert dataset.test.known_labels.tolist() == [i % 10 for i in range(20)]
    expected = np.random.default_rng(0).integers(0, 256, (30, 28, 28))
    assert np.array_equal(dataset.train.images[:, 0].numpy(), expected)
    assert DATASETS["fashion_mnist"](resolution=32).shape == (1, 32, 32)


@pytest.mark.skipif(not DEBIAN.exists(), reason="Debian's dataset-fashion-mnist is not installed")
def test_fashion_mnist_of_debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGAN_BENCH_DATA", str(tmp_path))
    dataset = DATASETS["fashion_mnist"](resolution=28)
    assert (len(dataset.train), len(dataset.test)) == (60_000, 10_000)
    assert torch.bincount(dataset.train.known_labels).tolist() == [6000] * 10


def test_truncated_file_is_named(raw: Path) -> None:
    path = raw / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="t10k-images-idx3-ubyte: not a complete IDX file"):
        DATASETS["fashion_mnist"](resolution=28)


def test_damaged_archive_is_named(raw: Path) -> None:
    path = raw / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"train-labels-idx1-ubyte\.gz: cannot be read"):
        DATASETS["fashion_mnist"](resolution=28)


def test_a_missing_file_is_named(raw: Path) -> None:
    (raw / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(UserError, match="no t10k-labels-idx1-ubyte"):
        DATASETS["fashion_mnist"](resolution=28)


def test_without_disk_and_network_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("no network")

    monkeypatch.setenv("OGAN_BENCH_DATA", str(tmp_path))
    is_file = Path.is_file
    monkeypatch.setattr(Path, "is_file", lambda path: path.parent != DEBIAN and is_file(path))
    monkeypatch.setattr("torchvision.datasets.FashionMNIST.__init__", refuse)
    with pytest.raises(UserError, match="Install Debian's package dataset-fashion-mnist"):
        DATASETS["fashion_mnist"](resolution=28)
