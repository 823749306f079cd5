"""The methods of a study as LaTeX paragraphs, which cite the entries of ``references.bib``."""

from __future__ import annotations

from ogan_bench.analysis.analyse import Analysis
from ogan_bench.report.latex import COLUMN
from ogan_bench.report.latex_text import breakable

SIZE = 10.0
"""Of the text around it, in points."""


def latex_methods(analysis: Analysis) -> str:
    """Methods, compute, limitations and all settings, for a column of text or wider ones."""
    methods, title = analysis.methods, analysis.results.arm_title
    keys = [entry[entry.index("{") + 1 : entry.index(",")] for entry in methods.bibliography]
    settings = [
        f"{title(row['arm'])}, {section}: {text}."
        for row in methods.settings
        for section, text in row["sections"].items()
    ]
    paragraphs = {
        "Methods": [*methods.sentences],
        "Compute": [methods.compute],
        "Limitations": methods.limitations,
        "Settings": settings,
    }
    text = [rf"\nocite{{{','.join(keys)}}}"] if keys else []
    for name, sentences in paragraphs.items():
        shown = (breakable(sentence, COLUMN / 3, SIZE) for sentence in sentences)
        text.append("\n".join([rf"\paragraph{{{name}.}}", *shown, ""]))
    return "\n".join(text)
