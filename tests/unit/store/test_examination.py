"""What is seen of damage to a results folder, and what of it is repaired."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ogan_bench.store.examination import IN_USE_SECONDS, Fault, examine_results, leftovers
from ogan_bench.store.packed import PACKS, PackedStudy
from ogan_bench.store.preregistration import register
from ogan_bench.store.sealed import seal
from ogan_bench.store.stored_nets import write_nets
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study, study_record
from ogan_bench.study.shipped import shipped_studies
from ogan_bench.study.trial import config_hash
from tests.unit.analysis.stored_study import png


@pytest.fixture
def trial(tmp_path: Path) -> TrialFolder:
    """One of two planned trials, finished."""
    identity = {"training": {"steps": 1}}
    record = {"format": 1, "folder": "demo", "arms": {"none": identity}, "seeds": [0, 1]}
    TrialStore(tmp_path).write_study("demo", {**record, "identities": {"none": identity}})
    folder = TrialFolder(tmp_path / "demo" / "none" / "seed-0")
    place = {"format": 1, "study": "demo", "arm": "none", "seed": 0}
    place["config_hash"] = config_hash({**identity, "seed": 0})
    folder.write("run.json", {**place, "provenance": {"ogan_bench": "0.1"}})
    folder.log.append({"step": 1})
    known = {"train.jsonl": folder.log.sha256()}
    folder.write("result.json", {**place, "outcome": "ok", "metrics": [], "sha256": known})
    folder.checkpoint.write_bytes(b"weights")
    seal(folder.checkpoint)
    (folder.path / "samples.png").write_bytes(png(8, 8))
    images = {"dataset": "digits", "shape": [1, 16, 16], "are_points": False}
    images |= {"classes": [], "frequencies": [], "licence": ""}
    write_nets(folder.path, b"weights", {"format": 1, "config": identity, "images": images})
    return folder


def faults(trial: TrialFolder) -> list[Fault]:
    (study,) = examine_results(trial.path.parents[2])
    return list(study.faults)


def test_a_whole_folder_has_no_fault(trial: TrialFolder) -> None:
    (study,) = examine_results(trial.path.parents[2])
    assert (study.study, study.planned, study.finished, study.running) == ("demo", 2, 1, 0)
    assert study.versions == ("0.1",)
    assert study.faults == ()


@pytest.mark.parametrize(
    "name",
    ["run.json", "result.json", "nets.json", "nets.safetensors", "checkpoint.pt", "samples.png"],
)
def test_a_flipped_bit_is_seen(trial: TrialFolder, name: str) -> None:
    path = trial.path / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    (fault,) = faults(trial)
    assert fault.path == path
    assert str(path) in fault.text


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: (path / "train.jsonl").write_text(""), "train.jsonl: damaged"),
        (lambda path: (path / "run.json").unlink(), "run.json: missing, with a result"),
        (lambda path: (path / "nets.safetensors").unlink(), "nets.safetensors: no such file"),
        (lambda path: (path / "nets.json").write_text('{"format": 1}'), "nets.json: config: Field"),
        (lambda path: (path.parents[1] / "study.json").write_text("{"), "study.json: cannot be"),
        (lambda path: (path.parents[1] / "study.json").unlink(), "study.json: no such study"),
        (lambda path: (path.parents[1] / "registered.json").write_text("{}"), "registered.json:"),
        (lambda path: path.rename(path.with_name("seed-7")), "says that it is of demo/none/seed-0"),
        (
            lambda path: TrialFolder(path).write(
                "run.json", {**(TrialFolder(path).read("run.json") or {}), "config_hash": "0"}
            ),
            "other settings than study.json states",
        ),
    ],
)
def test_every_other_damage_is_named(
    trial: TrialFolder, spoil: Callable[[Path], object], said: str
) -> None:
    spoil(trial.path)
    assert any(said in fault.text for fault in faults(trial))


def test_a_study_that_was_registered_and_never_run_has_no_fault(tmp_path: Path) -> None:
    study = load_study(shipped_studies()["mse_vs_pearson"], scale="smoke")
    register(TrialStore(tmp_path), study.folder, study_record(study, study.seeds, "run"))
    (examined,) = examine_results(tmp_path)
    assert (examined.planned, examined.faults) == (0, ())


def test_only_what_nobody_needs_is_removed_and_only_if_asked(trial: TrialFolder) -> None:
    root = trial.path.parents[2]
    kept = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    left = [trial.path / ".checkpoint.pt.abc123", trial.path / "steps" / ".step-1.png.x_y"]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    found = faults(trial)
    assert [(fault.path, fault.is_repaired) for fault in found] == [(path, False) for path in left]
    (study,) = examine_results(root, repair=True)
    assert [fault.is_repaired for fault in study.faults] == [True, True]
    assert faults(trial) == []
    files = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert {path: files[path] for path in kept} == kept
    assert {path.name for path in files.keys() - kept.keys()} <= {".lock"}


def test_a_file_that_may_be_in_use_is_left_alone(tmp_path: Path) -> None:
    for age, name in ((0.0, ".report.html.abc123"), (2 * IN_USE_SECONDS, ".study.json.abc123")):
        path = tmp_path / name
        path.write_text("")
        then = path.stat().st_mtime - age
        os.utime(path, (then, then))
    (fault,) = leftovers(tmp_path, True, in_use_seconds=IN_USE_SECONDS)
    assert fault.path.name == ".study.json.abc123"
    assert (tmp_path / ".report.html.abc123").exists()


def test_a_folder_that_cannot_be_claimed_is_read_all_the_same(trial: TrialFolder) -> None:
    """As one that is read-only; root can write there, but nobody can lock a folder."""
    (trial.path / ".lock").unlink(missing_ok=True)
    (trial.path / ".lock").mkdir()
    assert faults(trial) == []
    (trial.path / "run.json").write_text("{")
    assert any("run.json" in fault.text for fault in faults(trial))


def test_a_trial_that_is_being_run_is_passed_over(trial: TrialFolder) -> None:
    (trial.path / "run.json").write_text("{")
    with trial.claim():
        (study,) = examine_results(trial.path.parents[2])
    assert (study.running, study.faults) == (1, ())


def test_to_examine_whole_trials_leaves_nothing_in_their_folders(trial: TrialFolder) -> None:
    (trial.path / ".lock").unlink(missing_ok=True)
    before = sorted(trial.path.rglob("*"))
    assert faults(trial) == []
    assert sorted(trial.path.rglob("*")) == before


def test_a_fault_of_all_trials_is_named_once(trial: TrialFolder) -> None:
    """As damage to a pack, which is met at every trial."""
    study = trial.path.parents[1]
    PackedStudy(study).write({("none", seed): {"run.json": b"{}"} for seed in range(3)})
    for pack in PACKS:
        (study / pack).write_bytes(b"no pack")
    shutil.rmtree(trial.path)
    texts = [fault.text for fault in examine_results(study.parent)[0].faults]
    assert len(texts) == len(set(texts))
