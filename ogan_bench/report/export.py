"""Exports of a study's result: a LaTeX table and JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

from pydantic import BaseModel

from ogan_bench.analysis.analyse import Analysis
from ogan_bench.analysis.formatting import MISSING, bounds, estimate, metric_info
from ogan_bench.files import Record, json_text
from ogan_bench.statistics import Interval

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "–": "--",
    "±": r"$\pm$",
    "ρ": r"$\rho$",
    "²": "$^2$",
    "∞": r"$\infty$",
    "Δ": r"$\Delta$",
    "·": r"$\cdot$",
    "σ": r"$\sigma$",
}
_ARROWS = {"lower": r" $\downarrow$", "higher": r" $\uparrow$", None: ""}


def latex(analysis: Analysis) -> str:
    """The main table for a paper; requires the package ``booktabs``.

    Arms are rows and metrics are columns: the mean over seeds with its 95 % t interval below it,
    in bold where :func:`ogan_bench.analysis.summary.leader` says so.
    """
    name, rows = analysis.results.name, analysis.rows
    seeds = len(analysis.results.record["seeds"])
    metrics = [metric_info(cell["metric"]) for cell in rows[0]["cells"]]
    titles = [_escaped(metric.title) + _ARROWS[metric.better] for metric in metrics]
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_escaped(name)}: means over up to {seeds} training seeds with 95\,\% "
        r"Student's t intervals; where seeds lack a value, n is given. Bold: better than every "
        r"other arm beyond the 95\,\% interval of the difference.}",
        rf"\label{{tab:{''.join(c if c.isalnum() else '-' for c in name)}}}",
        rf"\begin{{tabular}}{{l{'r' * len(metrics)}}}",
        r"\toprule",
        " & ".join(["arm", *titles]) + r" \\",
        r"\midrule",
    ]
    for row in rows:
        cells = [(cell, metric_info(cell["metric"]).format) for cell in row["cells"]]
        title = _escaped(analysis.results.arm_title(row["arm"]))
        lines.append(" & ".join([title, *(_mean(*cell) for cell in cells)]) + r" \\")
        lines.append(" & ".join(["", *(_bounds(*cell) for cell in cells)]) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
    return "\n".join(lines)


def as_json(analysis: Analysis) -> bytes:
    """The numbers of an analysis as JSON: dataclasses as objects, nan and infinities as null."""
    results, overview = analysis.results, analysis.overview
    record = {
        "format": 1,
        "study": results.name,
        "question": overview.question,
        "control": results.control,
        "registered": analysis.registered,
        "deviations": analysis.deviations,
        "finished": overview.finished,
        "planned": overview.planned,
        "verdicts": analysis.verdicts,
        "summary": analysis.summary,
        "ranked_metrics": analysis.ranked_metrics,
        "ranks": analysis.ranks,
        "ablation": analysis.ablation,
        "variance": analysis.variance,
        "course": analysis.course,
        "cost": analysis.cost,
        "comparison": analysis.comparison,
        "trials": results.planned,
    }
    return json_text(_plain(record)).encode() + b"\n"


def _mean(cell: Record, spec: str) -> str:
    shown = _escaped(estimate(_interval(cell), spec))
    return rf"\textbf{{{shown}}}" if cell["best"] else shown


def _bounds(cell: Record, spec: str) -> str:
    shown = _escaped(bounds(_interval(cell), spec)) or ("" if cell["n"] else _escaped(MISSING))
    lacking = f" n = {cell['n']}" if cell["failed"] else ""
    return rf"{{\scriptsize {shown}{lacking}}}" if shown + lacking else ""


def _interval(cell: Record) -> Interval:
    return Interval(cell["mean"], cell["low"], cell["high"])


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in text)


def _plain(value: Any) -> Any:
    """Dataclasses, models and intervals as objects, NumPy scalars as numbers."""
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(mode="json"))
    if isinstance(value, Interval):
        return _plain(value._asdict())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: _plain(entry) for name, entry in fields if not callable(entry)}
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value.item() if hasattr(value, "item") else value
