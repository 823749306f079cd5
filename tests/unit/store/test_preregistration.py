"""What a study stated before its first trial is remembered, and changes are named."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.errors import UserError
from ogan_bench.metrics import METRICS
from ogan_bench.store.preregistration import (
    deviations,
    other_commits,
    register,
    registration,
    stated,
)
from ogan_bench.store.provenance import code_and_machine, trained_with
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.procedure import PROCEDURE

REFERENCE = Path(__file__).parent.parent.parent.parent / "results" / "reference"
TOOL = {"ogan_bench": "0.1.0", "git_commit": "a" * 40}

RECORD: dict[str, Any] = {
    "hypotheses": [
        {"id": "works", "claim": "It works.", "part_of": "", "test": "superiority",
         "metric": "fd_classifier", "arm": "b", "control": "a", "margin": None, "sides": 1},
        {"id": "is_kept", "claim": "Quality is kept.", "part_of": "", "test": "non_inferiority",
         "metric": "fd_classifier", "arm": "b", "control": "a",
         "margin": {"value": 0.1, "relative": True}, "sides": 1},
    ],
    "alpha": 0.05,
    "metrics": ["fd_classifier", "latent_rho"],
    "seeds": [0, 1, 2],
    "identities": {"a": {"objective": {"consistency": {"name": "none"}}}, "b": {}},
    "question": "Does it?",
}  # fmt: skip


def changed(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(RECORD) | changes


def drift(registered: dict[str, Any], record: dict[str, Any]) -> list[str]:
    """What deviates where the registered version of the tool ran the trials."""
    return deviations(registered, record, [registered["tool"]] if "tool" in registered else [])


def first_format(record: dict[str, Any]) -> dict[str, Any]:
    """A registration as the first version wrote it: its hash covers no wording."""
    kept = {key: record[key] for key in ("hypotheses", "alpha", "metrics", "seeds", "identities")}
    worded = ("claim", "part_of")
    essential = kept | {
        "hypotheses": {
            entry["id"]: {key: value for key, value in entry.items() if key not in worded}
            for entry in kept["hypotheses"]
        }
    }
    text = json.dumps(essential, sort_keys=True, separators=(",", ":"))
    return {"format": 1, **kept, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def test_a_study_that_states_the_same_does_not_deviate() -> None:
    assert drift(stated(RECORD), changed()) == []


def test_what_is_stated_names_the_procedure_and_the_tool() -> None:
    facts = code_and_machine()
    found = stated(RECORD)
    assert (found["format"], found["procedure"]) == (2, PROCEDURE)
    assert found["tool"] == {key: facts[key] for key in ("ogan_bench", "git_commit")}


def test_a_question_or_a_claim_in_other_words_is_a_deviation() -> None:
    hypotheses = copy.deepcopy(RECORD["hypotheses"])
    hypotheses[0] |= {"claim": "It does not work.", "part_of": "O-GAN works."}
    assert drift(stated(RECORD), changed(hypotheses=hypotheses, question="Why?")) == [
        'question changed: "Does it?" → "Why?"',
        'hypothesis works changed (claim: "It works." → "It does not work.", '
        'part_of: "" → "O-GAN works.")',
    ]


def test_another_procedure_is_a_deviation() -> None:
    before = stated(RECORD) | {"procedure": PROCEDURE + 1}
    assert drift(before, changed()) == [f"procedure changed: {PROCEDURE + 1} → {PROCEDURE}"]


def test_trials_of_another_version_are_a_deviation_and_of_another_commit_are_named() -> None:
    registered = stated(RECORD) | {"tool": TOOL}
    tools = [TOOL, TOOL | {"git_commit": "b" * 40}]
    assert deviations(registered, changed(), tools) == []
    assert other_commits(registered, tools) == ["b" * 40]
    tools = [TOOL, TOOL | {"ogan_bench": "0.1.1"}, {"ogan_bench": "0.1.0.dev1"}]
    assert deviations(registered, changed(), tools) == [
        "version of ogan_bench changed: 0.1.0 → 0.1.0.dev1, 0.1.1"
    ]
    assert other_commits(registered, tools) == []


def test_values_under_another_protocol_are_a_deviation() -> None:
    registered = stated(RECORD)
    assert registered["protocols"] == {
        name: METRICS[name].protocol for name in ("fd_classifier", "latent_rho")
    }
    known = registered["protocols"]["fd_classifier"]
    same = {"fd_classifier": {known}, "kd_classifier": {"99"}}
    assert deviations(registered, changed(), [], same) == []
    assert deviations(registered, changed(), [], {"fd_classifier": {known, "99"}}) == [
        f"protocol of fd_classifier changed: {known} → 99"
    ]
    del registered["protocols"]  # registered before protocols were
    assert deviations(registered, changed(), [], {"fd_classifier": {"99"}}) == []


def test_every_version_that_trained_counts_and_none_that_measured() -> None:
    other = TOOL | {"ogan_bench": "0.0.9"}
    run = {
        "provenance": TOOL | {"device": "cpu"},
        "attempts": [
            {"started": "before attempts said so"},
            {"trains": True, "tool": other},
            {"trains": True, "tool": TOOL},
            {"trains": False, "tool": TOOL | {"ogan_bench": "9"}},
        ],
    }
    assert trained_with(run) == [other, TOOL, TOOL]
    assert trained_with({}) == [{"ogan_bench": None, "git_commit": None}]


def test_a_trial_that_does_not_say_what_ran_it_is_no_deviation() -> None:
    assert deviations(stated(RECORD) | {"tool": TOOL}, changed(), [{}]) == []


def test_keys_that_hypotheses_have_gained_mean_their_first_default() -> None:
    """Whichever side lacks them: a default that changes later deviates where it is in force."""
    older = copy.deepcopy(RECORD["hypotheses"])
    for entry in older:
        del entry["sides"], entry["part_of"]
    newer = [entry | {"margin_reason": ""} for entry in RECORD["hypotheses"]]
    assert drift(stated(changed(hypotheses=older)), changed(hypotheses=newer)) == []
    assert drift(stated(changed(hypotheses=newer)), changed(hypotheses=older)) == []
    newer[0] |= {"sides": 2}
    newer[1] |= {"margin_reason": "Barely visible."}
    assert drift(stated(changed(hypotheses=older)), changed(hypotheses=newer)) == [
        "hypothesis works changed (sides: 1 → 2)",
        'hypothesis is_kept changed (margin_reason: "" → "Barely visible.")',
    ]


def test_a_registration_of_the_first_format_says_nothing_of_what_it_did_not_freeze() -> None:
    hypotheses = copy.deepcopy(RECORD["hypotheses"])
    hypotheses[0] |= {"claim": "It does not work.", "part_of": "O-GAN works."}
    now = changed(hypotheses=hypotheses, question="Why?")
    tools = [TOOL | {"ogan_bench": "9"}]
    procedure = f"procedure changed: 1 → {PROCEDURE}"
    assert deviations(first_format(RECORD), now, tools) == [procedure]
    assert other_commits(first_format(RECORD), tools) == []
    hypotheses[0]["sides"] = 2
    assert deviations(first_format(RECORD), now, tools) == [
        "hypothesis works changed (sides: 1 → 2)",
        procedure,
    ]


@pytest.mark.parametrize("name", ["mse_vs_pearson-fashion", "score_readouts-fashion"])
def test_published_registrations_are_of_the_first_format_and_unchanged(name: str) -> None:
    store = TrialStore(REFERENCE)
    registered = registration(store, name)
    assert registered is not None
    assert registered["format"] == 1
    assert registered == first_format(registered)


def test_the_tuning_is_registered_where_there_is_one() -> None:
    tune = {"seeds": [900], "searches": []}
    assert "tune" not in stated(RECORD)
    assert drift(stated(changed(tune=tune)), changed(tune=tune)) == []
    other = {**tune, "seeds": [901]}
    for before, now in ((tune, other), (tune, None), (None, tune)):
        registered = stated(RECORD if before is None else changed(tune=before))
        (change,) = drift(registered, RECORD if now is None else changed(tune=now))
        assert change.startswith("tune changed: ")


def test_titles_of_arms_are_not_registered() -> None:
    titled = changed(arm_titles={"a": "no term"})
    assert stated(titled) == stated(RECORD)
    assert drift(stated(RECORD), titled) == []


def test_order_of_hypotheses_is_no_deviation() -> None:
    assert drift(stated(RECORD), changed(hypotheses=RECORD["hypotheses"][::-1])) == []


def test_every_change_is_named() -> None:
    first, second = copy.deepcopy(RECORD["hypotheses"])
    second["margin"]["value"] = 0.25
    now = changed(
        hypotheses=[second, first | {"id": "new"}],
        alpha=0.1,
        metrics=["latent_rho"],
        seeds=[0, 1, 2, 7, 8],
        identities={"a": RECORD["identities"]["a"], "c": {}},
    )
    assert drift(stated(RECORD), now) == [
        "hypothesis new added",
        "hypothesis works removed",
        "hypothesis is_kept changed (margin.value: 0.1 → 0.25)",
        "arm c added",
        "arm b removed",
        "metric removed: fd_classifier",
        "seeds added: 7, 8",
        "alpha changed: 0.05 → 0.1",
    ]


def test_changed_settings_of_an_arm_are_named() -> None:
    identities = {"a": {"objective": {"consistency": {"name": "mse"}}}, "b": {}}
    assert drift(stated(RECORD), changed(identities=identities)) == [
        'arm a changed (objective.consistency.name: "none" → "mse")'
    ]


def test_only_the_first_registration_is_kept(tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    first = register(store, "s", RECORD)
    second = register(store, "s", changed(alpha=0.2))
    registered = registration(store, "s")
    assert first is not None
    assert second == first
    assert registered is not None
    assert registered["alpha"] == 0.05
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == ["registered.json"]


def test_trials_older_than_any_registration_are_not_registered_afterwards(tmp_path: Path) -> None:
    started = tmp_path / "s" / "a" / "seed-0" / "run.json"
    started.parent.mkdir(parents=True)
    started.write_text("{}")
    assert register(TrialStore(tmp_path), "s", RECORD) is None
    assert not (tmp_path / "s" / "registered.json").exists()


@pytest.mark.parametrize(
    ("key", "value"), [("claim", "It fails."), ("margin", {"value": 0.5, "relative": True})]
)
def test_an_edited_registration_is_refused(tmp_path: Path, key: str, value: Any) -> None:
    store = TrialStore(tmp_path)
    register(store, "s", RECORD)
    path = tmp_path / "s" / "registered.json"
    content = json.loads(path.read_text())
    content["hypotheses"][1][key] = value
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"registered\.json: was changed after"):
        registration(store, "s")


@pytest.mark.parametrize("content", ['{"format": 1}', '{"format": 2, "hypotheses": 3}'])
def test_what_is_no_registration_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "registered.json").write_text(content)
    with pytest.raises(UserError, match=r"registered\.json: was changed after .*put back"):
        registration(TrialStore(tmp_path), "s")


def test_a_registration_of_a_later_format_is_refused(tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    store.register("s", stated(RECORD) | {"format": 3})
    with pytest.raises(UserError, match="format 3 cannot be read here, only 1 and 2"):
        registration(store, "s")
