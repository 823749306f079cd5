"""Faults that the system itself makes in a real run: it says so, and the same command goes on.

Full disks, folders that cannot be written and limits are those of the kernel; signals come in the
middle of training. After each, the command that failed ends with 0, and with the results of a run
that nothing happened to.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.runner.signals import SIGNALS
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.training.running_means import RunningMeans
from ogan_bench.training.updates import StepReport
from tests.warm_runs import WarmRun, wait_until

STUDY = """\
name: tiny
question: Does a fault change anything?
base:
  data: {name: ring}
  model: {name: mlp, z_dim: 4, width: 8}
  objective: {adversarial: non_saturating, readout: avg, consistency: pearson, penalty: none}
  training: {steps: 40, batch_size: 8, log_every: 5, optimizer: {name: adam, lr: 1e-3}}
  evaluation: {samples: 100, probe_images: 0, every: null}
arms:
  narrow: {}
  wide: {model: {width: 64}}
seeds: [0]
metrics: [modes_points]
"""
NEW_MOUNTS = 0x00020000
"""``CLONE_NEWNS`` of ``unshare``: what is mounted then is seen by this process and its children."""

Condition = Callable[[], object]


def arguments(root: Path, *more: str, study: str = STUDY) -> tuple[str | Path, ...]:
    path = root.parent / "tiny.yaml"
    path.write_text(study, encoding="utf-8")
    return ("run", path, "--results", root, "--workers", "2", "--device", "cpu", *more)


def run(
    root: Path, *more: str, condition: Condition | None = None, study: str = STUDY
) -> tuple[int | None, str]:
    """Run the study; its exit code and what it says."""
    words = arguments(root, *more, study=study)
    return WarmRun(*words, said=root.parent / "said.txt", condition=condition).end()


def results(root: Path, arm: str) -> dict[str, Any]:
    """What must not depend on faults: weights, measurements and logs without times."""
    folder = root / "tiny" / arm / "seed-0"
    result = json.loads((folder / "result.json").read_text())
    log = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    return {
        "metrics": result["metrics"],
        "outcome": result["outcome"],
        "nets": (folder / "nets.safetensors").read_bytes(),
        "log": [{key: row[key] for key in row if "second" not in key} for row in log],
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a run that nothing happens to."""
    root = tmp_path_factory.mktemp("whole") / "results"
    code, said = run(root)
    assert code == 0, said
    return root


@pytest.fixture
def unmeasured(whole: Path, tmp_path: Path) -> Path:
    """The same, of which the narrow trial has lost its result."""
    root = shutil.copytree(whole, tmp_path / "results")
    (root / "tiny" / "narrow" / "seed-0" / "result.json").unlink()
    return root


def mended(root: Path, whole: Path) -> None:
    """The same command ends with 0, and with the results of an undisturbed run."""
    code, said = run(root)
    assert code == 0, said
    for arm in ("narrow", "wide"):
        assert results(root, arm) == results(whole, arm)


def fails(
    root: Path, whole: Path, arm: str, condition: Condition, line: str, study: str = STUDY
) -> None:
    """The trial of an arm fails with one line, and the other one is as it should be."""
    code, said = run(root, condition=condition, study=study)
    assert code == 3, said
    assert "Traceback" not in said
    (failed,) = re.findall(r"^failed: (.*)$", said, re.MULTILINE)
    assert re.match(rf"tiny/{arm}/seed-0: .*{line}", failed), failed
    (other,) = {"narrow", "wide"} - {arm}
    assert results(root, other) == results(whole, other)


# Limits


def limit(kind: int, most: int) -> None:
    resource.setrlimit(kind, (most, most))


def test_a_checkpoint_larger_than_a_file_may_be(whole: Path, tmp_path: Path) -> None:
    root = tmp_path / "results"
    at_most = functools.partial(limit, resource.RLIMIT_FSIZE, 60_000)
    fails(root, whole, "wide", at_most, r"/checkpoint\.pt: cannot be written \(File too large\)")
    mended(root, whole)


