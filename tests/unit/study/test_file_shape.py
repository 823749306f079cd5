"""The shape of a study file: names and titles."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.study.load import load_study
from tests.unit.study.written_study import STUDY, problems


def test_a_title_is_a_text_of_one_arm(tmp_path: Path) -> None:
    text = STUDY.replace("none: {", 'none: {title: "", ').replace(
        "adam: {", "adam: {title: [Adam], "
    )
    assert problems(tmp_path, text) == [
        "bad.yaml:15:10: arms.none.title: String should have at least 1 character (got '')",
        "bad.yaml:17:10: arms.adam.title: Input should be a valid string (got 'list')",
    ]


def test_names_fit_the_names_of_folders(tmp_path: Path) -> None:
    longest = "a" * 100
    path = tmp_path / "s.yaml"
    text = STUDY.replace("name: tiny", f"name: {longest}").replace("  big:", f"  {longest}:")
    path.write_text(text, encoding="utf-8")
    assert len(load_study(path, scale=longest).folder) == 201
    (line,) = problems(tmp_path, STUDY.replace("  adam:", f"  {longest}a:"))
    assert line.startswith("bad.yaml:17:3: arms.aaa")
    assert "should match pattern" in line


def test_no_two_arms_are_called_the_same(tmp_path: Path) -> None:
    for title in ("Adam", "pearson"):  # also not as the id of another arm
        text = STUDY.replace("none: {", f"none: {{title: {title}, ").replace(
            "adam: {", "adam: {title: Adam, "
        )
        assert problems(tmp_path, text) == [f"bad.yaml:14:1: arms: two arms are called {title!r}"]


def test_base_and_scales_have_no_title(tmp_path: Path) -> None:
    text = STUDY.replace("base:\n", "base:\n  title: all\n").replace(
        "{pearson: {", "{pearson: {title: strong, "
    )
    found = [line.partition(": ")[2].partition(" Known")[0] for line in problems(tmp_path, text)]
    assert set(found) == {
        "base.title: unknown key.",
        "scales.big.arms.pearson.title: unknown key.",
    }
