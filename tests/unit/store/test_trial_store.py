"""A results folder: its studies, what they registered, and whose folder is whose."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore, find_stored


@pytest.fixture
def store(tmp_path: Path) -> TrialStore:
    store = TrialStore(tmp_path)
    store.write_study("tiny", {"name": "tiny"})
    for trial in ("none/seed-0", "none/seed-1", "pearson/seed-0"):
        TrialFolder(tmp_path / "tiny" / trial).write("run.json", {})
    (tmp_path / "tiny" / "pearson" / "seed-1").mkdir()  # not started
    return store


def test_only_stored_studies_and_started_trials_are_listed(store: TrialStore) -> None:
    (store.root / "empty").mkdir()
    assert store.studies() == ["tiny"]
    assert [str(folder.path.relative_to(store.root)) for folder in store.folders("tiny")] == [
        "tiny/none/seed-0",
        "tiny/none/seed-1",
        "tiny/pearson/seed-0",
    ]
    with pytest.raises(UserError, match="no such study; stored here: tiny"):
        store.read_study("tine")


def test_only_the_first_statement_is_registered(store: TrialStore) -> None:
    assert store.registered("tiny") is None
    store.register("tiny", {"seeds": [0]})
    store.register("tiny", {"seeds": [0, 1]})
    assert store.registered("tiny") == {"seeds": [0]}


@pytest.mark.parametrize(
    ("part", "trials"), [("", 3), ("none", 2), ("none/seed-1", 1), ("pearson/seed-1", 0)]
)
def test_a_folder_leads_to_its_study(store: TrialStore, part: str, trials: int) -> None:
    found, study, folders = find_stored(store.root / "tiny" / part)
    assert (found.root, study, len(folders)) == (store.root, "tiny", trials)


def test_a_folder_of_no_study_is_refused(store: TrialStore) -> None:
    with pytest.raises(UserError, match="not the folder of a stored study"):
        find_stored(store.root)


@pytest.mark.parametrize(
    ("inside", "given"),
    [
        ("", "tiny/pearson"),
        ("tiny", "."),
        ("tiny", "pearson"),
        ("tiny", "pearson/seed-0"),
        ("tiny/pearson", "seed-0"),
        ("tiny/pearson", "../mse/.."),
    ],
)
def test_a_relative_path_is_found_from_any_folder(
    store: TrialStore, monkeypatch: pytest.MonkeyPatch, inside: str, given: str
) -> None:
    monkeypatch.chdir(store.root / inside)
    found, study, folders = find_stored(Path(given))
    assert found.root.resolve() == store.root.resolve()
    assert study == "tiny"
    assert folders