def test_a_result_larger_than_a_file_may_be(unmeasured: Path, whole: Path) -> None:
    at_most = functools.partial(limit, resource.RLIMIT_FSIZE, 6_500)
    fails(
        unmeasured, whole, "narrow", at_most, r"/result\.json: cannot be written \(File too large\)"
    )
    mended(unmeasured, whole)


def little_memory() -> None:
    """Half a gigabyte more than imports take."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit(resource.RLIMIT_AS, pages * resource.getpagesize() + 2**29)


def test_a_trial_with_no_room_in_memory(whole: Path, tmp_path: Path) -> None:
    """One weight of its nets takes 1.6 GB, which never become resident."""
    root = tmp_path / "results"
    study = STUDY.replace("width: 64", "width: 20_000")
    fails(root, whole, "wide", little_memory, "can't allocate memory", study=study)


# Mounts


def mount(*arguments: str | Path) -> None:
    """Mount something that only this process and its children see."""
    if ctypes.CDLL(None).unshare(NEW_MOUNTS):
        raise OSError("no mounts of its own")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", *map(str, arguments)], check=True)


@functools.cache
def mounts() -> bool:
    """Whether this user may mount."""
    return not subprocess.run(
        ["unshare", "-m", "true"], check=False, capture_output=True
    ).returncode


needs_mounts = pytest.mark.skipif(not mounts(), reason="only root may mount")


@needs_mounts
def test_a_full_disk(whole: Path, tmp_path: Path) -> None:
    root = tmp_path / "results"
    folder = root / "tiny" / "wide" / "seed-0"
    folder.mkdir(parents=True)
    small = functools.partial(mount, "-t", "tmpfs", "-o", "size=32k", "none", folder)
    fails(
        root,
        whole,
        "wide",
        small,
        r"/checkpoint\.pt: cannot be written \(No space left on device\)",
    )
    mended(root, whole)


def read_only(folder: Path) -> None:
    mount("--bind", "-o", "ro", folder, folder)


@needs_mounts
def test_a_trial_on_a_read_only_disk(unmeasured: Path, whole: Path) -> None:
    folder = unmeasured / "tiny" / "narrow" / "seed-0"
    fails(
        unmeasured, whole, "narrow", functools.partial(read_only, folder), "Read-only file system"
    )
    mended(unmeasured, whole)


@needs_mounts
def test_results_on_a_read_only_disk(unmeasured: Path, whole: Path) -> None:
    code, said = run(unmeasured, condition=functools.partial(read_only, unmeasured))
    assert (code, len(said.splitlines())) == (2, 1), said
    assert re.match(rf"{unmeasured}.* cannot be written \(Read-only file system\)", said), said
    mended(unmeasured, whole)


@needs_mounts
def test_a_full_folder_of_temporary_files(whole: Path, tmp_path: Path) -> None:
    """Nothing depends on it: the run trains, measures and ends as any other."""
    root, folder = tmp_path / "results", tmp_path / "temporary"
    folder.mkdir()
    code, said = run(root, condition=functools.partial(full_temporary_folder, folder))
    assert code == 0, said
    for arm in ("narrow", "wide"):
        assert results(root, arm) == results(whole, arm)


def full_temporary_folder(folder: Path) -> None:
    mount("-t", "tmpfs", "-o", "size=4k", "none", folder)
    (folder / "file").write_bytes(bytes(4096))
    os.environ["TMPDIR"] = str(folder)


# Signals


def slow() -> None:
    """Every step takes longer, so that a signal comes in the middle."""
    add = RunningMeans.add

    def later(self: RunningMeans, report: StepReport) -> None:
        time.sleep(0.05)
        add(self, report)

    RunningMeans.add = later  # type: ignore[method-assign]


@pytest.mark.parametrize("number", [*SIGNALS, signal.SIGKILL], ids=lambda number: number.name)
def test_a_signal_in_the_middle_of_training(
    number: signal.Signals, whole: Path, tmp_path: Path
) -> None:
    root = tmp_path / "results"
    folder = root / "tiny" / "narrow" / "seed-0"
    # Of a kill nothing is known before.
    more = ("--only", "narrow/seed-0", "--checkpoint-seconds", "0" if number == 9 else "30")
    running = WarmRun(*arguments(root, *more), said=tmp_path / "said.txt", condition=slow)
    wait_until(lambda: (folder / "progress.json").exists())
    wait_until(lambda: number != signal.SIGKILL or (folder / "checkpoint.pt").exists())
    assert running.process.pid is not None
    if number in (signal.SIGKILL, signal.SIGINT, signal.SIGHUP):  # as a terminal does
        os.killpg(running.process.pid, number)
    else:
        os.kill(running.process.pid, number)
    code, said = running.end()
    assert code == {signal.SIGKILL: -9, signal.SIGINT: 130}.get(number, 75), said
    assert "Traceback" not in said
    assert not (folder / "result.json").exists()
    wait_until(lambda: not TrialFolder(folder).is_running)
    code, said = run(root, *more)
    assert code == 0, said
    assert results(root, "narrow") == results(whole, "narrow")
    attempts = json.loads((folder / "run.json").read_text())["attempts"]
    assert [attempt["trains"] for attempt in attempts] == [True, True]


# Other commands, and a folder that is moved


def held(until: Path) -> None:
    """The training goes no further than its first checkpoint before a file is there."""
    add, steps = RunningMeans.add, itertools.count()

    def later(self: RunningMeans, report: StepReport) -> None:
        if next(steps):
            wait_until(until.exists)
        add(self, report)

    RunningMeans.add = later  # type: ignore[method-assign]


def started(root: Path, tmp_path: Path, condition: Condition = slow) -> WarmRun:
    """A run of the narrow trial that has saved its first checkpoint."""
    more = ("--only", "narrow/seed-0", "--checkpoint-seconds", "0")
    running = WarmRun(*arguments(root, *more), said=tmp_path / "said.txt", condition=condition)
    wait_until(lambda: (root / "tiny" / "narrow" / "seed-0" / "checkpoint.pt").exists())
    return running


def test_commands_that_read_while_a_trial_is_trained(whole: Path, tmp_path: Path) -> None:
    root = shutil.copytree(whole, tmp_path / "results")
    folder = root / "tiny" / "narrow" / "seed-0"
    shutil.rmtree(folder)
    where, codes = ("--results", root), ("--groups", "codes", "--device", "cpu")
    (tmp_path / "watch.txt").touch()
    with (
        started(root, tmp_path, functools.partial(held, tmp_path / "go")) as running,
        WarmRun("watch", *where, "--port", "0", said=tmp_path / "watch.txt") as watching,
    ):
        for words, wanted in (
            (("status", "tiny", *where, "--json"), 0),
            (("report", *where), 0),
            (("doctor", *where), 0),
            (("evaluate", root / "tiny" / "wide", *codes), 0),
            (("evaluate", folder, *codes), 2),  # it has no result yet
            (("compact", "tiny", *where), 75),
        ):
            said = tmp_path / f"{words[0]}.txt"
            assert WarmRun(*words, said=said).end()[0] == wanted, said.read_text()
            assert "Traceback" not in said.read_text()
        wait_until(lambda: "http://" in (tmp_path / "watch.txt").read_text())
        (address,) = re.findall(r"http://\S+", (tmp_path / "watch.txt").read_text())
        with urllib.request.urlopen(f"{address}tiny/", timeout=60) as answer:
            assert "narrow/seed-0</th><td>train</td>" in answer.read().decode()
        assert watching.process.pid is not None
        os.kill(watching.process.pid, signal.SIGINT)
        assert watching.end()[0] == 0, (tmp_path / "watch.txt").read_text()
        (tmp_path / "go").touch()
        code, text = running.end()
    assert code == 0, text
    assert results(root, "narrow") == results(whole, "narrow")
    assert results(root, "wide")["nets"] == results(whole, "wide")["nets"]


def test_a_folder_that_is_moved_between_two_runs(whole: Path, tmp_path: Path) -> None:
    """Under another name, on another path, and by a link."""
    root, moved, link = tmp_path / "results", tmp_path / "away" / "renamed", tmp_path / "link"
    running = started(root, tmp_path)
    assert running.process.pid is not None
    os.killpg(running.process.pid, signal.SIGKILL)
    running.end()
    moved.parent.mkdir()
    root.rename(moved)
    link.symlink_to(moved, target_is_directory=True)
    code, said = run(link)
    assert code == 0, said
    attempts = json.loads((moved / "tiny/narrow/seed-0/run.json").read_text())["attempts"]
    assert len(attempts) == 2
    for arm in ("narrow", "wide"):
        assert results(moved, arm) == results(whole, arm)


# Plug-ins

PLUGIN = """\
import os, sys, time

