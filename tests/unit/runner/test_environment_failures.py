"""A trial whose evaluation meets a bug or a broken environment has no result; the next goes on."""

from __future__ import annotations

import json
import pwd
from pathlib import Path
from typing import BinaryIO

import pytest
import torch

from ogan_bench.errors import NoValueError, UserError, in_one_line
from ogan_bench.evaluation.fidelity import fidelity
from ogan_bench.features.pretrained_weights import hub_cache
from ogan_bench.runner.trial import Options, TrialReport, run_trial
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.trial import Trial
from ogan_bench.training.running_means import RunningMeans
from tests.unit.cli.asking import ask
from tests.unit.runner.test_trial import trial


@pytest.fixture
def chosen() -> Trial:
    return trial("training.steps=2", "training.log_every=1", "evaluation.every=null")


class Panic(BaseException):
    """As libraries in Rust raise, such as safetensors if memory runs out."""


def run(root: Path, chosen: Trial) -> TrialReport:
    return run_trial(chosen, Options(root), "cpu")


def mended(root: Path, chosen: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run, which trains nothing, measures everything."""
    folder = TrialStore(root).trial(chosen)
    assert folder.state() == "failed"
    assert folder.read("result.json") is None
    with monkeypatch.context() as patch:
        patch.setattr(RunningMeans, "add", None)  # called by every step
        assert run(root, chosen).status == "finished"
    rows = {row["metric"]: row for row in (folder.read("result.json") or {})["metrics"]}
    assert rows["kd_classifier"]["value"] is not None
    assert run(root, chosen).status == "skipped"


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
        ImportError("libnet.so: cannot open shared object file"),
        OSError(5, "Input/output error"),
        ValueError("not enough values to unpack (expected 2, got 1)"),
        Panic("PyObject pointer is null"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_metric_does_not_say_itself_fails_the_trial(
    tmp_path: Path, chosen: Trial, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> float:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(fidelity, "kernel_distance", fails)
        report = run(tmp_path, chosen)
    assert report.status == "failed"
    assert report.message == in_one_line(error)
    mended(tmp_path, chosen, monkeypatch)


def test_what_a_metric_says_itself_is_a_row_of_a_finished_trial(
    tmp_path: Path, chosen: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> float:
        raise NoValueError("nothing to measure")

    monkeypatch.setattr(fidelity, "kernel_distance", fails)
    assert run(tmp_path, chosen).status == "finished"
    result = TrialStore(tmp_path).trial(chosen).read("result.json") or {}
    rows = {row["metric"]: row for row in result["metrics"]}
    row = rows["kd_classifier"]
    assert (row["value"], row["note"]) == (None, "nothing to measure")


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No variable names a folder, and the user has no entry in the system."""

    def no_entry(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    for name in ("HOME", "OGAN_BENCH_CACHE", "XDG_CACHE_HOME", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", no_entry)
    return monkeypatch


def test_without_a_home_folder_the_message_names_the_variable(
    tmp_path: Path, cache: Path, chosen: Trial, homeless: pytest.MonkeyPatch
) -> None:
    report = run(tmp_path / "results", chosen)
    assert (report.status, "set $HOME, or $OGAN_BENCH_CACHE" in report.message) == ("failed", True)
    homeless.setenv("OGAN_BENCH_CACHE", str(cache))
    mended(tmp_path / "results", chosen, homeless)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_folder_pretrained_nets_say_what_to_set() -> None:
    with pytest.raises(UserError, match=r"set \$HOME, or \$HF_HUB_CACHE"):
        hub_cache()
    facts = json.loads(ask("doctor", "--json"))
    assert "$OGAN_BENCH_CACHE" in facts["cache"]["folder"]
    assert "$HF_HUB_CACHE" in facts["feature spaces"]["dinov2"]


def test_a_cache_that_cannot_be_written_is_named(
    tmp_path: Path, cache: Path, chosen: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path / "file"))
    report = run(tmp_path / "results", chosen)
    assert (report.status, str(tmp_path / "file") in report.message) == ("failed", True)
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(cache))
    mended(tmp_path / "results", chosen, monkeypatch)


def test_a_full_disk_under_the_cache_is_named(
    tmp_path: Path, cache: Path, chosen: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = torch.save

    def full(content: object, file: BinaryIO) -> None:
        if tmp_path / "cache" in Path(file.name).parents:
            try:
                raise OSError(28, "No space left on device")
            finally:  # as torch does
                raise RuntimeError("[enforce fail at inline_container.cc:671] . unexpected pos")
        save(content, file)

    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path / "cache"))
    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", full)
        report = run(tmp_path / "results", chosen)
    assert "cannot be written (No space left on device)" in report.message
    assert str(tmp_path / "cache") in report.message
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(cache))
    mended(tmp_path / "results", chosen, monkeypatch)
