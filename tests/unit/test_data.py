"""Datasets, and damaged files of datasets."""

from __future__ import annotations

import gzip
import os
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ogan_bench.data import DATASETS, Dataset
from ogan_bench.data.base import Split, resize, to_float, to_uint8
from ogan_bench.data.batches import Ahead, Batches
from ogan_bench.data.sources.fashion_mnist import DEBIAN, find_folder
from ogan_bench.errors import UserError

SOURCE = sys.modules[find_folder.__module__]


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


def test_digits_have_fixed_splits_and_content() -> None:
    dataset = DATASETS["digits"](resolution=16)
    assert dataset.shape == (1, 16, 16)
    assert (len(dataset.train), len(dataset.test)) == (1437, 360)
    assert dataset.hash == "977c0665d0e1e7d3"
    assert dataset.train.images.max() == 255
    counts = torch.bincount(dataset.test.known_labels, minlength=10)
    assert counts.min() >= 25


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
    with pytest.raises(UserError, match="t10k-images-idx3-ubyte: not a whole IDX file"):
        DATASETS["fashion_mnist"](resolution=28)


def test_damaged_archive_is_named(raw: Path) -> None:
    path = raw / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"train-labels-idx1-ubyte\.gz: cannot be read"):
        DATASETS["fashion_mnist"](resolution=28)


def test_missing_file_beside_others_is_named(raw: Path) -> None:
    (raw / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(UserError, match="no t10k-labels-idx1-ubyte"):
        DATASETS["fashion_mnist"](resolution=28)


def test_without_disk_and_network_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("no network")

    monkeypatch.setenv("OGAN_BENCH_DATA", str(tmp_path))
    monkeypatch.setattr(SOURCE, "DEBIAN", tmp_path / "none")
    monkeypatch.setattr("torchvision.datasets.FashionMNIST.__init__", refuse)
    with pytest.raises(UserError, match="Install Debian's package dataset-fashion-mnist"):
        DATASETS["fashion_mnist"](resolution=28)


def test_uint8_and_float_are_inverse() -> None:
    levels = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    floats = to_float(levels)
    assert floats.min() == -1
    assert floats.max() == 1
    assert torch.equal(to_uint8(floats), levels)
    assert to_uint8(torch.tensor([-1.2, 1.2])).tolist() == [0, 255]


def test_resize_keeps_constants_and_the_mean() -> None:
    flat = torch.full((2, 3, 28, 28), 77, dtype=torch.uint8)
    assert (resize(flat, 64) == 77).all()
    random = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 256, (4, 1, 32, 32), dtype=torch.uint8, generator=random)
    assert abs(resize(noise, 8).float().mean() - noise.float().mean()) < 2
    assert resize(noise, 32) is noise


def test_splits_check_their_types() -> None:
    with pytest.raises(ValueError, match="uint8"):
        Split(torch.zeros(2, 1, 4, 4), torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ValueError, match="float32"):
        Split(torch.zeros(2, 2, 1, 1, dtype=torch.float64), torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ValueError, match="labels"):
        Split(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ValueError, match="no labels"):
        Split(torch.zeros(2, 1, 4, 4, dtype=torch.uint8)).known_labels  # noqa: B018


def test_points_stay_as_they_are() -> None:
    points = torch.tensor([[4.0, -4.0]])[:, :, None, None]
    assert to_float(points) is points
    assert Split(points).images is points


