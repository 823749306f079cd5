"""What the README and the pages of docs/ show is what the tool does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import ogan_bench as ob
from ogan_bench.analysis.verdicts import DECISIONS
from ogan_bench.api import Results
from ogan_bench.data.sources.digits import digits
from ogan_bench.errors import StudyError
from ogan_bench.objectives.parts.schedules import schedule
from ogan_bench.runner.study import store_study
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study import settings
from ogan_bench.study.load import load_study
from ogan_bench.study.shipped import read_question, shipped_studies
from ogan_bench.study.trial import trials
from ogan_bench.study.tuning import Tuning
from ogan_bench.training.rate_schedule import rate_schedule
from tests.shown_commands import in_blocks, in_sentences, parse

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "ogan_bench"
README = (ROOT / "README.md").read_text(encoding="utf-8")
FINDINGS = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
PAGES = "\n".join(
    [README, *(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md")))]
)
REFERENCE = ROOT / "results" / "reference"


def block(language: str, word: str) -> str:
    """The one code block of all pages that is of a language and contains a word."""
    found = [text for text in blocks(language) if word in text]
    assert len(found) == 1
    return found[0]


def blocks(language: str) -> list[str]:
    """The code blocks of a language on all pages."""
    return [str(text) for text in re.findall(rf"```{language}\n(.*?)```", PAGES, re.DOTALL)]


def test_the_readme_is_short_and_has_the_two_commands_of_the_set_up() -> None:
    assert len(README.splitlines()) < 200
    assert re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL) == [
        "pip install -e . && ogan-bench run studies/mse_vs_pearson.yaml",
        "pip install nox uv && nox",
    ]


def test_no_code_block_goes_unchecked() -> None:
    """A new block needs a test here; blocks of text are layouts and formulas."""
    languages = re.findall(r"^```(\w*)\n.*?^```", PAGES, re.DOTALL | re.MULTILINE)
    assert set(languages) == {"python", "sh", "text", "yaml"}
    assert (languages.count("python"), languages.count("yaml")) == (7, 4)


def test_the_study_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "my_study.yaml"
    path.write_text(block("yaml", "my_study"), encoding="utf-8")
    assert len(trials(load_study(path))) == 10


def test_the_tuning_is_that_of_the_study_that_it_is_taken_from() -> None:
    shown = Tuning.model_validate(YAML(typ="safe", pure=True).load(block("yaml", "tune:"))["tune"])
    tune = load_study(shipped_studies()["kind_or_pull"]).tune
    assert tune is not None
    assert (shown.seeds, shown.searches[0]) == (tune.seeds, tune.searches[0])


def test_the_schedules_fall_as_described() -> None:
    shown = YAML(typ="safe", pure=True).load(block("yaml", "penalty_schedule"))
    stated = load_study(shipped_studies()["mse_vs_pearson"]).arms["pearson"].model_dump()
    both = {part: {**stated[part], **shown[part]} for part in shown}
    falling = settings.Settings.model_validate({**stated, **both})
    rates = rate_schedule(falling.training)
    penalty = schedule(falling.objective.parameters()["penalty_schedule"])
    assert rates is not None
    assert [rates(share) for share in (0.0, 0.5, 1.0)] == pytest.approx([1, 0.625, 0.25])
    assert [penalty(share) for share in (0.0, 0.5, 1.0)] == pytest.approx([1, 0.1, 0.1])


def test_its_mistakes_are_reported_as_shown(tmp_path: Path) -> None:
    path = tmp_path / "my_study.yaml"
    text = block("yaml", "my_study")
    text = text.replace("width: 16", "widht: 16").replace(
        "objective: {consistency: mse_mean", "objective: {consistncy: mse_mean"
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(path)
    found = "\n".join(caught.value.problems).replace(str(path), "my_study.yaml")
    assert found == block("text", "my_study.yaml").strip()


def test_the_hypotheses_are_valid(tmp_path: Path) -> None:
    arms = "arms:\n  none: {objective: {consistency: none}}\n" + "".join(
        f"  weight_{name}: {{objective: {{consistency_weight: {weight}}}}}\n"
        for name, weight in (("8", 8), ("2", 2), ("05", 0.6))
    )
    text = block("yaml", "my_study").partition("hypotheses:\n")[0].replace("arms:\n", arms)
    path = tmp_path / "my_study.yaml"
    path.write_text(text + block("yaml", "quality_is_kept"), encoding="utf-8")
    stated = load_study(path).hypotheses
    assert [hypothesis.test for hypothesis in stated] == [
        "non_inferiority",
        "trend",
        "failure_rate",
    ]


def test_the_metric_is_that_of_the_guide() -> None:
    """Whose test runs it: tests/website/test_guide.py."""
    guide = (ROOT / "docs" / "guide" / "own_metric.md").read_text(encoding="utf-8")
    assert f"```python\n{block('python', 'my_metrics.py')}```\n" in guide


COMMANDS = [*in_blocks("\n".join(blocks("sh"))), *in_sentences(PAGES)]


@pytest.mark.parametrize("line", sorted(set(COMMANDS)))
def test_the_command_line_takes_what_is_shown(line: str) -> None:
    parse(line)


def test_the_layout_of_the_results_names_files_that_the_code_names() -> None:
    layouts = block("text", "checkpoint.pt   ") + block("text", "trials.parquet")
    named = re.findall(r"\w+\.(?:jsonl?|pt|png|txt|html|md|csv|parquet)", layouts)
    code = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    assert len(named) == 33
    assert [name for name in named if f'"{name}"' not in code] == []


def test_the_python_interface_does_what_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the published trials in the place of a run."""
    name = "mse_vs_pearson"
    monkeypatch.setattr(ob, "run", lambda study, out: Results(REFERENCE, name))
    load = ob.load_results
    monkeypatch.setattr(ob, "load_results", lambda root, study: load(REFERENCE, name))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "studies").symlink_to(ROOT / "studies")
    names: dict[str, Any] = {}
    exec(compile(block("python", "import ogan_bench"), "docs/python.md", "exec"), names)
    assert (tmp_path / "forest.pdf").stat().st_size > 0

    overrides = ["training.steps=2", "training.batch_size=8", "evaluation.probe_images=0"]
    path = ROOT / "studies" / f"{name}.yaml"
    study = load_study(path, overrides=overrides)
    wanted = trials(study, ["pearson"], [120])
    store_study(TrialStore(Path("results")), study, wanted, path, None, overrides)
    assert run_trial(wanted[0], Options(Path("results")), "cpu").status == "finished"
    exec(compile(block("python", "ob.load_trained"), "docs/python.md", "exec"), names)
    assert names["codes"].shape == (16, names["pair"].z_dim)

    test = digits().test
    names |= {"images": test.images, "labels": test.labels, "ogan_bench": ob}
    exec(compile(block("python", "ogan_bench.load_encoder"), "README.md", "exec"), names)
    assert names["codes"].shape == (360, 32)
    exec(compile(block("python", "ob.load_encoder"), "docs/python.md", "exec"), names)
    assert names["codes"].shape == (360, names["pair"].z_dim)
    assert names["paths"].shape == (2, 7, 16, 16, 1)
    exec(compile(block("python", "ob.EncoderTransformer"), "docs/python.md", "exec"), names)
    assert names["probe"].score(names["images"], names["labels"]) > 0.1


