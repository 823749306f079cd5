"""Training state in one file, written atomically, sealed, and read without unpickling code.

The file is torch's own format followed by the SHA-256 of its bytes, since torch does not notice a
flipped bit in a weight. Torch still reads it: an archive may be followed by other bytes.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from pathlib import Path
from typing import Any

import torch

from ogan_bench.errors import UserError
from ogan_bench.files import replacing

State = dict[str, Any]

SEAL = b"\nogan_bench sha256 "
SEAL_LENGTH = len(SEAL) + 64


class UnreadableCheckpointError(Exception):
    """The file is truncated, altered, or holds something other than tensors and plain data."""


def save(path: Path, state: State, *, before: Path | None = None) -> None:
    """Replace the checkpoint.

    Args:
        path: The file.
        state: Tensors and plain data.
        before: Where the checkpoint so far stays; ``None``: nowhere.

    Raises:
        UserError: The disk is full or the folder cannot be written.
    """
    with replacing(path) as temporary:
        try:
            torch.save(state, temporary)
        except RuntimeError as error:  # torch's writer hides the OSError
            raise UserError(f"{path}: cannot be written ({error})") from None
        with temporary.open("r+b") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.write(SEAL + digest.encode())
        if before is not None and path.exists():
            _link(path, before)


def load(path: Path, device: torch.device) -> State | None:
    """The checkpoint, or ``None`` if there is none.

    Raises:
        UnreadableCheckpointError: It exists but cannot be used.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreadableCheckpointError(f"{path}: {error}") from None
    state, seal = content[:-SEAL_LENGTH], content[-SEAL_LENGTH:]
    if not seal.startswith(SEAL):
        state = content  # of a version that did not seal its files
    elif hashlib.sha256(state).hexdigest().encode() != seal.removeprefix(SEAL):
        raise UnreadableCheckpointError(f"{path}: damaged, its SHA-256 is not the stored one")
    try:
        loaded: State = torch.load(io.BytesIO(state), map_location=device, weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        raise UnreadableCheckpointError(f"{path}: {error}") from None
    return loaded


def _link(path: Path, name: Path) -> None:
    """Give a file a second name, in the place of what has that name."""
    temporary = name.with_name(f".{name.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    try:
        temporary.hardlink_to(path)
    except OSError:  # a file system without hard links: nothing to fall back to
        return
    temporary.replace(name)
