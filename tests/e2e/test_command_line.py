"""The command line as a user meets it: real processes, real training, real kills."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.metrics import METRICS
from ogan_bench.store.trial_folder import TrialFolder
from tests.holders import holder_of

ROOT = Path(__file__).parent.parent.parent
STUDY = "studies/mse_vs_pearson.yaml"
SMALL = ("--scale", "smoke", "--arms", "none,pearson", "--seeds", "0")


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "ogan_bench", *map(str, arguments)]


def ogan_bench(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, cwd=ROOT, timeout=300, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def metrics(folder: Path) -> dict[str, Any]:
    result = json.loads((folder / "result.json").read_text())
    return {row["metric"]: row["value"] for row in result["metrics"]} | {
        "outcome": result["outcome"]
    }


def losses(folder: Path) -> list[dict[str, Any]]:
    lines = map(json.loads, (folder / "train.jsonl").read_text().splitlines())
    times = ("seconds", "images_per_second")
    return [{k: v for k, v in line.items() if k not in times} for line in lines]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Two trials of the smoke study, run to the end."""
    out = tmp_path_factory.mktemp("results")
    done = ogan_bench("run", STUDY, *SMALL, "--results", out, "--workers", "2", "--device", "cpu")
    return out, done.stdout + done.stderr


def test_run_ends_with_a_table_and_the_path_of_the_report(finished: tuple[Path, str]) -> None:
    out, printed = finished
    report = out / "mse_vs_pearson-smoke" / "report.html"
    assert str(report) in printed
    assert report.stat().st_size > 10_000
    assert "[2/2]" in printed
    assert "pearson" in printed
    for arm in ("none", "pearson"):
        folder = out / "mse_vs_pearson-smoke" / arm / "seed-0"
        assert metrics(folder)["outcome"] == "ok"
        assert (folder / "samples.png").read_bytes()[:4] == b"\x89PNG"
        assert not (folder / "progress.json").exists()