class TestMoving:
    """What goes to the GPU, by a GPU whose free memory is made up."""

    @pytest.fixture
    def dataset(self) -> Dataset:
        images = torch.zeros(10, 3, 4, 4, dtype=torch.uint8)
        return Dataset("x", Split(images[:6]), Split(images[6:]), (), "")

    def free(self, monkeypatch: pytest.MonkeyPatch, memory: int) -> None:
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (memory, 10 * memory))

    def test_what_fills_more_than_half_of_its_memory_stays(
        self, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.free(monkeypatch, 959)
        assert dataset.to(torch.device("cuda")) is dataset

    def test_what_fits_is_moved(self, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free(monkeypatch, 960)
        moved: list[torch.device] = []

        def move(split: Split, device: torch.device) -> Split:
            moved.append(device)
            return split

        monkeypatch.setattr(Split, "to", move)
        cuda = torch.device("cuda")
        assert dataset.to(cuda).hash == dataset.hash
        assert moved == [cuda, cuda]

    def test_the_cpu_takes_everything_without_asking(
        self, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: pytest.fail("asked"))
        assert torch.equal(dataset.to(torch.device("cpu")).train.images, dataset.train.images)


class TestAhead:
    def test_items_are_made_once_and_one_ahead(self) -> None:
        made: list[int] = []
        is_made = [threading.Event() for _ in range(9)]

        def make(number: int) -> int:
            made.append(number)
            is_made[number].set()
            return number * number

        series = Ahead(make)
        assert series[0] == 0
        assert is_made[1].wait(10)
        assert [series[1], series[1], series[2]] == [1, 1, 4]
        assert is_made[3].wait(10)
        assert made == [0, 1, 2, 3]
        assert series[7] == 49
        assert is_made[8].wait(10)
        assert made == [0, 1, 2, 3, 7, 8]
        assert series[0] == 0

    def test_an_error_reaches_who_asks_for_its_item(self) -> None:
        def make(number: int) -> int:
            if number == 1:
                raise OSError("the disk has gone")
            return number

        series = Ahead(make)
        assert series[0] == 0
        with pytest.raises(OSError, match="the disk has gone"):
            series[1]
        assert series[2] == 2


def test_batches_ask_for_an_upload_where_the_gpu_has_no_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The copy itself is made up; what is asked of it is not."""
    asked: list[torch.device] = []

    class Copy:
        def __init__(self, gather: Callable[[int], object], device: torch.device) -> None:
            asked.append(device)
            self.gather = gather

        def __getitem__(self, number: int) -> object:
            return self.gather(number)

    monkeypatch.setattr("ogan_bench.data.batches.Upload", Copy)
    split, cuda = Split(torch.arange(200, dtype=torch.uint8).reshape(50, 1, 2, 2)), "cuda:1"
    here, there = Batches(split, 8, seed=1), Batches(split, 8, seed=1, device=torch.device(cuda))
    assert asked == [torch.device(cuda)]
    for number in (0, 1, 5, 6, 30):
        assert torch.equal(there[number][0], here[number][0])
        assert there[number][1] is None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_batches_from_main_memory_equal_those_on_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (1000, 3, 64, 64), dtype=torch.uint8, generator=random)
    labels = torch.arange(1000) % 7
    split, device = Split(images, labels), torch.device("cuda")
    far = Batches(split, 96, seed=3, device=device)
    near = Batches(split.to(device), 96, seed=3, device=device)
    matrix = torch.randn(2000, 2000, device=device)
    for number in [*range(50), 49, 48, 7, 8, 9]:
        (x, y), (wanted, wanted_y) = far[number], near[number]
        matrix = matrix @ matrix / 50  # the nets are slower than the copies
        assert x.device.type == "cuda"
        assert torch.equal(x, wanted)
        assert y is not None
        assert wanted_y is not None
        assert torch.equal(y, wanted_y)
        drawn, expected = far.random_labels(number), near.random_labels(number)
        assert drawn is not None
        assert expected is not None
        assert torch.equal(drawn, expected)


class TestMixtures:
    @pytest.mark.parametrize(("name", "k", "std"), [("ring", 8, 0.01), ("grid", 25, 0.05)])
    def test_every_mode_has_its_centre_deviation_and_number(
        self, name: str, k: int, std: float
    ) -> None:
        dataset = DATASETS[name]()
        assert dataset.modes is not None
        assert (dataset.shape, dataset.is_points) == ((2, 1, 1), True)
        assert (len(dataset.train), len(dataset.test)) == (100_000, 10_000)
        assert (len(dataset.classes), dataset.modes.std) == (k, std)
        x, labels = dataset.train.images[:, :, 0, 0], dataset.train.known_labels
        assert labels.bincount().tolist() == [100_000 // k] * k
        noise = (x - dataset.modes.centres[labels]) / std
        n = 100_000 // k
        for label in range(k):
            of_mode = noise[labels == label]
            assert of_mode.mean(0).abs().max() < 5 / n**0.5
            assert (torch.cov(of_mode.T) - torch.eye(2)).abs().max() < 5 * (2 / n) ** 0.5

    def test_centres_are_those_of_the_literature(self) -> None:
        known = [DATASETS[name]().modes for name in ("ring", "grid")]
        ring, grid = (modes.centres for modes in known if modes is not None)
        angles = np.arange(8) * np.pi / 4
        assert np.allclose(ring, np.stack([np.cos(angles), np.sin(angles)], 1), atol=1e-6)
        expected = [[x, y] for x in range(-4, 5, 2) for y in range(-4, 5, 2)]
        assert grid.tolist() == expected

    def test_are_the_same_every_time_and_their_splits_differ(self) -> None:
        first, second = DATASETS["ring"](), DATASETS["ring"]()
        assert first.hash == second.hash
        n = len(first.test)
        assert not torch.equal(first.train.images[:n], first.test.images)


class TestStackedDigits:
    def test_channels_are_the_digits_that_the_label_names(self) -> None:
        dataset = DATASETS["stacked_digits"](images=400)
        source = dataset.channels_of
        assert source is not None
        assert source.hash == DATASETS["digits"]().hash
        for split, known in ((dataset.train, source.train), (dataset.test, source.test)):
            table: dict[bytes, int] = {
                image.numpy().tobytes(): int(label)
                for image, label in zip(known.images[:, 0], known.known_labels, strict=True)
            }
            for image, label in zip(split.images[:400], split.known_labels, strict=False):
                a, b, c = (table[channel.numpy().tobytes()] for channel in image)
                assert int(label) == 100 * a + 10 * b + c

    def test_is_fixed_and_has_a_thousand_classes(self) -> None:
        dataset = DATASETS["stacked_digits"]()
        assert dataset.hash == "480f7faeb9184dff"
        assert dataset.shape == (3, 16, 16)
        assert (len(dataset.train), len(dataset.test)) == (20_000, 5_000)
        assert dataset.train.known_labels.bincount(minlength=1000).min() > 0
        assert dataset.classes[7] == "007"
        assert len(dataset.classes) == 1000

    def test_resolution_is_that_of_the_channels(self) -> None:
        dataset = DATASETS["stacked_digits"](resolution=8, images=10)
        assert dataset.channels_of is not None
        assert (dataset.shape, dataset.channels_of.shape) == ((3, 8, 8), (1, 8, 8))


class TestImageFolder:
    @pytest.fixture
    def root(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """12 constant images, i of level 20 i, in two subfolders and two formats."""
        monkeypatch.setenv("OGAN_BENCH_DATA", str(tmp_path))
        for i in range(12):
            folder = tmp_path / "faces" / ("a" if i < 7 else "b")
            folder.mkdir(parents=True, exist_ok=True)
            image = Image.new("RGB", (10 + i, 8), (20 * i, 0, 100))
            image.save(folder / f"{i:02d}.{'png' if i % 2 else 'webp'}", lossless=True)
        return tmp_path / "faces"

    def load(self, **parameters: object) -> Dataset:
        chosen = {"path": "faces", "resolution": 8, "test_every": 4, **parameters}
        return DATASETS["image_folder"](**chosen)

    def test_every_kth_name_is_a_test_image_and_subfolders_are_classes(self, root: Path) -> None:
        dataset = self.load()
        assert dataset.classes == ("a", "b")
        assert dataset.shape == (3, 8, 8)
        assert dataset.test.images[:, 0, 0, 0].tolist() == [60, 140, 220]
        assert dataset.test.known_labels.tolist() == [0, 1, 1]
        assert dataset.train.images[:, 0, 0, 0].tolist() == [
            20 * i for i in range(12) if i % 4 != 3
        ]
        assert (dataset.train.images[:, 2] == 100).all()
        assert self.load(path=str(root)).hash == dataset.hash

    def test_without_two_full_subfolders_there_are_no_labels(self, root: Path) -> None:
        labelled = self.load()
        bare = self.load(path="faces/a")
        assert (bare.classes, bare.train.labels, len(bare.train)) == ((), None, 6)
        Image.new("RGB", (8, 8)).save(root / "loose.png")
        mixed = self.load()
        assert (mixed.classes, mixed.train.labels, mixed.test.labels) == ((), None, None)
        assert mixed.hash != labelled.hash

    def test_other_and_hidden_files_are_left_out(self, root: Path) -> None:
        expected = self.load().hash
        (root / "a" / "notes.txt").write_text("no image")
        (root / "a" / "._00.png").write_bytes(b"a resource fork")
        (root / ".trash").mkdir()
        (root / ".trash" / "x.png").write_bytes(b"gone")
        assert self.load().hash == expected

    def test_crop_takes_the_centre_and_none_squeezes(self, root: Path) -> None:
        wide = np.zeros((8, 24, 3), np.uint8)
        wide[:, 8:16] = 200
        Image.fromarray(wide).save(root / "a" / "00.png")
        (root / "a" / "00.webp").unlink()
        assert (self.load(crop="centre").train.images[0] == 200).all()
        squeezed = self.load(crop="none").train.images[0, 0]
        assert squeezed[0, 0] == squeezed[0, -1] == 0
        assert squeezed.float().mean() == pytest.approx(200 / 3, abs=1)

    def test_every_mode_becomes_rgb(self, root: Path) -> None:
        Image.new("L", (9, 9), 77).save(root / "a" / "00.png")
        Image.new("RGBA", (9, 9), (1, 2, 3, 255)).save(root / "a" / "01.png")
        Image.new("CMYK", (9, 9), (0, 0, 0, 0)).save(root / "a" / "02.jpg")
        (root / "a" / "00.webp").unlink()
        (root / "a" / "02.webp").unlink()
        first = self.load().train.images[:3, :, 0, 0].tolist()
        assert first == [[77, 77, 77], [1, 2, 3], [255, 255, 255]]

    @pytest.mark.parametrize("content", [b"", b"not an image", None])
    def test_a_damaged_file_is_named_and_may_be_left_out(
        self, root: Path, content: bytes | None
    ) -> None:
        path = root / "b" / "09.png"
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] if content is None else content)
        with pytest.raises(UserError, match=r"image_folder: 1 unusable image,.*\n  b/09\.png: "):
            self.load()
        dataset = self.load(max_bad=1)
        assert dataset.test.images[:, 0, 0, 0].tolist() == [60, 140, 220]
        assert dataset.train.images[:, 0, 0, 0].tolist() == [
            20 * i for i in range(12) if i % 4 != 3 and i != 9
        ]
        assert dataset.train.known_labels.tolist() == [0] * 6 + [1] * 2

    @pytest.mark.parametrize("name", ["images.zip", "Images.TAR.GZ", "x.7z", "x.rar", "x.tar"])
    def test_archives_are_refused(self, root: Path, name: str) -> None:
        (root / "b" / name).write_bytes(b"packed")
        with pytest.raises(UserError, match=f"b/{name}: an archive; unpack it"):
            self.load()
        with pytest.raises(UserError, match=f"b/{name}: an archive; unpack it"):
            self.load(path=f"faces/b/{name}")

    def test_a_file_is_no_folder(self, root: Path) -> None:
        with pytest.raises(UserError, match=r"00\.webp: no such folder"):
            self.load(path="faces/a/00.webp")

    def test_a_pipe_is_no_image(self, root: Path) -> None:
        expected = self.load().hash
        os.mkfifo(root / "a" / "99.png")
        assert self.load().hash == expected

    def test_the_hash_depends_on_pixels_labels_and_split(self, root: Path) -> None:
        first = self.load()
        hashes = {first.hash, self.load(test_every=3).hash, self.load(resolution=9).hash}
        assert len(hashes) == 3
        relabelled = replace(first, train=replace(first.train, labels=1 - first.train.known_labels))
        assert relabelled.hash not in hashes
        (root / "b").rename(root / "c")
        assert self.load().hash == first.hash
        Image.new("RGB", (9, 9), (250, 250, 250)).save(root / "a" / "01.png")
        assert self.load().hash not in hashes

    def test_the_hash_reads_no_pixels(self, root: Path) -> None:
        dataset = self.load()
        train, test = dataset.train, dataset.test
        assert train.content
        plain = replace(dataset, train=replace(train, content=""), test=replace(test, content=""))
        assert plain.hash != dataset.hash
        for split in (train, test):
            split.images[:] = 0  # in memory only
        assert replace(dataset).hash == dataset.hash

    def test_links_are_refused(self, root: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        Image.new("RGB", (8, 8)).save(outside / "secret.png")
        (root / "a" / "link.png").symlink_to(outside / "secret.png")
        with pytest.raises(UserError, match=r"a/link\.png: a link"):
            self.load()
        (root / "a" / "link.png").unlink()
        (root / "c").symlink_to(outside)
        with pytest.raises(UserError, match="c: a link"):
            self.load()

    def test_a_missing_folder_says_where_it_was_looked_for(self, root: Path) -> None:
        with pytest.raises(UserError, match=r"nowhere: no such folder.*OGAN_BENCH_DATA"):
            self.load(path="nowhere")

    def test_too_few_images_are_counted(self, root: Path) -> None:
        with pytest.raises(UserError, match=r"12 images.*test_every 13"):
            self.load(test_every=13)
        (root / "empty").mkdir()
        with pytest.raises(UserError, match="0 images"):
            self.load(path="faces/empty")
