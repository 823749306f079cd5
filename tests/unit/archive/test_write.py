"""An archive holds what a study rests on, is read like any results folder, and appears at once."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import ogan_bench as ob
from ogan_bench.archive import write
from ogan_bench.archive.crate import Deposit
from ogan_bench.archive.manifest import MANIFEST, files_of, read_manifest
from ogan_bench.archive.write import write_archive
from ogan_bench.archive.zipped import unzipped, write_zip
from ogan_bench.errors import UserError
from ogan_bench.files import sha256
from ogan_bench.report.report import FORMATS
from ogan_bench.store.examination import examine_results
from ogan_bench.store.trial_store import TrialStore
from tests.contracts.small_trials import few_images
from tests.unit.analysis.study_with_pictures import trial
from tests.unit.archive.archived_study import DEPOSIT, WITH_NETS, archived, entities, with_nets


@pytest.fixture
def _without_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that do not ask for reports, which take most of the time."""
    monkeypatch.setattr(write, "write_report", lambda *_, **__: None)


def test_it_holds_results_reports_nets_and_what_says_so(whole: Path) -> None:
    names = set(files_of(whole))
    assert {
        "README.md", "CITATION.cff", MANIFEST, "ro-crate-metadata.json", "index.html",
        "demo/study.json", "demo/registered.json", "demo/trials.parquet", "demo/logs.parquet",
        "demo/report.html", "demo/report.md", "demo/table.csv", "demo/table.tex",
        "demo/references.bib", "demo/figures/forest.svg", "demo/figures/forest.pdf",
        "demo/pea_rson/seed-0/samples.png",
        *(f"{place}/{name}" for place in WITH_NETS for name in ("nets.safetensors", "nets.json")),
    } <= names  # fmt: skip
    assert not [name for name in names if name.endswith((".pt", ".lock", "run.json"))]
    assert (
        len([name for name in names if re.fullmatch(r"demo/[\w-]+\.\w+", name)]) == len(FORMATS) + 4
    )


def test_sha256sum_agrees(whole: Path) -> None:
    line = ["sha256sum", "--check", "--strict", "--quiet", MANIFEST]
    assert subprocess.run(line, cwd=whole, check=False).returncode == 0
    assert set(read_manifest(whole)) == set(files_of(whole)) - {MANIFEST}


def test_results_and_encoders_are_read_from_it(source: Path, whole: Path) -> None:
    assert ob.load_results(whole).equals(ob.load_results(source))
    assert ob.load_results(whole / "demo").equals(ob.load_results(source))
    place = WITH_NETS[0]
    here, there = (ob.load_encoder(root / place) for root in (whole, source))
    assert (here.sample(2, seed=0) == there.sample(2, seed=0)).all()
    (examined,) = examine_results(whole)
    assert (examined.faults, examined.finished) == ((), 5)


@pytest.mark.usefixtures("_without_report")
def test_weights_of_the_first_seed_alone(source: Path, tmp_path: Path) -> None:
    found = archived(source, tmp_path / "some", "first")
    held = [name.rpartition("/")[0] for name in files_of(found.path) if "nets.s" in name]
    assert held == [WITH_NETS[0]]
    assert found.sizes["nets"][0] == 2
    assert (found.trials, found.with_nets) == (6, 2)
    readme = (found.path / "README.md").read_text("utf-8")
    assert "1 of the 2 trials with stored nets have them in this folder." in readme


@pytest.mark.usefixtures("_without_report")
def test_neither_weights_nor_a_licence(source: Path, tmp_path: Path) -> None:
    deposit = Deposit("NOASSERTION", [], "2026-01-31")
    found = write_archive(source, ["demo"], tmp_path / "out", deposit, "none")
    assert not [name for name in files_of(found.path) if "nets" in name]
    readme = (found.path / "README.md").read_text("utf-8")
    assert "0 of the 2 trials with stored nets have them in this folder." in readme
    assert "load_encoder" not in readme
    assert "## Licence\n\nNone is stated." in readme
    assert entities(found.path)["./"]["license"] == "NOASSERTION: no licence is stated"


