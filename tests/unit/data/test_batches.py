"""Batches: their order, subsets, and uploads to a GPU."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ogan_bench.data.base import Split
from ogan_bench.data.batches import Batches, Prefetched


def numbered(n: int) -> Tensor:
    """Images of one pixel, which numbers them."""
    return torch.arange(n, dtype=torch.uint8).reshape(n, 1, 1, 1)


class TestPrefetched:
    def test_items_are_computed_once_and_one_ahead(self) -> None:
        made: list[int] = []
        is_made = [threading.Event() for _ in range(9)]

        def make(number: int) -> int:
            made.append(number)
            is_made[number].set()
            return number * number

        series = Prefetched(make)
        assert series[0] == 0
        assert is_made[1].wait(10)
        assert [series[1], series[1], series[2]] == [1, 1, 4]
        assert is_made[3].wait(10)
        assert made == [0, 1, 2, 3]
        assert series[7] == 49
        assert is_made[8].wait(10)
        assert made == [0, 1, 2, 3, 7, 8]
        assert series[0] == 0

    def test_an_error_is_raised_where_its_item_is_read(self) -> None:
        def make(number: int) -> int:
            if number == 1:
                raise OSError("the disk is gone")
            return number

        series = Prefetched(make)
        assert series[0] == 0
        with pytest.raises(OSError, match="the disk is gone"):
            series[1]
        assert series[2] == 2


def test_batches_are_uploaded_if_the_images_do_not_fit_on_the_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The copy is a fake; the requests for it are real."""
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


def test_a_subset_is_drawn_by_the_seed_and_labels_follow_the_images() -> None:
    split = Split(numbered(50), torch.arange(50) % 7)
    few = Batches(split, 8, seed=3, count=10)
    seen = torch.cat([few.indices(b) for b in range(30)])
    assert len(seen.unique()) == 10
    assert set(seen.tolist()) != set(range(10))
    other = torch.cat([Batches(split, 8, seed=4, count=10).indices(b) for b in range(30)])
    assert set(seen.tolist()) != set(other.tolist())
    x, labels = few[3]
    assert labels is not None
    assert torch.equal(labels, few.indices(3) % 7)
    drawn = few.random_labels(5)
    assert drawn is not None
    assert set(drawn.tolist()) <= set((seen % 7).tolist())
    assert Batches(Split(numbered(5)), 2, seed=0).random_labels(0) is None
    assert x.shape == (8, 1, 1, 1)


@pytest.mark.parametrize("batch_size", [7, 10, 23])
def test_batches_show_every_image_once_an_epoch(batch_size: int) -> None:
    n = 10
    batches = Batches(Split(numbered(n)), batch_size, seed=3)
    stream = torch.cat([batches.indices(b) for b in range(4 * n)])
    assert len(stream) == 4 * n * batch_size
    epochs = stream[: len(stream) // n * n].reshape(-1, n)
    assert (epochs.sort(dim=1).values == torch.arange(n)).all()
    assert not torch.equal(epochs[0], epochs[1])


def test_batches_depend_only_on_their_number() -> None:
    split = Split(numbered(50))
    in_order = Batches(split, 8, seed=0)
    wanted = [in_order[b][0] for b in range(20)]
    assert torch.equal(Batches(split, 8, seed=0)[13][0], wanted[13])
    assert not torch.equal(Batches(split, 8, seed=1)[13][0], wanted[13])
    assert wanted[0].min() >= -1
    assert wanted[0].max() <= 1
