"""Parts of a study that were run apart become what one run would have stored."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.errors import UserError
from ogan_bench.files import write_bytes
from ogan_bench.store import claims, merging
from ogan_bench.store.merging import merge
from ogan_bench.store.pack import pack
from ogan_bench.store.preregistration import register
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from tests.unit.analysis.stored_study import change


def part(root: Path, folder: Path, seeds: set[int]) -> Path:
    """A copy of the study with some of its seeds, as ``run --seeds`` would have stored them."""
    shutil.copytree(root, folder)
    for path in folder.glob("demo/*/seed-*"):
        if int(path.name.removeprefix("seed-")) not in seeds:
            shutil.rmtree(path)
    restate(folder, seeds=sorted(seeds))
    return folder


def restate(root: Path, **entries: Any) -> None:
    """Change what a folder's study states."""
    store = TrialStore(root)
    store.write_study("demo", {**store.read_study("demo"), **entries})


def contents(root: Path) -> dict[str, bytes]:
    """Every stored file but locks."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def trial(root: Path, arm: str = "pearson", seed: int = 0) -> TrialFolder:
    return TrialFolder(root / "demo" / arm / f"seed-{seed}")


def unfinish(folder: TrialFolder) -> None:
    """What is left of a trial that was stopped on its way."""
    (folder.path / "result.json").unlink()
    folder.checkpoint.write_bytes(b"half way")


def counts(root: Path, *sources: Path) -> list[Counter[merging.Action]]:
    return [entry.trials for entry in merge(root, sources)]


def test_parts_make_the_whole(root: Path, tmp_path: Path) -> None:
    parts = part(root, tmp_path / "a", {0, 1}), part(root, tmp_path / "b", {2, 3, 4})
    assert counts(tmp_path / "whole", *parts) == [{"added": 8}, {"added": 11}]
    assert contents(tmp_path / "whole") == contents(root)
    assert counts(tmp_path / "whole", *parts) == [{"kept": 8}, {"kept": 11}]
    assert contents(tmp_path / "whole") == contents(root)


def test_a_result_goes_before_an_attempt_wherever_it_lies(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(root, other)
    unfinish(trial(root, "pearson", 0))
    unfinish(trial(other, "pearson", 1))
    unfinish(trial(root, "pearson", 2))
    unfinish(trial(other, "pearson", 2))
    before, finished = contents(root), contents(other)
    (found,) = counts(root, other)
    assert found == {"completed": 1, "kept": 18}
    completed = "demo/pearson/seed-0/"
    expected = {name: file for name, file in before.items() if not name.startswith(completed)}
    expected |= {name: file for name, file in finished.items() if name.startswith(completed)}
    assert contents(root) == expected  # without the checkpoint of the attempt


def test_a_kill_while_a_trial_is_copied_leaves_one_without_a_result(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(path: Path, content: bytes) -> None:
        if path.name == "result.json":
            raise KeyboardInterrupt
        write_bytes(path, content)

    whole = tmp_path / "whole"
    with monkeypatch.context() as patch:
        patch.setattr(merging, "write_bytes", kill)
        with pytest.raises(KeyboardInterrupt):
            merge(whole, [root])
    (started,) = TrialStore(whole).folders("demo")
    assert started.state() == "interrupted"
    assert counts(whole, root) == [{"added": 18, "completed": 1}]
    assert contents(whole) == contents(root)


def test_all_conflicts_are_named_before_anything_is_written(root: Path, tmp_path: Path) -> None:
    other = part(root, tmp_path / "other", {0, 1, 2, 3, 4})
    shutil.rmtree(trial(root, "none", 0).path)
    change(trial(other, "pearson", 0), evaluation_seconds=4.0)
    run = trial(other, "pearson", 1).read("run.json") or {}
    steps = {**run["config"], "training": {"steps": 300}}
    trial(other, "pearson", 1).write("run.json", {**run, "config": steps, "config_hash": "1"})
    before = contents(root)
    with pytest.raises(UserError) as caught:
        merge(root, [other])
    two, settings = str(caught.value).splitlines()
    assert "pearson/seed-0: two results of one trial" in two
    assert "seed-1 (training.steps: 200 here, 300 there)" in settings
    assert contents(root) == before


@pytest.mark.parametrize(
    ("entries", "key"),
    [
        ({"alpha": 0.01}, "alpha"),
        ({"metrics": ["fd_classifier"]}, "metrics"),
        ({"arms": {"none": {"training": {"steps": 9}}}}, r"arms\.none"),
    ],
)
def test_another_study_of_the_same_name_is_refused(
    root: Path, tmp_path: Path, entries: dict[str, Any], key: str
) -> None:
    other = part(root, tmp_path / "other", {0})
    restate(other, **entries)
    before = contents(root)
    with pytest.raises(UserError, match=f"other/demo: another study than .*differ in {key}"):
        merge(root, [other])
    assert contents(root) == before


def test_a_packed_study_can_be_added_and_not_added_to(root: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    pack(root / "demo", packed / "demo")
    assert counts(tmp_path / "whole", packed) == [{"added": 19}]
    pictures = {name for name in contents(root) if name.endswith(".png")}
    expected = {name: file for name, file in contents(root).items() if name not in pictures}
    assert contents(tmp_path / "whole") == expected
    with pytest.raises(UserError, match="is packed"):
        merge(packed, [root])


def test_running_trials_are_passed_over_there_and_refused_here(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(root, other)
    with claims.claimed(trial(root).path):
        assert counts(other, root) == [{"running": 1, "kept": 18}]
        unfinish(trial(root))
        with pytest.raises(UserError, match="seed-0: is being run now"):
            merge(root, [other])


def test_a_folder_that_cannot_be_written_can_be_added(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> bool:
        raise UserError(f"{folder}: cannot be written")

    monkeypatch.setattr(claims, "is_held", refuse)
    assert counts(tmp_path / "whole", root) == [{"added": 19}]


def test_damage_is_not_spread(root: Path, tmp_path: Path) -> None:
    path = trial(root).path / "result.json"
    path.write_bytes(path.read_bytes().replace(b"200", b"201"))
    with pytest.raises(UserError, match=r"result\.json: damaged"):
        merge(tmp_path / "whole", [root])
    assert not (tmp_path / "whole").exists()


def test_the_registration_of_stored_trials_stays(root: Path, tmp_path: Path) -> None:
    statement = TrialStore(root).read_study("demo") | {"identities": {}}
    first, second = tmp_path / "first", tmp_path / "second"
    for place, alpha in ((first, 0.05), (second, 0.01)):
        register(TrialStore(place), "demo", {**statement, "alpha": alpha})
        shutil.copytree(root / "demo", place / "demo", dirs_exist_ok=True)
    merge(tmp_path / "whole", [first, second])
    copied = tmp_path / "whole" / "demo" / "registered.json"
    assert copied.read_bytes() == (first / "demo" / "registered.json").read_bytes()


def test_classifiers_come_along_and_others_by_their_name_are_refused(
    root: Path, tmp_path: Path
) -> None:
    write_bytes(root / "classifiers" / "ab.safetensors", b"five")
    merge(tmp_path / "whole", [root])
    copy = tmp_path / "whole" / "classifiers" / "ab.safetensors"
    assert copy.read_bytes() == b"five"
    copy.write_bytes(b"others")
    with pytest.raises(UserError, match="other classifiers by one name"):
        merge(tmp_path / "whole", [root])


def test_what_is_no_results_folder_is_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no study is stored here"):
        merge(root, [tmp_path / "nowhere"])
    with pytest.raises(UserError, match="leave it out"):
        merge(root, [root])
