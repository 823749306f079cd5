"""What is written for Weights & Biases, read back from its own files."""

from __future__ import annotations

import importlib
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.errors import UserError
from ogan_bench.mirrors import open_mirrors
from ogan_bench.mirrors import wandb as wandb_mirror
from tests.unit.mirrors.mirrored_trial import FINAL, MORE, POINTS, TRIAL, opened

pytestmark = pytest.mark.usefixtures("_no_accounts")


@pytest.fixture
def wandb_stopped() -> Iterator[None]:
    """Ends the process that wandb starts."""
    yield
    import wandb

    wandb.teardown()


def offline_runs(results: Path) -> list[Path]:
    return sorted((results / "mirrors" / "wandb").glob("offline-run-*"))


def payloads(content: bytes) -> Iterator[bytes]:
    """Records of an offline run: LevelDB's log format after a header of 7 bytes.

    Blocks of 32 KiB hold pieces of checksum (4 bytes), length (2), kind (1: whole, 2: first,
    3: middle, 4: last) and data; fewer than 7 bytes at the end of a block are padding.
    """
    assert content[:4] == b":W&B"
    at, whole = 7, b""
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        size, kind = struct.unpack("<HB", content[at + 4 : at + 7])
        whole += content[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):
            yield whole
            whole = b""


def offline_records(folder: Path) -> tuple[list[dict[str, str]], dict[str, str]]:
    """History and summary of an offline run."""
    messages = importlib.import_module("wandb.proto.wandb_internal_pb2")

    def named(items: Any) -> dict[str, str]:
        return {item.key or ".".join(item.nested_key): item.value_json for item in items}

    (path,) = folder.glob("*.wandb")
    history: list[dict[str, str]] = []
    summary: dict[str, str] = {}
    for payload in payloads(path.read_bytes()):
        record = messages.Record.FromString(payload)
        if record.HasField("history"):
            history.append(named(record.history.item))
        if record.HasField("summary"):
            summary |= named(record.summary.update)
    return history, summary


def written_records(folder: Path) -> tuple[list[dict[str, str]], dict[str, str]]:
    """The records once the last of them is there: W&B's own process writes, and may be late."""
    for _ in range(300):
        history, summary = offline_records(folder)
        if "outcome" in summary:
            break
        time.sleep(0.2)
    return history, summary


@pytest.mark.usefixtures("wandb_stopped")
def test_wandb_is_offline_without_a_key_and_writes_a_resumed_trial_again(tmp_path: Path) -> None:
    mirror = opened("wandb", tmp_path)
    run = mirror.begin(TRIAL, None)
    run.log(POINTS)
    run.close()
    (folder,) = offline_runs(tmp_path)
    assert folder.name == run.id

    again = mirror.begin(TRIAL, run.id)
    assert again.id != run.id
    assert again.id.rpartition("-")[2] == run.id.rpartition("-")[2]
    again.log(POINTS + MORE)
    again.finish(FINAL, "ok")
    (folder,) = offline_runs(tmp_path)
    assert folder.name == again.id
    history, summary = written_records(folder)
    rho = [(row["step"], row["train/rho"]) for row in history if "train/rho" in row]
    assert rho == [("10", "0.5"), ("20", "0.75"), ("30", "0.875")]
    assert [row["step"] for row in history if "test/fd_classifier" in row] == ["20"]
    assert (summary["final/fid"], summary["outcome"]) == ("12.5", '"ok"')


def test_wandb_never_prompts_for_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not wandb_mirror.has_key()
    monkeypatch.setenv("WANDB_MODE", "online")
    with pytest.raises(UserError, match="wandb login"):
        open_mirrors(["wandb"], tmp_path)
    (tmp_path / "netrc").write_text("machine api.wandb.ai login user password secret\n")
    assert wandb_mirror.has_key()
    monkeypatch.setenv("WANDB_BASE_URL", "https://wandb.example")
    assert not wandb_mirror.has_key()
    monkeypatch.setenv("WANDB_API_KEY", "secret")
    assert wandb_mirror.has_key()
