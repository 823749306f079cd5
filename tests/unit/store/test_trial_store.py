"""A results folder: its studies, what they registered, and whose folder is whose."""

from __future__ import annotations

from collections.abc import Callable
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
        TrialFolder(tmp_path / "tiny" / trial).write("run.json", {"config_hash": "0"})
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


def test_a_result_alone_and_other_folders(store: TrialStore) -> None:
    """A trial without its settings is not passed over; what is not named like one is."""
    TrialFolder(store.root / "tiny" / "mse" / "seed-3").write(
        "result.json", {"outcome": "ok", "metrics": []}
    )
    for name in ("seed-x", "seed-03", "seed-"):
        TrialFolder(store.root / "tiny" / "mse" / name).write("run.json", {"config_hash": "0"})
    names = [folder.path.name for folder in store.folders("tiny")]
    assert names == ["seed-3", "seed-0", "seed-1", "seed-0"]


def test_a_renamed_study_is_refused(store: TrialStore) -> None:
    store.write_study("tiny", {"folder": "tiny", "arms": {}, "seeds": []})
    store.read_study("tiny")
    (store.root / "tiny").rename(store.root / "new")
    with pytest.raises(UserError, match=r"new/study\.json: says that its folder is tiny; rename"):
        store.read_study("new")


@pytest.mark.parametrize(
    ("name", "read"),
    [("study.json", TrialStore.read_study), ("registered.json", TrialStore.registered)],
)
def test_a_damaged_file_of_a_study_has_a_mend(
    store: TrialStore, name: str, read: Callable[[TrialStore, str], object]
) -> None:
    (store.root / "tiny" / name).write_text("[]")
    with pytest.raises(UserError, match=rf"{name}: not a JSON object; put back"):
        read(store, "tiny")


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
