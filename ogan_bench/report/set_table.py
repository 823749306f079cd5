"""Several sets of images side by side as plain text, with their differences from the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ogan_bench.analysis.formatting import metric_info, p_value
from ogan_bench.files import Record
from ogan_bench.report.footnotes import Footnotes
from ogan_bench.report.terminal import ARROWS, WIDTH
from ogan_bench.report.text_table import text_table

CRITICAL = 1.96
EXPLAINED = (
    "Value ± half of the 95 % interval, and differences with 95 % intervals and p of a normal\n"
    "test, not adjusted: from random halves of each set and of their common reference."
)


def set_table(
    rows: Mapping[str, Sequence[Record]], differences: Mapping[str, Mapping[str, Record]]
) -> str:
    """A line for each metric, a column for each set and for each difference from the first set.

    A degenerate value says so, and a number refers to its note below the table; floors have a table
    of their own.

    Args:
        rows: Measurements of each set by its name, the same metrics in the same order, from
            :func:`ogan_bench.analysis.degenerate.examined`.
        differences: Of each set but the first: by metric, value, low, high and p.
    """
    first = next(iter(rows))
    header = ["", *rows, *(f"{name} - {first}" for name in differences)]
    lines, floors, notes = [], [], Footnotes()
    for of_metric in zip(*rows.values(), strict=True):
        metric = metric_info(of_metric[0]["metric"])
        title = metric.title + ARROWS[metric.better]
        cells = [_value(row, metric.format, notes) for row in of_metric]
        for of in differences.values():
            found = of.get(of_metric[0]["metric"])
            cells.append(_difference(found, metric.format) if found else "")
        lines.append([title, *cells])
        if any(row["floor"] is not None for row in of_metric):
            floors.append([title, *(_floor(row, metric.format) for row in of_metric)])
    table = text_table(header, lines, numeric=range(1, len(header)))
    of_floors = ["floor or chance", *rows]
    return "\n\n".join(
        filter(
            None,
            (
                table,
                text_table(of_floors, floors, numeric=range(1, len(of_floors))) if floors else "",
                EXPLAINED,
                notes.text(WIDTH),
            ),
        )
    )


def _value(row: Record, spec: str, notes: Footnotes) -> str:
    value = "-" if row["value"] is None else format(row["value"], spec)
    half = "" if row["error"] is None else f"±{CRITICAL * row['error']:.2g}"
    return " ".join(filter(None, (value, half, row["degenerate"], notes.mark(row["note"]))))


def _floor(row: Record, spec: str) -> str:
    return "-" if row["floor"] is None else format(row["floor"], spec)


def _difference(found: Record, spec: str) -> str:
    value, low, high = (format(found[key], spec) for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}] {p_value(found['p'])}"
