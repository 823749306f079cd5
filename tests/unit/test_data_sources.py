"""Sources that are arrays: small true files of each form on disk, whole, damaged and missing."""

from __future__ import annotations

import gzip
import hashlib
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision.datasets as published
from scipy.io import savemat

from ogan_bench.data import DATASETS
from ogan_bench.data.sources.cifar import RECORDS
from ogan_bench.errors import UserError

Rng = np.random.Generator


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OGAN_BENCH_DATA", str(tmp_path))
    return tmp_path


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def flip(path: Path, position: int, value: int) -> None:
    content = bytearray(path.read_bytes())
    assert content[position] != value
    content[position] = value
    path.write_bytes(content)


def idx(array: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write_mnist(root: Path, *, packed: bool = False, seed: int = 0) -> Path:
    """30 training and 20 test images of random pixels, labelled 0 to 9 in turn."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    for prefix, n in (("train", 30), ("t10k", 20)):
        images = idx(random.integers(0, 256, (n, 28, 28)))
        labels = idx(np.arange(n) % 10)
        for name, content in ((f"{prefix}-images-idx3", images), (f"{prefix}-labels-idx1", labels)):
            if packed:
                (folder / f"{name}-ubyte.gz").write_bytes(gzip.compress(content))
            else:
                (folder / f"{name}-ubyte").write_bytes(content)
    return folder


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
        with pytest.raises(UserError, match="train-images-idx3-ubyte: not a whole IDX file"):
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
        with pytest.raises(UserError, match="t10k-labels-idx1-ubyte: the label 10 is none of"):
            DATASETS["mnist"]()


class TestStackedMNIST:
    def test_channels_are_the_digits_that_the_label_names(self, root: Path) -> None:
        write_mnist(root)
        dataset = DATASETS["stacked_mnist"](images=300)
        source = dataset.channels_of
        assert source is not None
        assert source.hash == DATASETS["mnist"]().hash
        assert (dataset.shape, len(dataset.classes)) == ((3, 32, 32), 1000)
        assert (len(dataset.train), len(dataset.test)) == (300, 10_000)
        for split, known in ((dataset.train, source.train), (dataset.test, source.test)):
            table = {
                image.numpy().tobytes(): int(label)
                for image, label in zip(known.images[:, 0], known.known_labels, strict=True)
            }
            for image, label in zip(split.images[:300], split.known_labels, strict=False):
                a, b, c = (table[channel.numpy().tobytes()] for channel in image)
                assert int(label) == 100 * a + 10 * b + c

    def test_is_fixed_and_its_splits_differ(self, root: Path) -> None:
        write_mnist(root)
        first, second = (DATASETS["stacked_mnist"](images=200) for _ in range(2))
        assert first.hash == second.hash
        assert not torch.equal(first.train.known_labels, first.test.known_labels[:200])


@pytest.fixture
def cifar(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both CIFARs in both forms, 4 images a file; their checksums are those of torchvision."""
    random = np.random.default_rng(0)
    for kind, classes in (("CIFAR10", 10), ("CIFAR100", 100)):
        source, form = getattr(published, kind), RECORDS[kind]
        pickles, records = root / source.base_folder, root / form.folder
        pickles.mkdir()
        records.mkdir()
        for table, parts in ((source.train_list, form.train), (source.test_list, form.test)):
            for (name, _), record in zip(table, parts, strict=True):
                write_batch(random, pickles / name, records / record, classes)
        names = [f"class{i}" for i in range(classes)]
        (records / form.names).write_text("\n".join(names) + "\n\n")
        meta = pickles / source.meta["filename"]
        meta.write_bytes(pickle.dumps({source.meta["key"]: names}))
        monkeypatch.setattr(source, "meta", {**source.meta, "md5": md5(meta)})
        for table in ("train_list", "test_list"):
            sums = [[name, md5(pickles / name)] for name, _ in getattr(source, table)]
            monkeypatch.setattr(source, table, sums)
        short = form._replace(train=dict.fromkeys(form.train, 4), test=dict.fromkeys(form.test, 4))
        monkeypatch.setitem(RECORDS, kind, short)
    return root


def write_batch(random: Rng, pickled: Path, record: Path, classes: int) -> None:
    pixels = random.integers(0, 256, (4, 3072), dtype=np.uint8)
    labels = random.integers(0, classes, 4, dtype=np.uint8)
    key = "labels" if classes == 10 else "fine_labels"
    content = pickle.dumps({"data": pixels, key: labels.tolist()}, protocol=2)
    # As in the pickles of 2009, where the description of an array has 0 and 1 for its truth values.
    old = content.replace(b"\x89\x88\x87", b"K\x00K\x01\x87")
    assert old != content
    pickled.write_bytes(old)
    columns = [labels[:, None], pixels] if classes == 10 else [labels[:, None] // 5]
    columns += [] if classes == 10 else [labels[:, None], pixels]
    record.write_bytes(np.concatenate(columns, axis=1).tobytes())


@pytest.mark.parametrize(
    ("name", "kind", "n"), [("cifar10", "CIFAR10", 20), ("cifar100", "CIFAR100", 4)]
)
class TestCIFAR:
    def test_both_forms_hold_the_same(self, cifar: Path, name: str, kind: str, n: int) -> None:
        from_pickles = DATASETS[name]()
        for path in (cifar / getattr(published, kind).base_folder).iterdir():
            path.unlink()
        (cifar / getattr(published, kind).base_folder).rmdir()
        from_records = DATASETS[name]()
        assert from_pickles.hash == from_records.hash
        assert from_pickles.classes == from_records.classes
        assert len(from_records.classes) == (10 if name == "cifar10" else 100)
        assert from_records.shape == (3, 32, 32)
        assert (len(from_records.train), len(from_records.test)) == (n, 4)
        assert DATASETS[name](resolution=16).shape == (3, 16, 16)

    def test_agrees_with_torchvision(self, cifar: Path, name: str, kind: str, n: int) -> None:
        ours = DATASETS[name]()
        for split, train in ((ours.train, True), (ours.test, False)):
            theirs = getattr(published, kind)(cifar, train=train)
            assert np.array_equal(split.images.permute(0, 2, 3, 1).numpy(), theirs.data)
            assert split.known_labels.tolist() == theirs.targets

    def test_a_pickle_of_another_checksum_is_never_opened(
        self, cifar: Path, name: str, kind: str, n: int
    ) -> None:
        class Payload:
            def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
                return os.mkdir, (str(cifar / "executed"),)

        source = getattr(published, kind)
        names = [source.meta["filename"], source.train_list[-1][0], source.test_list[0][0]]
        for file in names:
            path = cifar / source.base_folder / file
            whole = path.read_bytes()
            path.write_bytes(pickle.dumps(Payload()))
            with pytest.raises(UserError, match=rf"{file}: damaged or not the published file"):
                DATASETS[name]()
            path.write_bytes(whole)
        assert not (cifar / "executed").exists()
        pickle.loads(pickle.dumps(Payload()))
        assert (cifar / "executed").exists(), "the payload would have done something"

    def test_missing_truncated_and_wrong_records_are_named(
        self, cifar: Path, name: str, kind: str, n: int
    ) -> None:
        (cifar / getattr(published, kind).base_folder).rename(cifar / "away")
        form = RECORDS[kind]
        path = cifar / form.folder / next(iter(form.test))
        whole = path.read_bytes()
        before = DATASETS[name]().hash
        position = form.label_bytes - 1
        flip(path, position, (whole[position] + 1) % 10)
        assert DATASETS[name]().hash != before
        flip(path, position, 200)
        with pytest.raises(UserError, match=rf"{path.name}: the label 200 is none"):
            DATASETS[name]()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(UserError, match=rf"{path.name}: 6,14\d bytes instead of 12,29\d"):
            DATASETS[name]()
        path.unlink()
        with pytest.raises(UserError, match=rf"{path.name}: missing beside the other files"):
            DATASETS[name]()

    def test_names_of_classes_must_be_whole(
        self, cifar: Path, name: str, kind: str, n: int
    ) -> None:
        (cifar / getattr(published, kind).base_folder).rename(cifar / "away")
        (cifar / RECORDS[kind].folder / RECORDS[kind].names).write_text("cat\n")
        with pytest.raises(UserError, match="1 names for 10"):
            DATASETS[name]()


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
        with pytest.raises(UserError, match=r"test_32x32\.mat: missing beside"):
            DATASETS["svhn"]()


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
        with pytest.raises(UserError, match=rf"{name}: missing beside"):
            DATASETS["stl10"]()


DOWNLOADS = [
    ("mnist", "MNIST", r"MNIST is not in .*MNIST/raw.*train-images-idx3-ubyte\.gz"),
    ("stacked_mnist", "MNIST", "MNIST is not in"),
    ("cifar10", "CIFAR10", r"neither in .*-py nor in .*-bin.*cifar-10-python\.tar\.gz"),
    ("cifar100", "CIFAR100", r"neither in .*-python nor in .*-binary.*cifar-100-python"),
    ("svhn", "SVHN", r"SVHN is neither in .*test_32x32\.mat"),
    ("stl10", "STL10", r"STL-10 is not in .*stl10_binary.*stl10_binary\.tar\.gz"),
]


@pytest.mark.parametrize(("name", "kind", "message"), DOWNLOADS)
@pytest.mark.parametrize("error", [RuntimeError, ConnectionError])
def test_without_disk_and_network_the_message_says_what_to_do(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    kind: str,
    message: str,
    error: type[Exception],
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error("no network")

    monkeypatch.setattr(getattr(published, kind), "download", refuse)
    with pytest.raises(UserError, match=message) as caught:
        DATASETS[name]()
    assert "(no network)" in str(caught.value)
    assert "OGAN_BENCH_DATA" in str(caught.value)


def test_what_torchvision_downloads_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published.MNIST, "download", lambda self: write_mnist(Path(self.root)))
    downloaded = DATASETS["mnist"]()
    monkeypatch.undo()
    monkeypatch.setenv("OGAN_BENCH_DATA", str(root))
    assert DATASETS["mnist"]().hash == downloaded.hash
