"""A packed study is read like the folder it was made of, and cannot be added to."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.analysis.history import load_history
from ogan_bench.analysis.loading import load_log, load_results
from ogan_bench.analysis.variance import variance
from ogan_bench.errors import UserError
from ogan_bench.files import sha256
from ogan_bench.report.live.progress import progress
from ogan_bench.report.report import write_report
from ogan_bench.runner.study import unfinished
from ogan_bench.store.journal import read_file
from ogan_bench.store.pack import pack
from ogan_bench.store.packed import PACKS
from ogan_bench.store.preregistration import register
from ogan_bench.store.stored_trials import stored_trials
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore, find_stored
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import trials
from tests.unit.analysis.stored_study import build, row

ROOT = Path(__file__).parents[3]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A study with trials of every kind."""
    root = build(tmp_path / "folders")
    started = TrialFolder(root / "demo" / "none" / "seed-4")
    run = TrialFolder(root / "demo" / "none" / "seed-3").read("run.json")
    assert run is not None
    started.write("run.json", {**run, "seed": 4})
    for seed in range(3):
        folder = TrialFolder(root / "demo" / "pearson" / f"seed-{seed}")
        folder.write_samplings({1: [row("fd_classifier", 30.0 + seed)]})
        for step in (100, 200):
            folder.history.append(
                {"step": step, "seconds": 0.1 * step, "images": 10, "on": "test",
                 "metrics": {"fd_classifier": 1 / (3 * step), "rho": None}}
            )  # fmt: skip
    return root


@pytest.fixture
def packed(root: Path, tmp_path: Path) -> Path:
    """The same study, packed."""
    pack(root / "demo", tmp_path / "packed" / "demo")
    return tmp_path / "packed"


def test_the_pack_holds_the_study_and_two_files(packed: Path) -> None:
    assert sorted(path.name for path in (packed / "demo").iterdir()) == sorted(
        ["study.json", *PACKS]
    )


def test_the_protocol_is_copied(root: Path, tmp_path: Path) -> None:
    (root / "demo" / "protocol.md").write_text("in words")
    pack(root / "demo", tmp_path / "packed" / "demo")
    assert (tmp_path / "packed" / "demo" / "protocol.md").read_text() == "in words"


class TestClassifiers:
    def stored(self, folder: Path, dataset: str, weight: float = 0.0) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{dataset}.safetensors"
        save_file({"0.bias": np.full(3, weight)}, path, {"dataset": dataset})
        return path

    @pytest.fixture
    def measured(self, root: Path) -> Path:
        """A trial measured with classifiers of a dataset of its own."""
        folder = TrialFolder(root / "demo" / "none" / "seed-0")
        result = folder.read("result.json")
        assert result is not None
        result["metrics"][0]["extractor"] = "classifier:own-16px x5@0123abcd"
        folder.write("result.json", result)
        return root

    def test_those_of_the_study_go_along(self, measured: Path, tmp_path: Path) -> None:
        own = self.stored(measured / "classifiers", "own")
        self.stored(measured / "classifiers", "ow")  # of another study
        pack(measured / "demo", tmp_path / "packed" / "demo")
        (copy,) = (tmp_path / "packed" / "classifiers").iterdir()
        assert (copy.name, copy.read_bytes()) == (own.name, own.read_bytes())

    def test_others_by_the_same_name_are_not_replaced(self, measured: Path, tmp_path: Path) -> None:
        self.stored(measured / "classifiers", "own")
        there = self.stored(tmp_path / "packed" / "classifiers", "own", 1.0)
        before = there.read_bytes()
        with pytest.raises(UserError, match="holds other classifiers"):
            pack(measured / "demo", tmp_path / "packed" / "demo")
        assert there.read_bytes() == before

    def test_damaged_ones_are_refused(self, measured: Path, tmp_path: Path) -> None:
        self.stored(measured / "classifiers", "own").write_bytes(b"cut")
        with pytest.raises(UserError, match="damaged"):
            pack(measured / "demo", tmp_path / "packed" / "demo")


def test_every_file_comes_back_as_it_was(root: Path, packed: Path) -> None:
    files = [file for names in PACKS.values() for file in names]
    seen = 0
    for path in sorted(root.glob("demo/*/seed-*/*")):
        if path.name in files:
            assert read_file(packed / path.relative_to(root)) == path.read_bytes()
            seen += 1
    assert seen == 20 + 18 + 3 + 1 + 19 + 3  # in the order of PACKS
    assert read_file(packed / "demo" / "none" / "seed-4" / "result.json") is None
    assert read_file(packed / "demo" / "nothing" / "seed-0" / "run.json") is None


