"""Results folders and studies, as several commands take them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.cli.options import results_and_studies
from ogan_bench.errors import UserError
from tests.unit.analysis.study_with_pictures import write
from tests.unit.cli.asking import ask


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with results in the usual place and in another one."""
    monkeypatch.chdir(tmp_path)
    write(Path("results"), "demo")
    write(Path("results"), "other")
    write(Path("elsewhere"), "third")
    return tmp_path


@pytest.mark.parametrize(
    ("results", "given", "folder", "names"),
    [
        (None, None, "results", ["demo", "other"]),
        (None, ["demo"], "results", ["demo"]),
        (None, ["studies/demo.yaml", "other"], "results", ["demo", "other"]),
        ("elsewhere", None, "elsewhere", ["third"]),
        ("elsewhere", ["third"], "elsewhere", ["third"]),
        (None, ["elsewhere"], "elsewhere", ["third"]),  # as before --results
        (None, ["elsewhere", "third"], "elsewhere", ["third"]),
        (None, ["./results", "demo"], "results", ["demo"]),
    ],
)
def test_the_folder_is_an_option_or_the_first_argument(
    results: str | None, given: list[str] | None, folder: str, names: list[str], here: Path
) -> None:
    found = results_and_studies(None if results is None else Path(results), given)
    assert found == (Path(folder), names)


@pytest.mark.parametrize(
    "command", ["report", "work", "compact", "archive --out made --license CC0-1.0"]
)
def test_an_unknown_study_is_refused_before_a_known_one_is_touched(
    command: str, here: Path
) -> None:
    before = sorted(here.rglob("*"))
    with pytest.raises(UserError, match=r"unknown.* no such study; stored here: demo, other"):
        ask(*command.split(), "demo", "unknown")
    assert sorted(here.rglob("*")) == before


def test_an_unknown_folder_is_refused_before_a_known_one_is_measured(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ogan_bench.runner.study.execute", None)  # not to be called
    with pytest.raises(UserError, match="nowhere: not the folder of a stored study"):
        ask("evaluate", "results/demo", "nowhere")


def test_a_stored_study_is_one_even_if_a_folder_is_called_so(here: Path) -> None:
    (here / "demo").mkdir()
    assert results_and_studies(None, ["demo"]) == (Path("results"), ["demo"])


def test_a_folder_that_is_not_there_is_named(here: Path) -> None:
    with pytest.raises(UserError, match=f"{here}/nowhere: no such folder"):
        results_and_studies(None, [f"{here}/nowhere"])
