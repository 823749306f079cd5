"""Checkpoints: no code in them, and damage recognised."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from ogan_bench.errors import UserError
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


def state(value: float) -> checkpoint.State:
    return {"step": 3, "weights": torch.full((1000,), value)}


def test_every_flipped_bit_is_recognised(tmp_path: Path) -> None:
    """Torch loads other weights from most of these files without a word."""
    path = tmp_path / "c.pt"
    checkpoint.save(path, state(1.0))
    whole = path.read_bytes()
    for position in range(0, len(whole), len(whole) // 50):
        damaged = bytearray(whole)
        damaged[position] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(UnreadableCheckpointError):
            checkpoint.load(path, CPU)
    path.write_bytes(whole)
    loaded = checkpoint.load(path, CPU)
    assert loaded is not None
    assert torch.equal(loaded["weights"], torch.ones(1000))


def test_torch_alone_reads_a_sealed_file(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "c.pt", state(2.0))
    assert torch.load(tmp_path / "c.pt", weights_only=True)["weights"][0] == 2


def test_a_file_of_a_version_without_seals_is_read(tmp_path: Path) -> None:
    torch.save(state(2.0), tmp_path / "c.pt")
    loaded = checkpoint.load(tmp_path / "c.pt", CPU)
    assert loaded is not None
    assert loaded["step"] == 3


@pytest.mark.parametrize("refused", [None, errno.EPERM, errno.ENOTSUP, errno.ENOSYS])
def test_the_checkpoint_before_the_last_one_is_kept(
    tmp_path: Path, refused: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on a file system that refuses hard links, each in its own way."""

    def no_links(*_: object, **__: object) -> None:
        raise OSError(refused, "no hard links here")

    if refused is not None:
        monkeypatch.setattr(os, "link", no_links)
    path, before = tmp_path / "c.pt", tmp_path / "before.pt"
    for value in (1.0, 2.0, 3.0):
        checkpoint.save(path, state(value), before=before)
    values = [checkpoint.load(name, CPU) for name in (path, before)]
    assert [found and float(found["weights"][0]) for found in values] == [3, 2]
    assert sorted(name.name for name in tmp_path.iterdir()) == ["before.pt", "c.pt"]


def test_with_no_room_for_a_copy_the_checkpoint_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path, before = tmp_path / "c.pt", tmp_path / "before.pt"
    checkpoint.save(path, state(1.0), before=before)
    monkeypatch.setattr(os, "link", full)
    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(UserError, match=r"before\.pt: cannot be written \(No space left"):
        checkpoint.save(path, state(2.0), before=before)
    found = checkpoint.load(path, CPU)
    assert found is not None
    assert float(found["weights"][0]) == 1
    assert [name.name for name in tmp_path.iterdir()] == ["c.pt"]
