"""What the pages of the guide show is what the tool does, and the numbers are those published."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

import ogan_bench as ob
from ogan_bench.errors import UserError
from ogan_bench.evaluation.plugin_metrics import PluginMetricInputs, check_plugin_metrics
from ogan_bench.store.identity import check_identity
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study import catalogue
from ogan_bench.study.load import load_study
from ogan_bench.study.parts import build
from ogan_bench.study.trial import Trial, trials
from tests.shown_commands import in_blocks, in_sentences, lines, parse

ROOT = Path(__file__).parent.parent.parent
REFERENCE = ROOT / "results" / "reference"
PAGES = sorted([*(ROOT / "docs" / "guide").glob("*.md"), *(ROOT / "docs" / "zh").glob("*.md")])
TEXTS = {page.relative_to(ROOT / "docs").as_posix(): page.read_text("utf-8") for page in PAGES}
STUDY = (ROOT / "studies" / "mse_vs_pearson.yaml").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a language on a page."""
    return [str(text) for text in re.findall(rf"```{language}\n(.*?)```", TEXTS[page], re.DOTALL)]


def between(page: str, mark: str) -> str:
    """The text between two marks of a page."""
    found = re.search(
        rf"<!-- {mark}:begin .*?-->\n(.*?)<!-- {mark}:end -->", TEXTS[page], re.DOTALL
    )
    assert found is not None
    return found[1]


def test_no_code_block_goes_unchecked() -> None:
    """A new block needs a test here; shell blocks are parsed wherever they are."""
    found = {
        (page, language): TEXTS[page].count(f"```{language}\n")
        for page in TEXTS
        for language in re.findall(r"^```(\w+)$", TEXTS[page], re.MULTILINE)
        if language != "sh"
    }
    assert found == {
        ("guide/concepts.md", "yaml"): 4,
        ("guide/encoder.md", "python"): 2,
        ("guide/faq.md", "text"): 1,
        ("guide/own_arm.md", "python"): 1,
        ("guide/own_arm.md", "yaml"): 1,
        ("guide/own_metric.md", "python"): 1,
        ("guide/own_metric.md", "yaml"): 1,
        ("guide/paper.md", "latex"): 1,
        ("zh/start.md", "python"): 1,
    }


COMMANDS = {
    line
    for page, text in TEXTS.items()
    for line in [*in_blocks("\n".join(blocks(page, "sh"))), *in_sentences(text)]
}


@pytest.mark.parametrize("line", sorted(COMMANDS))
def test_the_command_line_takes_what_is_shown(line: str) -> None:
    parse(line)


def test_other_commands_exist() -> None:
    """Lines of shell blocks that are not the tool's own commands."""
    shown = {line for page in TEXTS for text in blocks(page, "sh") for line in lines(text)}
    others = {line for line in shown if not re.search("ogan[-_]bench", line)}
    assert others == {
        "pip install -e .",
        'pip install -e ".[onnx]"',
        "sbatch --array=0-7 --signal=USR1@120 --requeue worker.sh",
        "#!/bin/sh",
        "code=$?",
        '[ "$code" -eq 75 ] && scontrol requeue "$SLURM_JOB_ID"',
        'exit "$code"',
    }
    script = next(text for text in blocks("guide/cluster.md", "sh") if text.startswith("#!"))
    assert subprocess.run(["sh", "-n"], input=script, text=True).returncode == 0


def test_the_lines_of_the_worked_example_are_those_of_the_study() -> None:
    place = 0
    for text in blocks("guide/concepts.md", "yaml"):
        found = STUDY.find(text, place)
        assert found >= 0, text
        place = found + len(text)


def test_the_values_of_the_worked_example_are_those_published() -> None:
    data = ob.load_results(REFERENCE, "mse_vs_pearson")
    data = data[data["metric"] == "reconstruction_mse"]
    values = data.pivot(index="seed", columns="arm", values="value")[["none", "pearson"]]
    values["difference"] = values["pearson"] - values["none"]
    values.loc["mean"] = values.mean()
    rows = [
        f"| {seed} | {' | '.join(f'{value:.4f}'.replace('-', '−') for value in row)} |"
        for seed, row in zip(values.index, values.to_numpy(), strict=True)
    ]
    head = ["| seed | none | pearson | difference |", "|---|---|---|---|"]
    assert between("guide/concepts.md", "values").splitlines() == [*head, *rows]


def test_the_verdict_of_the_worked_example_is_that_of_the_report() -> None:
    shown = re.sub(r"^> ?", "", between("guide/concepts.md", "verdict"), flags=re.MULTILINE)
    report = (REFERENCE / "mse_vs_pearson" / "report.md").read_text(encoding="utf-8")
    assert "- " + shown.strip().replace("\n", "\n  ") + "\n" in report
    assert "Standing: registered." in report


