"""Tables in LaTeX."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.analysis.summary import summarise
from ogan_bench.analysis.tables import main_table
from ogan_bench.report.export import latex
from tests.unit.analysis.study_with_pictures import load, write


def test_latex_is_escaped_and_has_intervals(tmp_path: Path) -> None:
    results = load(write(tmp_path))
    rows = main_table(results, summarise(results))
    rows[1]["cells"][0]["best"] = True
    text = latex("50%_demo", rows, 3)
    assert r"\caption{50\%\_demo: means over up to 3" in text
    assert r"pea\_rson & \textbf{0.20} \\" in text
    assert r" & {\scriptsize [-0.05, 0.45]} \\".replace("-", "$-$") in text
    assert r"\toprule" in text
    assert text.count("{") == text.count("}")