def test_the_packed_study_says_the_same(root: Path, packed: Path) -> None:
    whole, small = load_results(root, "demo"), load_results(packed, "demo")
    pd.testing.assert_frame_equal(whole.trials, small.trials)
    pd.testing.assert_frame_equal(whole.metrics, small.metrics)
    assert whole.provenance == small.provenance
    assert whole.problems == small.problems
    pd.testing.assert_frame_equal(load_log(whole), load_log(small))
    pd.testing.assert_frame_equal(load_history(whole), load_history(small))
    assert variance(whole) == variance(small) != []
    assert [
        (folder.path.relative_to(root), folder.state(), folder.read_error())
        for folder in TrialStore(root).folders("demo")
    ] == [
        (folder.path.relative_to(packed), folder.state(), folder.read_error())
        for folder in TrialStore(packed).folders("demo")
    ]
    assert progress(TrialStore(root), "demo", 0.0) == progress(TrialStore(packed), "demo", 0.0)
    assert not list(packed.glob("demo/*/seed-*"))  # looking at trials makes no folders


def test_the_report_is_the_same(root: Path, packed: Path) -> None:
    for place in (root, packed):
        for picture in place.rglob("*.png"):
            picture.unlink()
        analysis = analyse_stored(place, "demo")
        write_report(analysis, formats=("md", "csv", "json"), figure_formats=())
    for name in ("report.md", "table.csv", "report.json"):
        whole, small = root / "demo" / name, packed / "demo" / name
        assert whole.read_bytes() == small.read_bytes()


def test_a_part_of_a_packed_study_is_found(packed: Path) -> None:
    store, study, folders = find_stored(packed / "demo" / "pearson")
    assert (store.root, study) == (packed, "demo")
    assert [folder.path.name for folder in folders] == [f"seed-{seed}" for seed in range(5)]


def test_packing_a_packed_study_gives_the_same_bytes(packed: Path, tmp_path: Path) -> None:
    pack(packed / "demo", tmp_path / "again" / "demo")
    for name in ("study.json", *PACKS):
        assert sha256(packed / "demo" / name) == sha256(tmp_path / "again" / "demo" / name)


def test_packing_over_other_trials_is_refused(root: Path, packed: Path) -> None:
    for destination in (root, packed):
        with pytest.raises(UserError, match="already holds trials"):
            pack(root / "demo", destination / "demo")


def test_trials_in_a_pack_and_in_folders_are_not_mixed(root: Path, packed: Path) -> None:
    shutil.copytree(root / "demo" / "mse", packed / "demo" / "mse")
    with pytest.raises(UserError, match=r"both in trials\.parquet.*mse/seed-0; move"):
        load_results(packed, "demo")


def test_damaged_json_in_a_pack_names_its_place(root: Path, tmp_path: Path) -> None:
    (root / "demo" / "mse" / "seed-0" / "result.json").write_text("{")
    pack(root / "demo", tmp_path / "damaged" / "demo")
    problems = load_results(tmp_path / "damaged", "demo").problems
    named = re.compile(r"mse/seed-0/result\.json: .*put back the pack")
    assert len([*filter(named.search, problems)]) == 1


def test_a_packed_study_is_not_registered_afterwards(packed: Path) -> None:
    store = TrialStore(packed)
    assert register(store, "demo", store.read_study("demo")) is None
    assert not (packed / "demo" / "registered.json").exists()


def test_nothing_is_added_to_a_packed_study(packed: Path) -> None:
    folders = TrialStore(packed).folders("demo")
    with pytest.raises(UserError, match=r"demo is packed.*--results"), folders[0].claim():
        pass
    with pytest.raises(UserError, match="demo is packed"):
        stored_trials(TrialStore(packed).read_study("demo"), folders)
    assert not list(packed.glob("demo/*/seed-*"))


def test_published_trials_are_complete_and_further_ones_are_refused() -> None:
    store = TrialStore(ROOT / "results" / "reference")
    study = load_study(ROOT / "studies" / "mse_vs_pearson.yaml")
    assert unfinished(store, trials(study)) == []
    with pytest.raises(UserError, match="mse_vs_pearson is packed"):
        unfinished(store, trials(study, seeds=[120, 9]))