from ogan_bench.objectives.parts.consistency import Consistency


def ends(how):
    def loss(z, code):
        how()
        return (z - code).square().mean(dim=1)

    return Consistency(loss)


def hangs():
    return ends(lambda: time.sleep(600))


def raises():
    return ends(lambda: 1 / 0)


def exits():
    return ends(lambda: sys.exit(0))


def dies():
    return ends(lambda: os._exit(0))


CONSISTENCY = {"hangs": hangs, "raises": raises, "exits": exits, "dies": dies}
"""


def test_plugins_that_hang_raise_and_exit(whole: Path, tmp_path: Path) -> None:
    """Each fails its own trial, with one line that says how; a zero is no success."""
    (tmp_path / "mine.py").write_text(PLUGIN, encoding="utf-8")
    arms = [f"  {name}: {{objective: {{consistency: {name}}}}}\n" for name in WAYS]
    study = "plugins: [mine.py]\n" + STUDY.replace("seeds:", "".join(arms) + "seeds:")
    root = tmp_path / "results"
    code, said = run(root, "--stall-minutes", "0.05", study=study)
    assert (code, "Traceback" in said) == (3, False), said
    failed = dict(re.findall(r"^failed: tiny/(\w+)/seed-0: (.*) \(see ", said, re.MULTILINE))
    assert failed == WAYS
    for arm in ("narrow", "wide"):
        assert results(root, arm) == results(whole, arm)
    error = (root / "tiny" / "hangs" / "seed-0" / "error.txt").read_text()
    assert re.search(r'File ".*mine\.py", line \d+', error), error


WAYS = {
    "hangs": "no sign of life for 0.05 min, so its process was ended; run again to resume it",
    "raises": "ZeroDivisionError: division by zero",
    "exits": "SystemExit: 0",
    "dies": "its process ended with exit code 0; run again to resume it",
}


# Where there is nothing that a user usually has


def test_no_home_no_locale_no_cache(whole: Path, tmp_path: Path) -> None:
    """A process of its own, from the start: also the one that says warm runs are as any other."""
    root = tmp_path / "results"
    command = [sys.executable, "-m", "ogan_bench", *map(str, arguments(root))]
    done = subprocess.run(
        [*command, "--only", "narrow/seed-0"],
        env={"PATH": os.defpath, "LC_ALL": "POSIX", "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    assert results(root, "narrow") == results(whole, "narrow")


def backwards() -> None:
    began, now = time.monotonic(), time.time()
    time.time = lambda: now - 1000 * (time.monotonic() - began)


def still() -> None:
    now = time.time()
    time.time = lambda: now


@pytest.mark.parametrize("condition", [backwards, still])
def test_a_clock_that_is_wrong(condition: Condition, whole: Path, tmp_path: Path) -> None:
    root = tmp_path / "results"
    code, said = run(root, condition=condition)
    assert code == 0, said
    for arm in ("narrow", "wide"):
        assert results(root, arm) == results(whole, arm)
