"""What the README shows is what the tool does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ogan_bench.errors import StudyError
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.study import catalogue, settings
from ogan_bench.study.load import load_study
from ogan_bench.study.shipped import read_statement, shipped_studies
from ogan_bench.study.trial import trials

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = ROOT / "results" / "reference"


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


def test_the_part_of_the_readme_trains(tmp_path: Path) -> None:
    (tmp_path / "my_terms.py").write_text(block("python", "my_terms.py"), encoding="utf-8")
    text = block("yaml", "my_study").replace(
        "base:\n", "plugins: [my_terms.py]\nbase:\n  evaluation: {samples: 50, probe_images: 50}\n"
    )
    arm = "  mse_mean: {objective: {consistency: {name: huber, delta: 0.5}}}\nseeds: [0]\n"
    text = re.sub(r"  mse_mean: .*\nseeds: .*\n", arm, text).replace("steps: 1500", "steps: 2")
    path = tmp_path / "my_study.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        _, trial = trials(load_study(path))
        report = run_trial(trial, Options(tmp_path / "results"), "cpu")
    finally:
        catalogue.remove_plugins()
        settings.take_up_plugins()
    assert (report.status, report.outcome) == ("finished", "ok"), report.message
    log = (tmp_path / "results" / trial.id / "train.jsonl").read_text()
    assert '"generator_consistency"' in log


def test_every_study_stands_in_the_readme_with_its_published_verdicts() -> None:
    for name, path in shipped_studies().items():
        (line,) = [line for line in README.splitlines() if line.startswith(f"| [{name}](")]
        assert read_statement(path) in line
        reports = [REFERENCE / name, *REFERENCE.glob(f"{name}-*")]
        published = [folder / "report.md" for folder in reports if folder.exists()]
        assert ("no published results yet" in line) == (not published)
        shown = re.findall(r"\[([^\]]*)\]\((results/[^)]*)\)", line)
        assert len(shown) == len(published)
        for report in published:
            verdicts = re.findall(r"^- \*\*(\w+)\*\*:", report.read_text("utf-8"), re.MULTILINE)
            (text,) = [text for text, link in shown if ROOT / link == report]
            assert text.split(", ") == [
                f"{verdicts.count(word)} {word}"
                for word in ("supported", "refuted", "inconclusive")
                if word in verdicts
            ]


def test_the_commands_of_ci_are_those_of_the_readme() -> None:
    script = (Path(__file__).parent.parent.parent / ".ci" / "run").read_text(encoding="utf-8")
    assert block("sh", "nox").strip() == "pip install nox uv && nox"
    assert "\npip install nox uv && nox\n" in script
