"""A shipped study is found by its name or its path, and by no other path."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.study.shipped import find_study, shipped_studies

NAME = "mse_vs_pearson"


def test_a_name_and_the_path_in_a_checkout_are_of_the_shipped_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = shipped_studies()[NAME]
    assert find_study(Path(NAME)) == shipped
    assert find_study(Path("studies", f"{NAME}.yaml")) == shipped
    Path(NAME).mkdir()  # such as its results
    assert find_study(Path(NAME)) == shipped


def test_a_path_that_does_not_exist_is_of_no_shipped_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, any path with the stem of a shipped study ran that study."""
    monkeypatch.chdir(tmp_path)
    for path in (f"nosuch/{NAME}.yaml", f"{NAME}.yaml", f"nosuch/{NAME}", f"{NAME}.yml"):
        assert find_study(Path(path)) == Path(path)


def test_a_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("studies").mkdir()
    mine = Path("studies", f"{NAME}.yaml")
    mine.write_text("name: mine")
    assert find_study(mine) == mine
