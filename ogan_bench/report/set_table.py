"""Several sets of images side by side as plain text, with their differences from the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ogan_bench.analysis.formatting import metric_info
from ogan_bench.files import Record
from ogan_bench.report.terminal import ARROWS
from ogan_bench.report.text_table import text_table

CRITICAL = 1.96


def set_table(
    rows: Mapping[str, Sequence[Record]], differences: Mapping[str, Mapping[str, Record]]
) -> str:
    """A line for each metric, a column for each set and for each difference from the first set.

    Args:
        rows: Measurements of each set by its name, the same metrics in the same order.
        differences: Of each set but the first: by metric, value, low, high and p.
    """
    first = next(iter(rows))
    header = ["", *rows, *(f"{name} - {first}" for name in differences)]
    lines = []
    for of_metric in zip(*rows.values(), strict=True):
        metric = metric_info(of_metric[0]["metric"])
        cells = [_value(row, metric.format) for row in of_metric]
        for of in differences.values():
            found = of.get(of_metric[0]["metric"])
            cells.append(_difference(found, metric.format) if found else "")
        lines.append([metric.title + ARROWS[metric.better], *cells])
    return (
        text_table(header, lines, numeric=range(1, len(header)))
        + "\n\nValue ± half of the 95 % interval, and differences with 95 % intervals and p of a "
        "normal test, not adjusted: from random halves of each set and of their common reference."
    )


def _value(row: Record, spec: str) -> str:
    if row["value"] is None:
        return "-"
    half = "" if row["error"] is None else f" ±{CRITICAL * row['error']:.2g}"
    return format(row["value"], spec) + half


def _difference(found: Record, spec: str) -> str:
    value, low, high = (format(found[key], spec) for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}] p = {found['p']:.2g}"