@pytest.mark.usefixtures("_forget_plugins")
def test_the_part_trains(tmp_path: Path) -> None:
    (tmp_path / "my_terms.py").write_text(block("python", "my_terms.py"), encoding="utf-8")
    text = block("yaml", "my_study").replace(
        "base:\n", "plugins: [my_terms.py]\nbase:\n  evaluation: {samples: 50, probe_images: 50}\n"
    )
    arm = "  mse_mean: {objective: {consistency: {name: huber, delta: 0.5}}}\nseeds: [0]\n"
    text = re.sub(r"  mse_mean: .*\nseeds: .*\n", arm, text).replace("steps: 1500", "steps: 2")
    path = tmp_path / "my_study.yaml"
    path.write_text(text, encoding="utf-8")
    _, trial = trials(load_study(path))
    report = run_trial(trial, Options(tmp_path / "results"), "cpu")
    assert report.status == "finished", report.message
    log = (tmp_path / "results" / trial.id / "train.jsonl").read_text()
    assert '"generator_consistency"' in log


def test_every_study_stands_in_the_findings_with_its_published_verdicts() -> None:
    for name, path in shipped_studies().items():
        (line,) = [line for line in FINDINGS.splitlines() if line.startswith(f"| [{name}](")]
        assert read_question(path) in line
        reports = [REFERENCE / name, *REFERENCE.glob(f"{name}-*")]
        published = [folder / "report.md" for folder in reports if folder.exists()]
        assert ("no published results yet" in line) == (not published)
        shown = re.findall(r"\[([^\]]*)\]\(\.\./(results/[^)]*)\)", line)
        assert len(shown) == len(published)
        for report in published:
            verdicts = re.findall(r"^- \*\*(\w+)\*\*:", report.read_text("utf-8"), re.MULTILINE)
            (text,) = [text for text, link in shown if ROOT / link == report]
            assert text.split(", ") == [
                f"{verdicts.count(word)} {word}" for word in DECISIONS if word in verdicts
            ]


def test_the_commands_of_ci_are_those_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert block("sh", "nox").strip() == "pip install nox uv && nox"
    assert "\npip install nox uv && nox\n" in script
