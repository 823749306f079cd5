"""The methods in LaTeX: complete, and pdfLaTeX and BibTeX set them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ogan_bench.analysis.analyse import analyse
from ogan_bench.report.latex_methods import latex_methods
from ogan_bench.report.report import write_report
from tests.unit.analysis.study_with_many import many_arms
from tests.unit.analysis.study_with_pictures import load, write


def test_methods_limits_and_settings_are_paragraphs(tmp_path: Path) -> None:
    analysis = analyse(load(write(tmp_path)))
    text = latex_methods(analysis).replace(r"\allowbreak{}", "")
    names = re.findall(r"\\paragraph{(\w+).}", text)
    assert names == ["Methods", "Compute", "Limitations", "Settings"]
    assert "One dataset, digits; other datasets may give other results." in text
    assert r"pea\_rson, objective: consistency=pea\_rson, adversarial=linear." in text
    assert r"\nocite{alpaydin1998," in text


@pytest.mark.skipif(
    not (shutil.which("pdflatex") and shutil.which("bibtex")), reason="no pdflatex or bibtex"
)
def test_pdflatex_and_bibtex_set_the_methods(tmp_path: Path) -> None:
    analysis = analyse(many_arms(tmp_path))
    analysis.methods.limitations.append("50%_of\\{all} & $x^2$ " + "x" * 90)
    write_report(analysis, formats=("latex-methods", "bib"), folder=tmp_path)
    (tmp_path / "paper.tex").write_text(
        r"\documentclass[10pt,twocolumn]{article}\begin{document}\input{methods}"
        r"\bibliographystyle{plain}\bibliography{references}\end{document}",
        encoding="utf-8",
    )
    set_page = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    for line in (set_page, ["bibtex", "paper"], set_page, set_page):
        run = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout[-2000:]
        assert "Warning--" not in run.stdout
    assert "undefined" not in run.stdout
    for key in re.findall(r"^@\w+{(\w+)", (tmp_path / "references.bib").read_text(), re.MULTILINE):
        assert rf"\bibitem{{{key}}}" in (tmp_path / "paper.bbl").read_text()
