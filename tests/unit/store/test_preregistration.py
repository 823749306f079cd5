"""What a study stated before its first trial is remembered, and changes are named."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.errors import UserError
from ogan_bench.store.preregistration import deviations, register, registration, stated
from ogan_bench.store.trial_store import TrialStore

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


def test_a_study_that_states_the_same_does_not_deviate() -> None:
    assert deviations(stated(RECORD), changed(question="Does it indeed?")) == []


def test_rewording_a_claim_is_no_deviation() -> None:
    hypotheses = copy.deepcopy(RECORD["hypotheses"])
    hypotheses[0] |= {"claim": "It does work.", "part_of": "O-GAN works."}
    assert deviations(stated(RECORD), changed(hypotheses=hypotheses)) == []


def test_titles_of_arms_are_not_registered() -> None:
    titled = changed(arm_titles={"a": "no term"})
    assert stated(titled) == stated(RECORD)
    assert deviations(stated(RECORD), titled) == []


def test_order_of_hypotheses_is_no_deviation() -> None:
    assert deviations(stated(RECORD), changed(hypotheses=RECORD["hypotheses"][::-1])) == []


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
    assert deviations(stated(RECORD), now) == [
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
    assert deviations(stated(RECORD), changed(identities=identities)) == [
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


def test_an_edited_registration_is_refused(tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    register(store, "s", RECORD)
    path = tmp_path / "s" / "registered.json"
    content = json.loads(path.read_text())
    content["hypotheses"][1]["margin"]["value"] = 0.5
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"registered\.json: was changed after"):
        registration(store, "s")
