"""What the README shows is what the tool does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ogan_bench.errors import StudyError
from ogan_bench.study import load_study, trials

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")


def block(language: str, word: str) -> str:
    """The code block of a language that contains a word."""
    found = [b for b in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if word in b]
    assert len(found) == 1
    return str(found[0])


def test_the_study_of_the_readme_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "my_study.yaml"
    path.write_text(block("yaml", "my_study"), encoding="utf-8")
    assert len(trials(load_study(path))) == 10


def test_its_mistakes_are_reported_as_the_readme_says(tmp_path: Path) -> None:
    path = tmp_path / "my_study.yaml"
    text = block("yaml", "my_study")
    text = text.replace("width: 16", "widht: 16").replace(
        "mse_mean: {objective: {consistency:", "mse_mean: {objective: {consistncy:"
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(path)
    found = "\n".join(caught.value.problems).replace(str(path), "my_study.yaml")
    assert found == block("text", "my_study.yaml").strip()


def test_the_commands_of_ci_are_those_of_the_readme() -> None:
    script = (Path(__file__).parent.parent.parent / ".ci" / "run").read_text(encoding="utf-8")
    assert block("sh", "nox").strip() == "pip install nox uv && nox"
    assert "\npip install nox uv && nox\n" in script
