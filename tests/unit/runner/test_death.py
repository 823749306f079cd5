"""What is said of a worker that has died: the signal, its exit code, and the kernel's own count."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ogan_bench.runner.death import cause, memory_kills
from ogan_bench.runner.executor import WorkerDiedError
from ogan_bench.runner.workers import LocalExecutor


def end(how: str, *, device: str) -> None:
    if how == "exit":
        os._exit(7)
    os.kill(os.getpid(), getattr(signal, how))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("exit", r"its process ended with exit code 7"),
        ("SIGKILL", r"its process was killed \(SIGKILL\)"),
        ("SIGSEGV", r"its process crashed \(SIGSEGV\)"),
        ("SIGABRT", r"its process crashed \(SIGABRT\)"),
    ],
)
def test_the_end_of_a_worker_is_told_as_what_it_was(how: str, said: str) -> None:
    with LocalExecutor(["cpu"]) as executor:
        with pytest.raises(WorkerDiedError, match=said):
            executor.submit(end, how).result()
        assert executor.submit(_alive).result() == "alive"  # another worker has taken its place


def _alive(*, device: str) -> str:
    return "alive"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (2, 2, "its process was killed (SIGKILL), not for lack of memory"),
        (2, 3, "the kernel killed its process for lack of memory"),
        (None, None, "maybe for lack of memory"),
        (2, None, "maybe for lack of memory"),
    ],
)
def test_memory_is_blamed_only_on_the_kernels_word(
    before: int | None, after: int | None, said: str
) -> None:
    assert said in cause(-signal.SIGKILL, before, after)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (None, "its process is gone"),
        (0, "its process ended with exit code 0"),
        (-signal.SIGTERM, "SIGTERM ended its process"),
        (-(signal.SIGRTMIN + 1), f"signal {signal.SIGRTMIN + 1} ended its process"),
    ],
)
def test_other_ends(code: int | None, said: str) -> None:
    assert cause(code, 0, 1) == said


def test_kills_are_those_of_the_own_control_group_where_there_is_one(tmp_path: Path) -> None:
    proc, cgroups = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    assert memory_kills(proc, cgroups) is None
    (proc / "vmstat").write_text("oom_kill_other 9\noom_kill 4\nswap_ra 1\n")
    assert memory_kills(proc, cgroups) == 4
    (proc / "self" / "cgroup").write_text("0::/job/step\n")
    assert memory_kills(proc, cgroups) == 4  # version 1, or hidden: the machine's
    (cgroups / "job" / "step").mkdir(parents=True)
    (cgroups / "job" / "step" / "memory.events").write_text("low 0\noom 2\noom_kill 1\n")
    assert memory_kills(proc, cgroups) == 1


def test_this_machine_is_read_without_an_error() -> None:
    kills = memory_kills()
    assert kills is None or kills >= 0
