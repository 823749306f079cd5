"""The two files of a stored pair of nets: its facts, and the weights that they vouch for."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ogan_bench.errors import UserError
from ogan_bench.files import Record, read_bytes, write_bytes
from ogan_bench.store.record_shapes import parse_record
from ogan_bench.store.sealed import sealed_json

WEIGHTS, FACTS = "nets.safetensors", "nets.json"

MEND = "copy both files anew, or let `ogan-bench evaluate` store them again"


def write_nets(folder: Path, weights: bytes, facts: Record) -> None:
    """Write both files, the one that vouches for the other last.

    Args:
        folder: Where to.
        weights: Content of the file of weights.
        facts: What :class:`~ogan_bench.store.record_shapes.Nets` asks for, but for the hash.
    """
    write_bytes(folder / WEIGHTS, weights)
    digest = hashlib.sha256(weights).hexdigest()
    write_bytes(folder / FACTS, sealed_json({**facts, "sha256": digest}))


def read_facts(folder: Path) -> Record | None:
    """The facts; ``None`` if the folder has none.

    Raises:
        UserError: They are damaged or of another format.
    """
    content = read_bytes(folder / FACTS, MEND)
    return None if content is None else parse_record(content, folder / FACTS, MEND)


def read_weights(folder: Path, facts: Record) -> bytes:
    """Content of the file of weights.

    Args:
        folder: Of both files.
        facts: From :func:`read_facts`.

    Raises:
        UserError: It is missing, damaged or of other facts.
    """
    path = folder / WEIGHTS
    content = read_bytes(path, MEND)
    if content is None:
        raise UserError(f"{path}: no such file; {MEND}")
    if hashlib.sha256(content).hexdigest() != facts["sha256"]:
        raise UserError(f"{path}: damaged, its SHA-256 is not that in {FACTS}; {MEND}")
    return content
