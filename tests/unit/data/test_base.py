"""Pixels, splits and datasets that move between devices."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, data_root, resize, to_float, to_uint8


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


def test_points_are_not_rescaled() -> None:
    points = torch.tensor([[4.0, -4.0]])[:, :, None, None]
    assert to_float(points) is points
    assert Split(points).images is points


class TestMoving:
    """What is moved to a GPU, with its free memory faked."""

    @pytest.fixture
    def dataset(self) -> Dataset:
        images = torch.zeros(10, 3, 4, 4, dtype=torch.uint8)
        return Dataset("x", Split(images[:6]), Split(images[6:]), (), "")

    def free(self, monkeypatch: pytest.MonkeyPatch, memory: int) -> None:
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (memory, 10 * memory))

    def test_a_dataset_larger_than_half_of_its_memory_stays(
        self, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.free(monkeypatch, 959)
        assert dataset.to(torch.device("cuda")) is dataset

    def test_a_dataset_that_fits_is_moved(
        self, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.free(monkeypatch, 960)
        moved: list[torch.device] = []

        def move(split: Split, device: torch.device) -> Split:
            moved.append(device)
            return split

        monkeypatch.setattr(Split, "to", move)
        cuda = torch.device("cuda")
        assert dataset.to(cuda).hash == dataset.hash
        assert moved == [cuda, cuda]

    def test_the_cpu_takes_any_dataset(
        self, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: pytest.fail("asked"))
        assert torch.equal(dataset.to(torch.device("cpu")).train.images, dataset.train.images)


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, it stood for the working folder."""
    monkeypatch.setenv("OGAN_BENCH_DATA", "")
    assert data_root() == Path("data")
    monkeypatch.delenv("OGAN_BENCH_DATA")
    assert data_root() == Path("data")
