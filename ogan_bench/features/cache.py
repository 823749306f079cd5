"""A disk cache whose keys are hashes of everything the contents depend on.

::

    <cache folder>/classifiers/<key>.pt   trained weights of the datasets' classifiers
                   classifiers/<key>.json their accuracies on test images
                   features/<key>.pt      features of the images of a dataset
                   references/<key>.pt    quantities that depend only on training features
                   probes/<key>.json      accuracies of probes on pixels

The folder is ``$OGAN_BENCH_CACHE``, else ``$XDG_CACHE_HOME/ogan_bench``, else
``~/.cache/ogan_bench``. It may be deleted at any time. Files are replaced atomically and written
under a lock, so parallel processes compute each one only once. A file that cannot be read, or whose
content does not match its stored hash, is recomputed and never used; nothing in it is executed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from torch import Tensor

from ogan_bench.errors import UserError
from ogan_bench.files import home_folder, read_json, replacing, write_json

Fact = str | int | float


@dataclass(frozen=True)
class Entry:
    """Tensors by name, and facts about how they were made."""

    tensors: dict[str, Tensor]
    facts: dict[str, Fact]


def cache_dir() -> Path:
    """The cache folder; it need not exist yet.

    Raises:
        UserError: No variable names it, and there is no home folder.
    """
    if chosen := os.environ.get("OGAN_BENCH_CACHE"):
        return Path(chosen)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "ogan_bench"
    return home_folder("OGAN_BENCH_CACHE") / ".cache" / "ogan_bench"


def content_key(parts: Mapping[str, Any]) -> str:
    """SHA-256 of named JSON-serialisable parts, 32 hexadecimal digits."""
    return hashlib.sha256(_canonical(parts)).hexdigest()[:32]


def fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of names, dtypes, shapes and values, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(_canonical([name, str(tensor.dtype), list(tensor.shape)]))
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def cached_tensors(kind: str, key: str, make: Callable[[], Entry]) -> Entry:
    """The entry under ``key``; computed by ``make`` and stored if there is no valid one.

    Args:
        kind: Name of the subfolder.
        key: From :func:`content_key`.
        make: Computes the entry; called in one process at a time.

    Raises:
        UserError: The cache folder cannot be written.
    """
    path = cache_dir() / kind / f"{key}.pt"
    if (entry := _read_entry(path, key)) is not None:
        return entry
    with _locked(path):
        if (entry := _read_entry(path, key)) is not None:
            return entry
        entry = make()
        content = {"tensors": entry.tensors, "facts": entry.facts, "sha256": _seal(key, entry)}
        # Given a path, torch does not say that the disk is full.
        with replacing(path, durable=False) as temporary, temporary.open("wb") as file:
            torch.save(content, file)
        return entry


def cached_record(kind: str, key: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Like :func:`cached_tensors` for a small JSON object.

    Raises:
        UserError: The cache folder cannot be written.
    """
    path = cache_dir() / kind / f"{key}.json"
    if (record := _read_record(path, key)) is not None:
        return record
    with _locked(path):
        if (record := _read_record(path, key)) is not None:
            return record
        record = make()
        sealed = {"record": record, "sha256": content_key({"key": key, "record": record})}
        write_json(path, sealed, durable=False)
        return record


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = FileLock(path.with_suffix(".lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise UserError(
            f"{path.parent}: cannot be written ({error.strerror or error}); "
            "set $OGAN_BENCH_CACHE to a folder that can"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _read_entry(path: Path, key: str) -> Entry | None:
    if not path.exists():
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        entry = Entry(dict(content["tensors"]), dict(content["facts"]))
        return entry if content["sha256"] == _seal(key, entry) else None
    except Exception:  # the parser's errors on damaged files are not documented
        return None


def _read_record(path: Path, key: str) -> dict[str, Any] | None:
    try:
        sealed = read_json(path)
    except UserError:
        return None
    if sealed is None or not isinstance(record := sealed.get("record"), dict):
        return None
    right = sealed.get("sha256") == content_key({"key": key, "record": record})
    return record if right else None


def _seal(key: str, entry: Entry) -> str:
    parts = {"key": key, "facts": entry.facts, "tensors": fingerprint(entry.tensors)}
    return content_key(parts)


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
