"""How far trials are and how their study stands, read without its tables."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.states import states
from ogan_bench.store.preregistration import stated
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore


def test_a_study_stands_as_its_report_says(root: Path) -> None:
    """Also where trials are damaged, out of plan, or of other registrations."""
    store = TrialStore(root)
    record = load_results(root, "demo").record
    store.register("demo", stated({**record, "question": "What was asked first?"}))
    known = json.loads((root / "demo" / "registered.json").read_text())["sha256"]
    for seed, registered in enumerate((known, "another", "another")):
        folder = TrialFolder(root / "demo" / "pearson" / f"seed-{seed}")
        run = folder.read("run.json") or {}
        folder.write("run.json", {**run, "registered": registered})
    stray = TrialFolder(root / "demo" / "none" / "seed-77")
    stray.write("run.json", {"config_hash": "x", "registered": "another"})
    (root / "demo" / "mse" / "seed-1" / "result.json").write_text("{")
    report = load_results(root, "demo").standing
    assert report.deviations
    reversed_trials = {
        folder.path.as_posix(): folder for folder in reversed(store.folders("demo")[:9])
    }
    assert states(store, "demo", reversed_trials)[0] == report


def test_each_file_of_a_trial_is_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: Counter[tuple[Path, str]] = Counter()
    read = TrialFolder.read

    def counted(self: TrialFolder, name: str) -> object:
        reads[self.path, name] += 1
        return read(self, name)

    monkeypatch.setattr(TrialFolder, "read", counted)
    store = TrialStore(root)
    wanted = {str(folder.path): folder for folder in store.folders("demo")}
    standing, found = states(store, "demo", wanted)
    assert set(reads.values()) == {1}
    assert len(found) == len(wanted)
    assert standing == load_results(root, "demo").standing
    assert set(reads.values()) == {2}  # by load_results, once again each
