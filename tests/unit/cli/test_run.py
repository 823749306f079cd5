"""``ogan-bench run``: its results folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ogan_bench.cli import app, report
from ogan_bench.errors import UserError
from ogan_bench.runner import study
from tests.unit.cli.asking import ask


def test_results_are_in_one_folder_by_either_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--out is another name of --results"):
        ask("run", "mse_vs_pearson", "--results", "a", "--out", "b")
    (tmp_path / "file").touch()
    for name in ("--results", "--out"):
        with pytest.raises(UserError, match="file: a file, and no results folder"):
            ask("run", "mse_vs_pearson", name, str(tmp_path / "file"))


def test_help_has_one_word_for_it() -> None:
    text = ask("run", "--help")
    assert "--results" in text
    assert "--out" not in text


def test_failed_trials_count_more_than_a_report_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk both fail, and the exit code was that of the report."""

    def full(root: Path, name: str) -> None:
        raise UserError(f"{root}/{name}/report.html: cannot be written")

    monkeypatch.setattr(report, "print_report", full)
    arguments = ["run", "mse_vs_pearson", "--scale", "smoke", "--results", str(tmp_path)]
    monkeypatch.setattr(study, "execute", lambda *_, **__: study.Ending(3))
    assert CliRunner().invoke(app, arguments).exit_code == 3
    monkeypatch.setattr(study, "execute", lambda *_, **__: study.Ending(0))
    with pytest.raises(UserError, match="cannot be written"):
        ask(*arguments)


def test_only_names_one_of_the_trials(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--only none/seed-9: no such trial; one is none/seed-120"):
        ask("run", "mse_vs_pearson", "--only", "none/seed-9", "--results", str(tmp_path))
