"""Workers that start: what signals do to them, and a script without a main guard."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ogan_bench
from ogan_bench.runner.monitor import STOP
from ogan_bench.runner.signals import SIGNALS
from ogan_bench.runner.workers import LocalExecutor

SCRIPT = """
import os
from ogan_bench.runner.workers import LocalExecutor, exit_if_imported_by_worker

exit_if_imported_by_worker()
with LocalExecutor(["cpu"]) as executor:
    futures = [executor.submit(os.getpid) for _ in range(3)]
    futures[0].result()
"""


def test_a_script_without_a_main_guard_gets_one_error(tmp_path: Path) -> None:
    """Before, every trial started a worker that died with a traceback of its own."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1
    assert 'below `if __name__ == "__main__":`?' in done.stderr.splitlines()[-1]


def test_run_ends_in_a_worker_that_imports_the_script(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    study = ogan_bench.Study.from_yaml("mse_vs_pearson", scale="smoke")
    with pytest.raises(SystemExit):
        ogan_bench.run(study, out=tmp_path / "results")
    assert not (tmp_path / "results").exists()


def is_asked_to_stop(*, device: str) -> bool:
    return STOP.is_set()


def test_signals_reach_a_worker_that_is_still_starting_and_do_not_kill_it() -> None:
    """A scheduler sends its signal to every process of a job."""
    before = multiprocessing.active_children()
    with LocalExecutor(["cpu"]) as executor:
        (worker,) = set(multiprocessing.active_children()) - set(before)
        assert worker.pid is not None
        for number in SIGNALS:
            os.kill(worker.pid, number)
        assert executor.submit(is_asked_to_stop).result()
