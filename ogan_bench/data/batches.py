"""Batches in an order that depends only on (seed, epoch): the only state is the step number."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

import torch
from torch import Tensor

from ogan_bench.data.base import Split, to_float
from ogan_bench.data.subset import drawn_images
from ogan_bench.seeding import generator

T = TypeVar("T")


class Batches:
    """An endless stream of shuffled epochs, cut into full batches.

    Every image appears once in an epoch; a batch may span two epochs, so none is short and batch
    norm always sees the same number of images.

    Args:
        split: The training images, on the training device, or in main memory or on disk if they do
            not fit on the GPU.
        batch_size: Images per batch.
        seed: Training seed.
        count: Images to draw from, the first of a seeded shuffle; ``None``: all.
        device: The training device; ``None``: the device of the images.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        seed: int,
        count: int | None = None,
        device: torch.device | None = None,
    ) -> None:
        self.split = split
        self.batch_size = batch_size
        self.seed = seed
        self.device = device or split.images.device
        self.chosen = drawn_images(len(split), count, seed)
        self._order = functools.lru_cache(maxsize=2)(self._shuffle)
        needs_upload = self.device.type == "cuda" and not split.images.is_cuda
        self._upload = Upload(self._gather, self.device) if needs_upload else None

    def _shuffle(self, epoch: int) -> Tensor:
        order = torch.randperm(len(self.chosen), generator=generator(self.seed, "order", epoch))
        return self.chosen[order]

    def indices(self, batch: int) -> Tensor:
        """Indices of the images of batch number ``batch``, shape ``(batch_size,)``."""
        n = len(self.chosen)
        positions = torch.arange(batch * self.batch_size, (batch + 1) * self.batch_size)
        epochs = positions // n
        chosen = [self._order(e)[positions[epochs == e] % n] for e in epochs.unique().tolist()]
        return torch.cat(chosen)

    def _gather(self, batch: int) -> tuple[Tensor, Tensor | None]:
        """Images and classes of a batch, in the dtype and on the device of the split."""
        indices = upload(self.indices(batch), self.split.images.device)
        labels = self.split.labels
        return self.split.images[indices], None if labels is None else labels[indices]

    def __getitem__(self, batch: int) -> tuple[Tensor, Tensor | None]:
        """Images ``(batch_size, c, h, w)`` as the nets see them, and their classes."""
        images, labels = self._gather(batch) if self._upload is None else self._upload[batch]
        return to_float(images), labels

    def random_labels(self, batch: int) -> Tensor | None:
        """Classes for batch ``batch``, drawn independently with the frequencies of the data."""
        if self.split.labels is None:
            return None
        drawn = torch.randint(
            len(self.chosen), (self.batch_size,), generator=generator(self.seed, "labels", batch)
        )
        chosen = upload(self.chosen[drawn], self.split.labels.device)
        return self.split.labels[chosen].to(self.device)


class Prefetched(Generic[T]):
    """A numbered series, computed by a thread that is always one item ahead of the consumer.

    Args:
        make: Number -> item.
    """

    def __init__(self, make: Callable[[int], T]) -> None:
        self._make = make
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._items: dict[int, Future[T]] = {}

    def __getitem__(self, number: int) -> T:
        self._items = {
            n: self._items[n] if n in self._items else self._thread.submit(self._make, n)
            for n in (number, number + 1)
        }
        return self._items[number].result()


def upload(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of the CPU on a device; the host does not wait for the copy to a GPU."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


class Upload:
    """Batches copied from main memory or disk to a GPU, the next while one is in use.

    Args:
        gather: Images and classes of a batch, on the CPU.
        device: The GPU.
    """

    def __init__(
        self, gather: Callable[[int], tuple[Tensor, Tensor | None]], device: torch.device
    ) -> None:
        self._gather = gather
        self._device = device
        self._stream = torch.cuda.Stream(device)
        self._copies = Prefetched(self._copy)

    def _copy(self, batch: int) -> tuple[Tensor, Tensor | None, torch.cuda.Event]:
        with torch.cuda.stream(self._stream):
            images, labels = (
                None if t is None else t.pin_memory().to(self._device, non_blocking=True)
                for t in self._gather(batch)
            )
            assert images is not None
            return images, labels, self._stream.record_event()

    def __getitem__(self, batch: int) -> tuple[Tensor, Tensor | None]:
        images, labels, copied = self._copies[batch]
        stream = torch.cuda.current_stream(self._device)
        stream.wait_event(copied)
        for tensor in (images, labels):
            if tensor is not None:  # its memory must not be reused before the nets are done
                tensor.record_stream(stream)
        return images, labels
