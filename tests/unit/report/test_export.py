"""Tables in LaTeX."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.analysis.analyse import analyse
from ogan_bench.report.export import latex
from tests.unit.analysis.study_with_pictures import load, write


def test_latex_is_escaped_and_has_intervals(tmp_path: Path) -> None:
    analysis = analyse(load(write(tmp_path)))
    analysis.rows[1]["cells"][0]["best"] = True
    analysis.results.record["folder"] = "50%_demo"
    text = latex(analysis)
    assert r"\caption{50\%\_demo: means over up to 3" in text
    assert r"pea\_rson & \textbf{0.20} \\" in text
    assert r" & {\scriptsize [-0.05, 0.45]} \\".replace("-", "$-$") in text
    assert r"\toprule" in text
    assert text.count("{") == text.count("}")
