"""Images that are decoded, cropped and resized once, and read from disk afterwards.

A store is written in a hidden folder, under a lock, and renamed when all of it is on disk: a store
with its final name is complete. Its key is a hash of the source and the recipe, so any change makes
another store.
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

from ogan_bench.data.prepared.decoding import Crop, Recipe, Small
from ogan_bench.data.prepared.store import Prepared, Store, prepared_root, readable
from ogan_bench.data.prepared.treatment import AS_STORED, REFUSE, Treatment
from ogan_bench.data.prepared.write import Encoded, write
from ogan_bench.errors import UserError
from ogan_bench.files import sync

VERSION = 2
"""Increase it when preparation gives other pixels."""
MAX_LISTED = 20
"""Unusable images that a message lists, at most."""
MEND = "set max_bad to {count} to leave them out"
"""What to do about unusable images of a dataset."""


@dataclass
class Preparing:
    """How images are prepared, and the stores that were opened.

    Args:
        workers: Threads; ``None``: one per core.
        opened: The stores.
    """

    workers: int | None = None
    opened: list[Store] = field(default_factory=list)


_PREPARING: ContextVar[Preparing] = ContextVar("preparing")


@contextmanager
def preparing(workers: int | None = None) -> Iterator[list[Store]]:
    """Prepare with ``workers`` threads in this block; yields the list of the stores it opens."""
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
    treatment: Treatment = REFUSE,
    small: Small = "refuse",
    max_bad: int = 0,
    place: Path | None = None,
    mend: str = MEND,
) -> Prepared:
    """The images of a source as squares, prepared now unless they already are.

    Args:
        name: Name of the dataset.
        source: Its encoded images.
        resolution: Height and width in pixels.
        crop: ``centre`` crops the longer side to the shorter one first, ``none`` squeezes;
            ``refuse`` takes squares only.
        crop_size: Side, in pixels of the source, of a centre crop before all else; ``None``: none.
        channels: 3: RGB; 1: grey.
        treatment: Of what 8 bits of grey or RGB do not hold as it is.
        small: What is done with an image that has fewer pixels, once cropped, than ``resolution``.
        max_bad: How many unusable images may be left out.
        place: What messages call the source if it is no dataset: the user's folder.
        mend: What to do about ``{count}`` unusable images.

    Raises:
        UserError: More images are unusable, the disk is full, or the store is damaged.
    """
    shown = name if place is None else readable(str(place))
    recipe = Recipe(resolution, crop, crop_size, channels, treatment, small)
    facts = {"version": VERSION, "source": source.fingerprint, **asdict(recipe)}
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    store = Store(prepared_root() / f"{name}-{key}")
    state = _PREPARING.get(Preparing())
    if not store.path.exists():
        _prepare(store, shown, source, recipe, state.workers)
    images = store.open()
    state.opened.append(store)
    _check_unusable(store, shown, max_bad, mend)
    return images


def _check_unusable(store: Store, name: str, max_bad: int, mend: str) -> None:
    """Reject a source with more unusable images than ``max_bad`` allows.

    The store is kept: it is as complete as it can be, and may have taken hours.
    """
    unusable = store.meta().unusable
    if len(unusable) <= max_bad:
        return
    lines = [f"  {image.name}: {image.reason}" for image in unusable[:MAX_LISTED]]
    if len(unusable) > MAX_LISTED:
        more = len(unusable) - MAX_LISTED
        lines.append(f"  and {more} more; {store.path / 'meta.json'} lists all")
    n = len(unusable)
    count = f"{n} unusable image{'s' * (n > 1)}"
    raise UserError(
        "\n".join([f"{name}: {count}, max_bad is {max_bad}:", *lines])
        + f"\nFix or remove them, or {mend.format(count=n)}; delete {store.path} to try the same "
        "files again."
    )


def _prepare(store: Store, name: str, source: Encoded, recipe: Recipe, workers: int | None) -> None:
    """Write a store, or wait for another process that does."""
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
    """Held by the process that writes this store; the system releases it when that dies."""
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
    """Remove what killed preparations left behind."""
    for partial in root.glob(".*.partial"):
        with suppress(Timeout), FileLock(partial.with_suffix(".lock"), timeout=0):
            shutil.rmtree(partial, ignore_errors=True)


__all__ = ["AS_STORED", "Crop", "Encoded", "Prepared", "Treatment", "prepared", "preparing"]
