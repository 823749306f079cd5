"""Training state in one file, written atomically, sealed, and read without unpickling code.

The file is torch's own format, sealed (:mod:`ogan_bench.store.sealed`) because torch does not
notice a flipped bit in a weight. Torch still reads it: an archive may be followed by other bytes.
"""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from ogan_bench.files import replacing
from ogan_bench.store.sealed import DamagedError, seal, unsealed

State = dict[str, Any]


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
        with temporary.open("wb") as file:  # given a path, torch does not say that the disk is full
            torch.save(state, file)
        seal(temporary)
        if before is not None and path.exists():
            _keep(path, before)


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
    try:
        state = io.BytesIO(unsealed(content))
        loaded = torch.load(state, map_location=device, weights_only=True)
    except DamagedError as error:
        raise UnreadableCheckpointError(f"{path}: {error}") from None
    except Exception as error:  # the parser's errors on foreign files are not documented
        raise UnreadableCheckpointError(f"{path}: not a checkpoint ({error})") from None
    if not isinstance(loaded, dict):
        raise UnreadableCheckpointError(f"{path}: not a checkpoint")
    return loaded


def _keep(path: Path, name: Path) -> None:
    """Let a file stay under a second name when it is replaced, in the place of what has that name.

    Where there are no hard links, as on FAT and some network file systems, it is copied.

    Raises:
        UserError: The copy cannot be written.
    """
    temporary = name.with_name(f".{name.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    try:
        temporary.hardlink_to(path)
    except OSError:
        with replacing(name) as copy:
            shutil.copyfile(path, copy)
    else:
        temporary.replace(name)
