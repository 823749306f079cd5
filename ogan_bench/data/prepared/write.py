"""Decode images into a store, on all cores."""

from __future__ import annotations

import hashlib
import os
import shutil
import statistics
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import PIL

from ogan_bench.data.cores import usable_cores
from ogan_bench.data.prepared.decoding import Recipe, decode
from ogan_bench.data.prepared.progress import progress
from ogan_bench.data.prepared.store import Meta, Sides, Store, Unusable, readable
from ogan_bench.errors import UserError
from ogan_bench.files import write_bytes

T = TypeVar("T")
U = TypeVar("U")

CHUNK = 32
"""Images that a thread decodes at a time."""


class Encoded(Protocol):
    """Named encoded images: files of a folder, values of an LMDB, cells of a parquet column.

    Their order is that of the store. If all training images come before the test images, both
    splits are slices of the memory map.
    """

    @property
    def names(self) -> Sequence[str]:
        """Name of each image in messages."""

    @property
    def fingerprint(self) -> str:
        """Changes when the source does: names, sizes, modification times."""

    def read(self, i: int) -> bytes:
        """Content of an image file; called from several threads.

        Raises:
            OSError: It cannot be read.
            ValueError: It cannot be used.
        """


def write(store: Store, name: str, source: Encoded, recipe: Recipe, workers: int | None) -> None:
    """Decode all usable images into an empty folder, and flush them to disk.

    Threads are enough: Pillow releases the GIL while it decodes and resizes, which is most of the
    work if images are larger than a few dozen pixels.

    Args:
        store: The folder.
        name: Name of the dataset.
        source: Its images.
        recipe: How to prepare them.
        workers: Threads; ``None``: one per core.

    Raises:
        OSError: The disk is full or the folder cannot be written.
        UserError: The disk is too small for the images, or none is usable.
    """
    started = time.perf_counter()
    images = len(source.names)
    channels, height, width = recipe.shape
    _check_room(store, images * channels * height * width)
    digest = hashlib.sha256()
    unusable: list[Unusable] = []
    digests = bytearray()  # of each image
    sides: list[int] = []
    chunks = [range(i, min(i + CHUNK, images)) for i in range(0, images, CHUNK)]
    with (
        store.pixels.open("wb") as file,
        warnings.catch_warnings(),
        progress(f"preparing {name}", images) as advance,
    ):
        warnings.simplefilter("ignore")  # Pillow warns about files that it can read
        decoded = _in_order(
            lambda chunk: _decode_chunk(source, recipe, chunk), chunks, workers or usable_cores()
        )
        for chunk, (usable, bad) in zip(chunks, decoded, strict=True):
            for pixels, side in usable:
                file.write(pixels)
                digest.update(pixels)
                digests += hashlib.blake2b(pixels, digest_size=8).digest()
                sides.append(side)
            unusable += bad
            advance(len(chunk))
        file.flush()
        os.fsync(file.fileno())
    if len(unusable) == images:
        first = f"; the first: {unusable[0].reason}" if unusable else ""
        raise UserError(f"{name}: none of {images} images is usable{first}")
    kept = np.delete(np.arange(images), [image.index for image in unusable])
    meta = Meta(
        name=name,
        source=source.fingerprint,
        images=images,
        **asdict(recipe),
        sides=Sides(min(sides), statistics.median(sides), max(sides)),
        unusable=unusable,
        repeated=_repeated(bytes(digests), kept),
        sha256=digest.hexdigest(),
        pillow=PIL.__version__,
        seconds=round(time.perf_counter() - started, 3),
    )
    store.mark_verified(store.pixels.stat())
    write_bytes(store.path / "meta.json", meta.model_dump_json(indent=1).encode() + b"\n")


def _decode_chunk(
    source: Encoded, recipe: Recipe, chunk: Iterable[int]
) -> tuple[list[tuple[bytes, int]], list[Unusable]]:
    """Pixels and shorter sides of the usable images of a chunk; what is wrong with the others."""
    usable, unusable = [], []
    for i in chunk:
        try:
            image = decode(source.read(i), recipe)
            usable.append((image.pixels.tobytes(), image.side))
        except (OSError, ValueError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or str(error)
            unusable.append(Unusable(index=i, name=readable(source.names[i]), reason=reason))
    return usable, unusable


def _repeated(digests: bytes, kept: npt.NDArray[np.int64]) -> list[list[int]]:
    """Groups of images with equal pixels, by their indices in the source.

    Args:
        digests: 8 bytes for each usable image.
        kept: Its index.
    """
    values = np.frombuffer(digests, np.uint64)
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    groups: dict[int, list[int]] = {}
    for at in np.flatnonzero(counts[inverse] > 1).tolist():
        groups.setdefault(int(inverse[at]), []).append(int(kept[at]))
    return sorted(groups.values())


def _in_order(function: Callable[[T], U], items: Iterable[T], workers: int) -> Iterator[U]:
    """Results in the order of the items; only a few are computed ahead of the consumer."""
    waiting: deque[Future[U]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _check_room(store: Store, needed: int) -> None:
    free = shutil.disk_usage(store.path).free
    if free < needed:
        raise UserError(
            f"{store.path.parent}: the prepared images take {needed / 1e9:.1f} GB, and "
            f"{free / 1e9:.1f} GB are free; $OGAN_BENCH_PREPARED can name another folder"
        )
