"""A study is packed where it lies and unpacked again, bit for bit, wherever either is stopped."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ogan_bench.encoder.load import load_encoder
from ogan_bench.errors import UserError
from ogan_bench.store import compaction, packed
from ogan_bench.store.compaction import PIECES, compact, unpack
from ogan_bench.store.examination import examine_results
from ogan_bench.store.merging import merge
from ogan_bench.store.packed import FILES
from ogan_bench.store.sealed import seal
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.trial import config_hash
from tests.killed import killed_at
from tests.unit.analysis.stored_study import png


@pytest.fixture
def store(tmp_path: Path) -> TrialStore:
    """A study of two finished trials."""
    store = TrialStore(tmp_path / "results")
    identity = {"training": {"steps": 1}}
    record = {"format": 1, "folder": "demo", "arms": {"none": identity}, "seeds": [0, 1, 2]}
    store.write_study("demo", {**record, "identities": {"none": identity}})
    for seed in (0, 1):
        folder = TrialFolder(store.root / "demo" / "none" / f"seed-{seed}")
        known = {"study": "demo", "arm": "none", "seed": seed}
        known["config_hash"] = config_hash({**identity, "seed": seed})
        folder.write("run.json", {**known, "config": identity})
        folder.write("result.json", {**known, "outcome": "ok", "metrics": []})
        folder.log.append({"step": 1, "loss": 0.5})
        folder.checkpoint.write_bytes(bytes([seed]) * 100)
        seal(folder.checkpoint)
        folder.step_picture(1).parent.mkdir()
        folder.step_picture(1).write_bytes(png(4, 4))
        with folder.claim():
            pass
    return store


def files(store: TrialStore) -> dict[str, bytes]:
    """Content of every file below the results, but locks."""
    return {
        path.relative_to(store.root).as_posix(): path.read_bytes()
        for path in sorted(store.root.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def test_few_files_are_left_and_every_one_comes_back(store: TrialStore) -> None:
    before = files(store)
    planned = compact(store, "demo", dry_run=True)
    assert files(store) == before
    done = compact(store, "demo")
    assert (done.before, done.after, done.note) == (planned.before, planned.after, "")
    assert sorted(files(store)) == sorted(f"demo/{name}" for name in ("study.json", *PIECES))
    assert compact(store, "demo").note == "compacted before"
    planned = unpack(store, "demo", dry_run=True)
    undone = unpack(store, "demo")
    assert (undone.before, undone.after) == (planned.before, planned.after)
    assert files(store) == before
    assert unpack(store, "demo").note == "not compacted"


def test_the_trials_are_read_as_before(store: TrialStore) -> None:
    trials = store.folders("demo")
    said = [(t.path, t.state(), t.read("result.json"), t.read_log("train.jsonl")) for t in trials]
    compact(store, "demo")
    trials = store.folders("demo")
    assert said == [
        (t.path, t.state(), t.read("result.json"), t.read_log("train.jsonl")) for t in trials
    ]
    (study,) = examine_results(store.root)
    assert (study.finished, study.faults) == (2, ())


def test_what_a_compacted_study_cannot_do_names_the_mend(store: TrialStore, tmp_path: Path) -> None:
    compact(store, "demo")
    new, old = (TrialFolder(store.root / "demo" / "none" / f"seed-{seed}") for seed in (2, 0))
    mend = rf"`ogan-bench compact demo --results {store.root}` --undo"
    for ask in (
        new.check_not_packed,
        lambda: old.claim().__enter__(),
        lambda: load_encoder(old.path),
        lambda: merge(tmp_path / "other", [store.root]),
    ):
        with pytest.raises(UserError, match=mend):
            ask()


@pytest.mark.parametrize(
    ("spoil", "state"),
    [
        (lambda trial: (trial.path / "result.json").unlink(), "interrupted"),
        (lambda trial: trial.write_error("no result"), None),
    ],
)
def test_a_study_with_an_unfinished_trial_is_passed_over(
    store: TrialStore, spoil: Callable[[TrialFolder], object], state: str | None
) -> None:
    spoil(store.folders("demo")[1])
    before = files(store)
    done = compact(store, "demo")
    assert done.is_left == (state is not None)
    if state is not None:
        assert done.note == f"none/seed-1 is {state}"
        assert files(store) == before


def test_a_running_trial_is_passed_over(store: TrialStore) -> None:
    before = files(store)
    with store.folders("demo")[0].claim():
        assert compact(store, "demo").note == "none/seed-0 is running"
    assert files(store) == before


def test_two_at_once_are_refused(store: TrialStore) -> None:
    with compaction._held(store.root / "demo"):
        for command in (compact, unpack):
            with pytest.raises(UserError, match="another process is at work on this study"):
                command(store, "demo")


def test_a_trial_that_changes_meanwhile_stays(
    store: TrialStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a process that had claimed it before the packs were there."""
    written = compaction._write

    def write(folder: Path, paths: list[Path]) -> None:
        written(folder, paths)
        (paths[0] / "samples.png").write_bytes(png(2, 2))

    monkeypatch.setattr(compaction, "_write", write)
    done = compact(store, "demo")
    assert done.is_left
    assert "samples.png: is not in the packs" in done.note
    assert not any((store.root / "demo" / piece).exists() for piece in PIECES)


def test_damage_to_the_packed_files_is_seen(store: TrialStore) -> None:
    compact(store, "demo")
    path = store.root / "demo" / FILES
    content = bytearray(path.read_bytes())
    content[content.index(bytes([1]) * 100)] ^= 4
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"files\.zip: damaged"):
        unpack(store, "demo")
    assert not (store.root / "demo" / "none").exists()
    (study,) = examine_results(store.root)
    assert [fault.path for fault in study.faults] == [path]


@pytest.mark.parametrize("command", [compact, unpack])
def test_a_kill_at_any_moment_loses_nothing(
    store: TrialStore, command: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a stop before each operation in turn, either command goes on, to the same files."""
    monkeypatch.setattr(packed, "LEVEL", 1)  # it is packed a hundred times
    whole = files(store)
    start = store.root.with_name("start")
    if command is unpack:
        compact(store, "demo")
    shutil.copytree(store.root, start)
    for operation in range(1000):
        shutil.rmtree(store.root)
        shutil.copytree(start, store.root)
        with killed_at(operation, monkeypatch) as done:
            command(store, "demo")
        if done[-1] != "killed":
            break
        stopped = shutil.copytree(store.root, store.root.with_name(f"stopped-{operation}"))
        for first in (compact, unpack):
            shutil.rmtree(store.root)
            shutil.copytree(stopped, store.root)
            first(store, "demo")
            unpack(store, "demo")
            # What was half written stays: `doctor --repair` removes it after an hour.
            left = {n: text for n, text in files(store).items() if not Path(n).name.startswith(".")}
            assert left == whole, (operation, done)
    assert operation > 15
