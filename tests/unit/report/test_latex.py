"""Tables in LaTeX: complete, escaped, and no wider or longer than the page."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ogan_bench.analysis.analyse import Analysis, analyse
from ogan_bench.analysis.registration import Standing
from ogan_bench.report.latex import COLUMN, PAGE, latex
from ogan_bench.report.latex_text import escaped
from tests.unit.analysis.study_with_many import ARMS, METRICS, many_arms
from tests.unit.analysis.study_with_pictures import load, write

PDFLATEX = shutil.which("pdflatex")
HOSTILE = r"50%_of\{all} & $x^2$ #1 ~ [a]*|<β→Ä, ∞ ‖ρ‖₂² ≥ ±½ 中 \input{/etc/passwd}"
WIDTHS = pytest.mark.parametrize("width", [COLUMN, PAGE])


@pytest.fixture
def many(tmp_path: Path) -> Analysis:
    return analyse(many_arms(tmp_path))


def tables(text: str) -> list[str]:
    return re.findall(r"\\begin{table\*?}.*?\\end{table\*?}", text, re.DOTALL)


def test_a_mean_its_interval_and_what_bold_means(tmp_path: Path) -> None:
    analysis = analyse(load(write(tmp_path)))
    means, ablation, verdicts = tables(latex(analysis))
    assert "Means over 3 training seeds $\\pm$ half of their 95\\,\\% Student's $t$" in means
    assert "9 test images, protocol 1: reconstruction MSE." in means
    assert r"0.20\\{\scriptsize $\pm$0.25}" in means
    assert "Bold" not in means
    analysis.rows[1]["cells"][0]["best"] = True
    (means, *_) = tables(latex(analysis))
    assert r"\textbf{0.20}\\{\scriptsize $\pm$0.25}" in means
    assert "Bold: better than every other arm, two-sided p $<$ 0.05" in means
    assert r"objective.\allowbreak{}consistency:" in ablation
    assert "The control of all differences is none" in ablation
    assert "It is." in verdicts
    assert analysis.verdicts[0].decision in verdicts


def test_unfinished_and_deviating_studies_say_so(tmp_path: Path) -> None:
    standing = Standing("0" * 64, ("seeds",))
    analysis = analyse(dataclasses.replace(load(write(tmp_path)), standing=standing))
    assert all("It deviates from its registration." in table for table in tables(latex(analysis)))
    (tmp_path / "demo" / "none" / "seed-0" / "result.json").unlink()
    for table in tables(latex(analyse(load(tmp_path)))):
        assert "Preliminary: 5 of 6 trials finished." in table


@WIDTHS
def test_every_metric_of_every_arm_is_in_a_table_of_at_most_seven(
    many: Analysis, width: float
) -> None:
    text = latex(many, width)
    columns = [len(found) for found in re.findall(r"p{[\d.]+pt}(r+)@", text)]
    assert max(columns) <= 7
    for name in METRICS:
        title = many.metrics[name].title
        assert any(escaped(title) in table.partition(r"\toprule")[0] for table in tables(text))
    assert text.count("arm\\_\\allowbreak{}20\\par") >= 3
    assert "resizebox" not in text
    assert text.count("{") == text.count("}")
    assert (r"\begin{table*}" in text) == (width == PAGE)


@pytest.mark.parametrize(
    ("mark", "explained"),
    [
        ("collapsed 2/3", r"3.0$^\dagger$"),
        ("chance 1/3", r"3.0$^\ddagger$"),
        ("floor 3/3", r"3.0\S{}"),
    ],
)
def test_degenerate_values_are_marked_and_explained(
    tmp_path: Path, mark: str, explained: str
) -> None:
    analysis = analyse(load(write(tmp_path)))
    cell = analysis.rows[0]["cells"][0]
    cell |= {"degenerate": mark, "mean": 3.0}
    means = tables(latex(analysis))[0]
    assert explained in means
    assert explained.removeprefix("3.0") + " some " in means.partition(r"\label")[0]


@WIDTHS
def test_arms_as_columns_are_in_as_many_tables_as_they_need(many: Analysis, width: float) -> None:
    text = latex(many, width, transpose=True)
    assert text.count(r"\toprule" + "\nmetric &") > text.count(r"\toprule" + "\narm &") == 0
    for table in [table for table in tables(text) if "\nmetric &" in table]:
        (columns,) = re.findall(r"p{[\d.]+pt}(r+)@", table)
        assert len(columns) == len(re.findall(r"arm\\_\d+", table))  # no arm twice in one table
    for arm in ARMS:
        assert text.count(rf"{{\scriptsize {escaped(arm)}}}") == 3  # its metrics fill three tables
    for name in METRICS:
        title = escaped(many.metrics[name].title)
        assert any(title in table.partition(r"\toprule")[0] for table in tables(text))


@pytest.mark.skipif(PDFLATEX is None, reason="no pdflatex")
@pytest.mark.parametrize("transpose", [False, True], ids=["arms are rows", "arms are columns"])
@WIDTHS
def test_pdflatex_sets_every_table_on_a_page_without_a_complaint(
    many: Analysis, width: float, transpose: bool, tmp_path: Path
) -> None:
    many.results.record["arm_titles"] = {ARMS[1]: HOSTILE, ARMS[2]: "x" * 90, ARMS[3]: "[a] *"}
    many.ablation.rows[0]["changes"] += ["model.encoder_kernel: 5 → 4", HOSTILE] * 3
    many.rows[4]["cells"][0] |= {"best": True, "failed": 1, "degenerate": "floor 1/3, chance 1/3"}
    (tmp_path / "tables.tex").write_text(latex(many, width, transpose=transpose), encoding="utf-8")
    (tmp_path / "paper.tex").write_text(
        r"\documentclass[10pt,twocolumn]{article}\usepackage{booktabs}"
        rf"\setlength{{\columnsep}}{{19pt}}\setlength{{\textwidth}}{{{PAGE}pt}}"
        r"\setlength{\textheight}{648pt}\setlength{\topmargin}{-40pt}"
        r"\begin{document}\input{tables}\end{document}",
        encoding="utf-8",
    )
    line = [str(PDFLATEX), "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    run = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-2000:]
    assert (
        re.findall("Overfull.*|.*too large.*|Missing character.*|LaTeX Warning: U.*", run.stdout)
        == []
    )