def test_the_readme_says_what_it_is_and_how_to_read_it(whole: Path) -> None:
    text = (whole / "README.md").read_text("utf-8")
    for said in (
        "Josiah Carberry. Archived on 2026-01-31 by ogan_bench ",
        "### demo\n\nDoes it?\n",
        ": It is.\n",
        "5 of 6 trials finished; preliminary; registered.",
        "CC-BY-4.0: https://spdx.org/licenses/CC-BY-4.0",
        f'enc = ob.load_encoder("{WITH_NETS[0]}")',
        "2 trials have stored nets, all in this folder.",
        "| `registered.json` | What the study stated before its first trial",
        "ogan-bench archive --verify .",
    ):
        assert said in text, said


def test_the_python_of_the_readme_runs(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (whole / "README.md").read_text("utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(whole)
    found: dict[str, Any] = {"images": few_images().test.images}
    exec(code, found)
    assert len(found["codes"]) == len(found["images"])
    assert set(found["table"]["arm"]) == {"none", "pea_rson"}


def test_the_same_results_give_the_same_zip(source: Path, whole: Path, tmp_path: Path) -> None:
    archived(source, tmp_path / "a.zip")
    again = shutil.copytree(whole, tmp_path / "again", copy_function=shutil.copyfile)
    write_zip(again, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with unzipped(tmp_path / "a.zip") as folder:
        assert read_manifest(folder) == read_manifest(whole)


def test_what_exists_is_not_touched(source: Path, tmp_path: Path) -> None:
    for name in ("folder", "file.zip"):
        out = tmp_path / name
        out.mkdir() if name == "folder" else out.write_text("mine")
        with pytest.raises(UserError, match="exists; an archive is written once"):
            archived(source, out)
    assert (tmp_path / "file.zip").read_text() == "mine"
    assert list((tmp_path / "folder").iterdir()) == []


@pytest.mark.usefixtures("_without_report")
@pytest.mark.parametrize("name", ["half", "half.zip"])
def test_nothing_half_is_left_when_it_fails(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def fail(folder: Path, _: object) -> None:
        assert (folder / "ro-crate-metadata.json").exists()
        assert not (tmp_path / name).exists()  # so a kill leaves nothing under this name either
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write, "write_manifest", fail)
    with pytest.raises(UserError, match=f"{name}: cannot be written .No space left on device"):
        archived(source, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_without_report")
class TestRefusals:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        return with_nets(tmp_path / "results")

    def test_damaged_results_and_nets_are_not_published(self, root: Path, tmp_path: Path) -> None:
        weights = root / WITH_NETS[0] / "nets.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1])
        with pytest.raises(UserError, match=r"nets\.safetensors: missing or damaged"):
            archived(root, tmp_path / "out")
        weights.unlink()
        (weights.parent / "nets.json").unlink()
        path = root / "demo" / "pea_rson" / "seed-0" / "result.json"
        path.write_text(path.read_text().replace('"seconds": 2.0', '"seconds": 1.0'))
        with pytest.raises(UserError) as refused:
            archived(root, tmp_path / "out")
        assert (
            f"{path}: damaged, its SHA-256 is not the stored one; put back a copy, or delete"
            in (str(refused.value))
        )
        assert not (tmp_path / "out").exists()

    def test_a_damaged_picture_is_not_published(self, root: Path, tmp_path: Path) -> None:
        path = trial(root, "none", 0).path / "samples.png"
        path.write_bytes(b"half a picture")
        with pytest.raises(UserError, match=f"{path}: damaged"):
            archived(root, tmp_path / "out")

    def test_a_running_study_is_not_published(self, root: Path, tmp_path: Path) -> None:
        with (
            trial(root, "pea_rson", 2).claim(),
            pytest.raises(
                UserError,
                match=r"pea_rson/seed-2: is being run now; archive the study once it has ended",
            ),
        ):
            archived(root, tmp_path / "out")

    def test_an_unknown_study_is_named(self, root: Path, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="no such study; stored here: demo"):
            write_archive(root, ["dmo"], tmp_path / "out", DEPOSIT)


@pytest.mark.usefixtures("_without_report")
def test_the_study_file_goes_along_if_it_is_the_one_that_was_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = with_nets(tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "studies").mkdir()
    path = tmp_path / "studies" / "demo.yaml"
    path.write_text("name: demo\n")
    store = TrialStore(root)
    record = store.read_study("demo")
    store.write_study("demo", {**record, "study_file_sha256": sha256(path)})
    assert (
        archived(root, tmp_path / "a", "none").path / "demo" / "demo.yaml"
    ).read_text() == "name: demo\n"
    path.write_text("name: demo  # changed since\n")
    assert not (archived(root, tmp_path / "b", "none").path / "demo" / "demo.yaml").exists()