def written(tmp_path: Path, page: str) -> Path:
    """The plug-in and the study of a page, written as its names say; the study's path."""
    (plugin,) = blocks(page, "python")
    (tmp_path / plugin.split()[1]).write_text(plugin, encoding="utf-8")
    (study,) = blocks(page, "yaml")
    path = tmp_path / f"{study.split()[1]}.yaml"
    path.write_text(study, encoding="utf-8")
    assert f"ogan-bench run {path.name}" in TEXTS[page]
    return path


@pytest.mark.usefixtures("_forget_plugins")
def test_the_arm_of_ones_own_is_a_loss_per_sample(tmp_path: Path) -> None:
    study = load_study(written(tmp_path, "guide/own_arm.md"))
    assert len(trials(study)) == 10
    term = build("consistency", "absolute")
    z = torch.tensor([[1.0, -1.0], [0.0, 0.0]])
    assert term.loss(z=z, code=torch.zeros(2, 2)).tolist() == [1.0, 0.0]


@pytest.mark.usefixtures("_forget_plugins")
def test_the_metric_of_ones_own_is_measured(tmp_path: Path) -> None:
    study = load_study(written(tmp_path, "guide/own_metric.md"))
    assert [hypothesis.metric for hypothesis in study.hypotheses] == ["brightness_error"]
    check_plugin_metrics()
    measure = catalogue.plugin_metric("brightness_error")
    images = torch.full((3, 1, 4, 4), 255, dtype=torch.uint8)
    assert float(measure(torch.ones(3, 1, 4, 4), images)) == 0
    assert float(measure(-torch.ones(3, 1, 4, 4), images)) == 1


def test_the_names_that_a_metric_may_ask_for_are_all_named() -> None:
    text = TEXTS["guide/own_metric.md"].partition("A function may ask for")[2]
    inputs = {name for name in vars(PluginMetricInputs) if not name.startswith("_")}
    assert set(re.findall(r"`(\w+)`", text)) - {"better", "ValueError"} == inputs


@pytest.mark.parametrize("page", ["guide/encoder.md", "zh/start.md"])
def test_the_encoder_does_what_is_shown(page: str) -> None:
    names: dict[str, Any] = {}
    for text in blocks(page, "python"):
        exec(compile(text, page, "exec"), names)
    assert names["images"].shape == names["again"].shape == (8, 16, 16, 1)
    assert (names["codes"].shape, str(names["codes"].dtype)) == ((8, 32), "float32")
    if page == "guide/encoder.md":
        assert names["walk"].shape == (1, 9, 16, 16, 1)
        assert names["plane"].shape == (8, 2)


def test_the_files_for_a_paper_are_those_that_a_report_writes(tmp_path: Path) -> None:
    folder = tmp_path / "mse_vs_pearson"
    shutil.copytree(REFERENCE / folder.name, folder)
    formats = ("latex", "latex-methods", "bib")
    ob.Results(tmp_path, folder.name).report(formats=formats, figure_formats=("pdf",))
    page = TEXTS["guide/paper.md"]
    assert f"--format html,{','.join(formats)} --figure-format pdf" in page
    files = re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)
    assert [(folder / name).exists() for name in files] == [True] * 3
    (latex,) = blocks("guide/paper.md", "latex")
    used = re.findall(r"results/my_study/([\w/.]+)}", latex)
    assert used == ["table", "figures/forest.pdf", "methods", "references"]
    assert (folder / "figures" / "forest.pdf").exists()
    assert {*files} == {"table.tex", "methods.tex", "references.bib"}


def test_the_message_of_a_refused_trial_is_the_tools(tmp_path: Path) -> None:
    (shown,) = blocks("guide/faq.md", "text")
    path = tmp_path / "study.yaml"

    def trial(steps: int) -> Trial:
        text = STUDY.replace("name: mse_vs_pearson", "name: photos", 1)
        path.write_text(text.replace("steps: 40,", f"steps: {steps},"), encoding="utf-8")
        return trials(load_study(path, scale="smoke"), ["none"], [0])[0]

    stored, wanted = trial(8), trial(9)
    folder = TrialStore(tmp_path / "results").trial(stored)
    folder.write("run.json", {"config_hash": stored.config_hash, "config": stored.config})
    with pytest.raises(UserError) as refused:
        check_identity(folder, wanted)
    assert str(refused.value).replace(f"{tmp_path}/", "") == shown.strip()


def test_the_chinese_start_shows_commands_of_the_english_pages() -> None:
    english = {
        line
        for page in TEXTS
        if page.startswith("guide/")
        for text in blocks(page, "sh")
        for line in text.splitlines()
    }
    chinese = {line for text in blocks("zh/start.md", "sh") for line in text.splitlines()}
    assert chinese <= english
    start = {line for text in blocks("guide/start.md", "sh") for line in text.splitlines()}
    assert start <= chinese


def test_the_chinese_front_page_links_every_claim() -> None:
    findings = {path.name for path in (ROOT / "docs" / "findings").glob("*.md")}
    assert set(re.findall(r"findings/([\w-]+\.md)", TEXTS["zh/README.md"])) == findings
    counts = re.findall(r"[\d一二三四五六七八九十]+个论断", TEXTS["zh/README.md"])
    assert counts == []  # "eight claims" stood above ten