def test_second_run_has_nothing_to_do(finished: tuple[Path, str]) -> None:
    out, _ = finished
    program = (
        "import sys; from ogan_bench.cli import main\n"
        "try: main()\n"
        "finally: print([m for m in ('torch', 'pandas', 'seaborn') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "run", STUDY, *SMALL, "--results", str(out)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert "Nothing to do: all 2 trials of mse_vs_pearson-smoke are finished" in done.stderr
    assert done.stdout.strip() == "[]"


def test_another_configuration_is_refused(finished: tuple[Path, str]) -> None:
    out, _ = finished
    done = ogan_bench(
        "run", STUDY, *SMALL, "--results", out, "--set", "training.batch_size=32", code=2
    )
    assert "training.batch_size: 64 stored, 32 wanted" in done.stderr
    assert "--results" in done.stderr


def test_status_and_report_read_what_is_stored(finished: tuple[Path, str]) -> None:
    out, _ = finished
    stored = json.loads(
        ogan_bench("status", STUDY, "--scale", "smoke", "--results", out, "--json").stdout
    )
    assert stored["standing"]["text"] == "preliminary; registered"
    states = {row["trial"].split("/", 1)[1]: row["state"] for row in stored["trials"]}
    assert states["none/seed-0"] == states["pearson/seed-0"] == "finished"
    assert states["mse/seed-0"] == "missing"
    page = out / "mse_vs_pearson-smoke" / "report.html"
    before = page.read_bytes()
    ogan_bench("report", "--results", out)
    assert page.read_bytes() == before


def test_without_its_result_a_trial_is_measured_anew_and_not_trained(
    finished: tuple[Path, str], tmp_path: Path
) -> None:
    whole, _ = finished
    name = Path("mse_vs_pearson-smoke") / "pearson" / "seed-0"
    shutil.copytree(whole / name, tmp_path / name)
    (tmp_path / name / "result.json").unlink()
    log = (tmp_path / name / "train.jsonl").read_bytes()
    plan = ("--results", tmp_path, "--device", "cpu", "--format", "tasks")
    tasks = ogan_bench("plan", STUDY, *SMALL, *plan).stdout.splitlines()
    assert len(tasks) == 2
    ogan_bench(*shlex.split(tasks[1])[1:])  # of the second arm
    assert not (tmp_path / "mse_vs_pearson-smoke" / "none").exists()
    assert (tmp_path / name / "train.jsonl").read_bytes() == log
    assert metrics(tmp_path / name) == metrics(whole / name)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGUSR1, 75)]
)
def test_killed_and_run_again_equals_uninterrupted(
    finished: tuple[Path, str], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """kill -9 of every process in the middle of training, Ctrl-C and a scheduler's signal."""
    whole, _ = finished
    arguments = command(
        *("run", STUDY, *SMALL, "--results", tmp_path, "--workers", "2", "--device", "cpu"),
        *("--checkpoint-seconds", "0"),
    )
    folders = [tmp_path / "mse_vs_pearson-smoke" / arm / "seed-0" for arm in ("none", "pearson")]
    process = subprocess.Popen(
        arguments, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    # At the first checkpoint of either: by that of the later one a busy machine may be done.
    wait_until(lambda: any((folder / "checkpoint.pt").exists() for folder in folders))
    if number == signal.SIGKILL:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in errors
    assert not all((folder / "result.json").exists() for folder in folders)

    ogan_bench("run", STUDY, *SMALL, "--results", tmp_path, "--workers", "2", "--device", "cpu")
    for folder in folders:
        twin = whole / folder.relative_to(tmp_path)
        assert metrics(folder) == metrics(twin)
        assert losses(folder) == losses(twin)
    runs = [json.loads((folder / "run.json").read_text()) for folder in folders]
    assert 2 in [len(run["attempts"]) for run in runs]


def test_workers_of_a_killed_parent_do_not_live_on(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("run", STUDY, *SMALL, "--results", tmp_path, "--device", "cpu"),
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    folder = tmp_path / "mse_vs_pearson-smoke" / "none" / "seed-0"
    wait_until(lambda: (folder / "progress.json").exists())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: not group_members(process.pid), seconds=60)


def test_a_trial_that_dies_takes_no_other_with_it(tmp_path: Path) -> None:
    """The worker of one trial is killed: exit code 3, the other trial is finished."""
    process = subprocess.Popen(
        command(
            *("run", STUDY, *SMALL, "--results", tmp_path, "--workers", "2", "--device", "cpu"),
            *("--checkpoint-seconds", "0"),
        ),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    folder = tmp_path / "mse_vs_pearson-smoke" / "none" / "seed-0"
    wait_until(lambda: (folder / "progress.json").exists())
    os.kill(holder_of(folder / ".lock"), signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 3, errors
    assert "none/seed-0: its process was killed (SIGKILL)" in errors
    other = folder.parent.parent / "pearson" / "seed-0"
    assert metrics(other)["outcome"] == "ok"


def test_two_runs_on_one_folder_share_the_work(tmp_path: Path) -> None:
    """Every trial is trained by one of them, in one attempt; the last to end says 0."""
    arguments = command("run", STUDY, *SMALL, "--results", tmp_path, "--workers", "1")
    runs = [
        subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    errors = [process.communicate(timeout=300)[1] for process in runs]
    assert sorted(process.returncode for process in runs) in ([0, 0], [0, 75]), errors
    for arm in ("none", "pearson"):
        folder = tmp_path / "mse_vs_pearson-smoke" / arm / "seed-0"
        assert metrics(folder)["outcome"] == "ok"
        assert len(json.loads((folder / "run.json").read_text())["attempts"]) == 1


def test_workers_on_one_folder_equal_one_run(finished: tuple[Path, str], tmp_path: Path) -> None:
    """Two at once, by leases, on a study that was registered and never run."""
    whole, _ = finished
    study = tmp_path / "mse_vs_pearson-smoke"
    ogan_bench("register", STUDY, "--scale", "smoke", "--results", tmp_path)
    record = json.loads((study / "study.json").read_text())
    record["arms"] = {arm: record["arms"][arm] for arm in ("none", "pearson")}
    record["seeds"] = [0]
    del record["seal"]  # changed on purpose
    (study / "study.json").write_text(json.dumps(record))
    workers = [
        subprocess.Popen(
            command("work", tmp_path, "--workers", "1", "--device", "cpu", "--json"),
            env={**os.environ, "OGAN_BENCH_CLAIMS": "lease"},
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    printed = [process.communicate(timeout=300) for process in workers]
    codes = [process.returncode for process in workers]
    assert sorted(codes) in ([0, 0], [0, 75]), printed
    states = json.loads(printed[codes.index(0)][0])
    assert {row["state"] for row in states} == {"finished"}
    for arm in ("none", "pearson"):
        folder, twin = study / arm / "seed-0", whole / study.name / arm / "seed-0"
        assert metrics(folder) == metrics(twin)
        assert losses(folder) == losses(twin)
        assert len(json.loads((folder / "run.json").read_text())["attempts"]) == 1


def test_a_diverged_trial_is_a_result_and_not_a_failure(tmp_path: Path) -> None:
    done = ogan_bench(
        *("run", STUDY, "--scale", "smoke", "--arms", "pearson", "--seeds", "0"),
        *("--results", tmp_path, "--device", "cpu", "--set", "training.optimizer.lr=1e30"),
    )
    folder = tmp_path / "mse_vs_pearson-smoke" / "pearson" / "seed-0"
    assert metrics(folder) == {"outcome": "diverged"}
    assert "not finite" in done.stderr


def test_invalid_studies_and_flags_end_with_2(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("name: x\n")
    done = ogan_bench("run", tmp_path / "bad.yaml", "--results", tmp_path, code=2)
    assert "base: is required" in done.stderr
    assert "--seeds" in ogan_bench("run", STUDY, "--seeds", "x", code=2).stderr
    out = ("--results", tmp_path / "none")
    assert "cuda:99" in ogan_bench("run", STUDY, "--device", "cuda:99", *out, code=2).stderr
    assert "no study is stored here" in ogan_bench("report", "--results", tmp_path, code=2).stderr
    done = ogan_bench(
        "run", STUDY, "--set", "data.resolution=24", "--results", tmp_path / "r", code=2
    )
    assert "16, 32, 64, 128 or 256" in done.stderr
    assert not list((tmp_path / "r").glob("*/*/*/run.json"))


def test_an_unwritable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = ogan_bench("run", STUDY, *SMALL, "--results", tmp_path / "file", code=2)
    assert f"{tmp_path}/file" in done.stderr


def wait_until(condition: Any, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def group_members(group: int) -> list[int]:
    """Processes of a process group that are alive."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def test_stored_trials_are_measured_again_without_training(
    finished: tuple[Path, str], tmp_path: Path
) -> None:
    out = tmp_path / "results"
    shutil.copytree(finished[0], out)
    study = out / "mse_vs_pearson-smoke"
    before = {arm: metrics(study / arm / "seed-0") for arm in ("none", "pearson")}
    log = (study / "none" / "seed-0" / "train.jsonl").read_bytes()
    stored = json.loads((study / "none" / "seed-0" / "result.json").read_text())
    for row in stored["metrics"]:
        row["value"] = 0.0
    TrialFolder(study / "none" / "seed-0").write("result.json", stored)

    done = ogan_bench("evaluate", study / "none", "--device", "cpu", "--json")
    rows = json.loads(done.stdout)
    assert {(row["arm"], row["seed"]) for row in rows} == {("none", 0)}
    assert metrics(study / "none" / "seed-0") == before["none"]
    assert metrics(study / "pearson" / "seed-0") == before["pearson"]
    assert (study / "none" / "seed-0" / "train.jsonl").read_bytes() == log


def test_what_was_asked_of_a_stored_trial_is_shown(
    finished: tuple[Path, str], tmp_path: Path
) -> None:
    """The rows used to be in result.json alone, and without any value the exit code was 0."""
    out = tmp_path / "results"
    shutil.copytree(finished[0], out)
    trial = out / "mse_vs_pearson-smoke" / "none" / "seed-0"
    shown = ogan_bench("evaluate", trial, "--groups", "codes", "--device", "cpu").stdout
    table = shown.partition("\nnone/seed-0\n")[2]
    codes = {name: of for name, of in METRICS.items() if of.group == "codes"}
    rows = {name: value for name, value in metrics(trial).items() if name in codes}
    assert rows
    for name, value in rows.items():
        assert codes[name].title in table
        assert value is None or format(value, codes[name].format) in table
    lacking = ("--extractors", "clip", "--device", "cpu")
    done = ogan_bench("evaluate", trial, *lacking, code=4)
    assert "OGAN_BENCH_CLIP" in done.stdout.partition("\nnone/seed-0\n")[2]
    assert "Nothing that was asked for could be measured" in done.stderr


def test_what_cannot_be_measured_again_is_said(finished: tuple[Path, str], tmp_path: Path) -> None:
    out = tmp_path / "results"
    shutil.copytree(finished[0], out)
    trial = out / "mse_vs_pearson-smoke" / "none" / "seed-0"
    (trial / "checkpoint.pt").unlink()
    done = ogan_bench("evaluate", trial, "--device", "cpu", code=3)
    assert "no checkpoint.pt" in done.stderr
    assert metrics(trial)["outcome"] == "ok"
    for arguments, message in (
        ((out,), "not the folder of a stored study"),
        ((trial, "--groups", "divresity"), "Did you mean 'diversity'?"),
        ((), "name folders of stored trials"),
        ((trial, "--generated", out, "--reference", "digits"), "name folders of stored trials"),
    ):
        assert message in ogan_bench("evaluate", *arguments, code=2).stderr


def test_stopped_by_its_budget_and_run_again_equals_uninterrupted(
    finished: tuple[Path, str], tmp_path: Path
) -> None:
    """A budget of nothing allows one step; the next one ends somewhere; the last run has none."""
    whole, _ = finished
    arguments = ("run", STUDY, *SMALL, "--results", tmp_path, "--workers", "2", "--device", "cpu")
    done = ogan_bench(*arguments, "--trial-budget", "0", code=75)
    assert "2 trials were stopped by their budget" in done.stderr
    listed = ogan_bench("status", STUDY, *SMALL, "--results", tmp_path, "--json")
    rows = {row["trial"].split("/")[1]: row for row in json.loads(listed.stdout)["trials"]}
    folders = [tmp_path / "mse_vs_pearson-smoke" / arm / "seed-0" for arm in ("none", "pearson")]
    for folder in folders:
        row = rows[folder.parent.name]
        assert (row["state"], row["outcome"], row["step"]) == ("stopped", "stopped", 1)
        result = json.loads((folder / "result.json").read_text())
        assert result["reason"].startswith("stopped after 1 of ")
        assert result["metrics"]
    again = ogan_bench(*arguments, "--trial-budget", "0", code=75)
    assert "2 of 2 trials" in again.stderr
    assert "have used up their budget" in again.stderr

    subprocess.run(command(*arguments, "--trial-budget", "0.3"), cwd=ROOT, check=False)
    ogan_bench(*arguments)
    for folder in folders:
        twin = whole / folder.relative_to(tmp_path)
        assert metrics(folder) == metrics(twin)
        assert losses(folder) == losses(twin)
        assert (folder / "samples.png").read_bytes() == (twin / "samples.png").read_bytes()


def test_stored_trials_are_sampled_again(finished: tuple[Path, str], tmp_path: Path) -> None:
    out = tmp_path / "results"
    shutil.copytree(finished[0], out)
    study = out / "mse_vs_pearson-smoke"
    folder = study / "pearson" / "seed-0"
    before = (folder / "result.json").read_bytes()
    done = ogan_bench("evaluate", study, "--samplings", "2", "--device", "cpu", "--json")
    rows = json.loads(done.stdout)
    assert {(row["arm"], row["evaluation_seed"]) for row in rows} == {
        (arm, seed) for arm in ("none", "pearson") for seed in (1, 2)
    }
    stored = json.loads((folder / "samplings.json").read_text())["samplings"]
    values = [{row["metric"]: row["value"] for row in stored[seed]} for seed in ("1", "2")]
    own = metrics(folder)
    assert len({own["fd_classifier"], *(one["fd_classifier"] for one in values)}) == 3
    assert all(one["reconstruction_mse"] == own["reconstruction_mse"] for one in values)
    assert (folder / "result.json").read_bytes() == before
    assert "skipped" in ogan_bench("evaluate", folder, "--samplings", "1").stderr
    message = "--samplings measures stored trials again in their own feature spaces"
    assert (
        message
        in ogan_bench("evaluate", folder, "--samplings", "1", "--groups", "codes", code=2).stderr
    )
