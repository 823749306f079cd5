"""Checkpoints: no code in them, and damage recognised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from ogan_bench.training import checkpoint
from ogan_bench.training.checkpoint import UnreadableCheckpointError

CPU = torch.device("cpu")


def test_checkpoints_hold_no_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "executed",))

    torch.save({"step": Evil()}, tmp_path / "c.pt")
    with pytest.raises(UnreadableCheckpointError):
        checkpoint.load(tmp_path / "c.pt", CPU)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04"])
def test_damaged_checkpoints_are_recognised(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.pt").write_bytes(content)
    with pytest.raises(UnreadableCheckpointError):
        checkpoint.load(tmp_path / "c.pt", CPU)
    assert checkpoint.load(tmp_path / "none.pt", CPU) is None
