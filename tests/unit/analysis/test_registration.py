"""Whether results stand for what was stated before them, in one line and in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ogan_bench.analysis.registration import Standing
from ogan_bench.store import preregistration
from ogan_bench.store.trial_store import TrialStore
from tests.unit.analysis.study_with_pictures import load, register, trial, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path)


def change_run(root: Path, **entries: Any) -> None:
    """Overwrite entries of the run of one trial."""
    folder = trial(root, "none", 1)
    folder.write("run.json", {**(folder.read("run.json") or {}), **entries})


@pytest.mark.parametrize(
    ("standing", "text"),
    [
        (Standing("0"), "registered"),
        (Standing("0", complete=False), "preliminary; registered"),
        (Standing("0", ("alpha changed",)), "deviated"),
        (Standing("0", ("alpha changed",), complete=False), "preliminary; deviated"),
        (Standing(), "not registered"),
        (Standing(complete=False), "preliminary; not registered"),
        (Standing(None, ("gone",)), "deviated; not registered"),
    ],
)
def test_one_line_says_it_all(standing: Standing, text: str) -> None:
    assert standing.text == text
    assert standing.record()["text"] == text


def test_a_study_whose_trials_are_older_than_any_registration_is_not_registered(
    root: Path,
) -> None:
    assert load(root).standing == Standing(None, (), complete=True)


def test_a_registered_study_stands(root: Path) -> None:
    known = register(root)
    results = load(root)
    assert results.standing == Standing(known, (), complete=True)
    assert results.problems == ()


def test_a_study_that_lacks_a_trial_is_preliminary(root: Path) -> None:
    register(root)
    trial(root, "none", 2).path.joinpath("result.json").unlink()
    assert load(root).standing.text == "preliminary; registered"


def test_a_reversed_claim_deviates(root: Path) -> None:
    register(root)
    store = TrialStore(root)
    record = store.read_study("demo")
    record["hypotheses"][0]["claim"] = "It is not."
    store.write_study("demo", record)
    assert load(root).standing.deviations == (
        'hypothesis better changed (claim: "It is." → "It is not.")',
    )


def test_trials_of_another_version_deviate(root: Path) -> None:
    register(root, version="0.0.9.dev1")
    (change,) = load(root).standing.deviations
    assert change.startswith("version of ogan_bench changed: ")
    assert change.endswith(" → 0.0.9.dev1")


def test_trials_of_another_commit_are_named_and_do_not_deviate(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = {"ogan_bench": "1", "git_commit": "aaa"}
    monkeypatch.setattr(preregistration, "code_and_machine", lambda: tool)
    register(root)
    change_run(root, provenance=tool | {"git_commit": "bbb"})
    results = load(root)
    assert results.standing.text == "registered"
    assert results.problems == (
        "Registered with ogan_bench 1 at commit aaa; trials were run at commit bbb of the same "
        "version",
    )


def measure_anew(root: Path, version: str, **row: Any) -> None:
    """What another version stores when it measures one trial: the result, not the training."""
    folder = trial(root, "none", 1)
    result = folder.read("result.json") or {}
    metrics = [entry | row for entry in result["metrics"]]
    tool = {"ogan_bench": version, "git_commit": None}
    folder.write("result.json", {**result, "metrics": metrics, "tool": tool})


def test_a_trial_that_another_version_measured_anew_is_named_and_does_not_deviate(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = {"ogan_bench": "1", "git_commit": None}
    monkeypatch.setattr(preregistration, "code_and_machine", lambda: tool)
    register(root)
    measure_anew(root, "1")
    assert load(root).problems == ()
    measure_anew(root, "2")
    results = load(root)
    assert results.standing.text == "registered"
    assert results.problems == (
        "Measured anew with ogan_bench 2 after training with ogan_bench 1: all trials",
    )
    folder = trial(root, "none", 2)
    folder.write("result.json", {**(folder.read("result.json") or {}), "tool": tool})
    assert load(root).problems[0].endswith(": none/seed-1")


def test_a_measurement_under_another_protocol_deviates(root: Path) -> None:
    register(root)
    measure_anew(root, "2", protocol="99")
    assert load(root).standing.deviations == ("protocol of reconstruction_mse changed: 1 → 99",)


def test_a_training_that_another_version_began_deviates(root: Path) -> None:
    register(root)
    began = {"trains": True, "tool": {"ogan_bench": "0.0.9", "git_commit": None}}
    change_run(root, attempts=[began])
    (change,) = load(root).standing.deviations
    assert change.endswith(" → 0.0.9")


def test_trials_of_no_registration_or_of_another_one_are_named(root: Path) -> None:
    register(root)
    change_run(root, registered=None)
    assert load(root).standing.deviations == ("started without a registration: none/seed-1",)
    change_run(root, registered="0" * 64)
    assert load(root).standing.deviations == ("started under another registration: none/seed-1",)


def test_a_registration_that_is_gone_is_missed(root: Path) -> None:
    register(root)
    (root / "demo" / "registered.json").unlink()
    standing = load(root).standing
    assert standing.text == "deviated; not registered"
    assert standing.deviations[0].startswith("started under a registration that is gone: none/seed")
