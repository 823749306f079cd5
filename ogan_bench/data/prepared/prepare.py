"""Images that were decoded, cropped and resized once, and are read from disk ever after.

A store is made in a hidden folder, under a lock, and takes its name when all of it is on disk: what
has a name is whole. Its key is a hash of the source and of what is done to the images, so whatever
changes makes another store.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from ogan_bench.data.prepared.decoding import Crop, Recipe
from ogan_bench.data.prepared.store import Prepared, Store, prepared_root
from ogan_bench.data.prepared.write import Encoded, write
from ogan_bench.errors import UserError
from ogan_bench.files import sync

VERSION = 1
"""Raise it when the way from encoded images to pixels changes."""
SHOWN = 20
"""Unusable images that a message names."""


@dataclass
class Preparing:
    """How images are prepared, and what was opened meanwhile.

    Args:
        workers: Threads; ``None``: one for each core.
        opened: The stores.
    """

    workers: int | None = None
    opened: list[Store] = field(default_factory=list)


_PREPARING: ContextVar[Preparing] = ContextVar("preparing")


@contextmanager
def preparing(workers: int | None = None) -> Iterator[list[Store]]:
    """Prepare with so many threads in here; gives the list of the stores that are opened."""
    state = Preparing(workers)
    token = _PREPARING.set(state)
    try:
        yield state.opened
    finally:
        _PREPARING.reset(token)


def prepared(
    name: str,
    source: Encoded,
    *,
    resolution: int,
    crop: Crop,
    crop_size: int | None = None,
    channels: Literal[1, 3] = 3,
    max_bad: int = 0,
) -> Prepared:
    """The images of a source as squares, prepared now where that was not done before.

    Args:
        name: Name of the dataset.
        source: Its encoded images.
        resolution: Height and width in pixels.
        crop: ``centre`` cuts the longer side to the shorter one first; ``none`` squeezes.
        crop_size: Height and width, in pixels of the source, of what is cut from its centre before
            all else; ``None``: nothing is.
        channels: 3: RGB; 1: grey.
        max_bad: How many unusable images may be left out.

    Raises:
        UserError: More images are unusable, one may be meant to fill the memory, there is no room
            on the disk, or the store is damaged.
    """
    recipe = Recipe(resolution, crop, crop_size, channels)
    facts = {"version": VERSION, "source": source.fingerprint, **asdict(recipe)}
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    store = Store(prepared_root() / f"{name}-{key}")
    state = _PREPARING.get(Preparing())
    if not store.path.exists():
        _prepare(store, name, source, recipe, state.workers)
    images = store.open()
    state.opened.append(store)
    _check_unusable(store, name, max_bad)
    return images


def _check_unusable(store: Store, name: str, max_bad: int) -> None:
    """Refuse a source with more unusable images than the user puts up with.

    The store is kept all the same: it is as whole as it can be, and may have cost hours.
    """
    unusable = store.meta().unusable
    if len(unusable) <= max_bad:
        return
    lines = [f"  {image.name}: {image.reason}" for image in unusable[:SHOWN]]
    if len(unusable) > SHOWN:
        lines.append(f"  and {len(unusable) - SHOWN} more: {store.path / 'meta.json'} has all")
    count = f"{len(unusable)} unusable image{'s' * (len(unusable) > 1)}"
    raise UserError(
        "\n".join([f"{name}: {count}, max_bad is {max_bad}:", *lines])
        + f"\nMend or remove them, or set max_bad to {len(unusable)} to go without them; delete "
        f"{store.path} to try the same files once more."
    )


def _prepare(store: Store, name: str, source: Encoded, recipe: Recipe, workers: int | None) -> None:
    """Make a store, or wait for another process that makes it."""
    root, partial = store.path.parent, _hidden(store.path, "partial")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _lock(store.path):
            if store.path.exists():
                return
            _sweep(root)
            shutil.rmtree(partial, ignore_errors=True)
            try:
                partial.mkdir()
                write(Store(partial), name, source, recipe, workers)
                partial.rename(store.path)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
            sync(root)
    except OSError as error:
        raise UserError(
            f"{store.path}: cannot be written ({error.strerror or error}); "
            "$OGAN_BENCH_PREPARED can name another folder for prepared images"
        ) from error


def _hidden(path: Path, kind: Literal["lock", "partial"]) -> Path:
    return path.with_name(f".{path.name}.{kind}")


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Held by the one process that makes this store; the system releases it when that dies."""
    lock = FileLock(_hidden(path, "lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        sys.stderr.write(f"{path.name} is being prepared by another process; waiting ...\n")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _sweep(root: Path) -> None:
    """Remove what preparations have left behind that were killed."""
    for partial in root.glob(".*.partial"):
        with suppress(Timeout), FileLock(partial.with_suffix(".lock"), timeout=0):
            shutil.rmtree(partial, ignore_errors=True)


__all__ = ["Crop", "Encoded", "Prepared", "prepared", "preparing"]
