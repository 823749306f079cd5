"""Training state in one file, written atomically and read without unpickling code."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch

from ogan_bench.errors import UserError
from ogan_bench.files import replacing

State = dict[str, Any]


class UnreadableCheckpointError(Exception):
    """The file is truncated, altered, or holds something other than tensors and plain data."""


def save(path: Path, state: State) -> None:
    """Replace the checkpoint.

    Args:
        path: The file.
        state: Tensors and plain data.

    Raises:
        UserError: The disk is full or the folder cannot be written.
    """
    with replacing(path) as temporary:
        try:
            torch.save(state, temporary)
        except RuntimeError as error:  # torch's writer hides the OSError
            raise UserError(f"{path}: cannot be written ({error})") from None


def load(path: Path, device: torch.device) -> State | None:
    """The checkpoint, or ``None`` if there is none.

    Raises:
        UnreadableCheckpointError: It exists but cannot be used.
    """
    if not path.exists():
        return None
    try:
        state: State = torch.load(path, map_location=device, weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        raise UnreadableCheckpointError(f"{path}: {error}") from None
    return state
