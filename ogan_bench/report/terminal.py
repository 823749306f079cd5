"""The result of a study as plain text, for a terminal or a log."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from ogan_bench.analysis.analyse import Analysis
from ogan_bench.analysis.formatting import metric_info, number, pluralise, precision
from ogan_bench.files import Record
from ogan_bench.report.footnotes import Footnotes
from ogan_bench.report.means_table import Heading, means_table
from ogan_bench.report.text_table import text_table
from ogan_bench.statistics import Interval

ARROWS = {"lower": " ↓", "higher": " ↑", None: ""}
WIDTH = 100


def result_text(analysis: Analysis, *, transpose: bool = False) -> str:
    """The answer, the main table and the verdicts in words.

    The table has means ± half of the 95 % t interval over seeds. Columns that do not fit side by
    side continue in another table below.

    Args:
        analysis: Of the study.
        transpose: Whether arms are columns instead of rows.
    """
    overview = analysis.overview
    means = means_table(analysis.results, analysis.rows, transpose=transpose)
    columns = [
        [_title(heading), *(_cell(cell, metric_info(cell["metric"]).format) for cell in cells)]
        for heading, cells in zip(means.columns, zip(*means.cells, strict=True), strict=True)
    ]
    text = []
    if analysis.answer.sentence:
        text.append(textwrap.fill(analysis.answer.sentence, WIDTH) + "\n")
    for group in _side_by_side(["", *map(_title, means.rows)], columns):
        header, *lines = zip(*group, strict=True)
        text.append(text_table(header, lines, numeric=range(1, len(header))) + "\n")
    more = sum(len(rows[0]["cells"]) for rows in analysis.further)
    text.append(
        "Means ± half of the 95 % t interval over seeds; "
        f"{overview.finished} of {overview.planned} trials finished.\n"
        f"Standing: {overview.standing.text}."
    )
    text += [f"  {change}" for change in overview.standing.deviations]
    if analysis.shown:
        text.append(analysis.shown)
    if more:
        text.append(f"{pluralise(more, 'more metric')} in the report.")
    for verdict in analysis.verdicts:
        text.append(f"\n{verdict.decision.upper()}: {verdict.hypothesis.claim}")
        rests = [] if verdict.sensitivity is None else [verdict.sensitivity.words]
        reason = "; ".join([*rests, verdict.reason])
        text.append(textwrap.indent(textwrap.fill(reason, WIDTH - 2), "  "))
    return "\n".join(text)


def _title(heading: Heading) -> str:
    return heading.title + ARROWS[heading.better]


def _side_by_side(first: list[str], columns: Sequence[list[str]]) -> Iterator[list[list[str]]]:
    """The columns in groups at most :data:`WIDTH` wide, each behind the first column."""
    group, taken = [first], max(map(cell_len, first))
    for column in columns:
        width = 2 + max(map(cell_len, column))
        if taken + width > WIDTH and len(group) > 1:
            yield group
            group, taken = [first], max(map(cell_len, first))
        group.append(column)
        taken += width
    yield group


def measurements(rows: Sequence[Record]) -> str:
    """Table of single measurements: value, errors, floor and n of each, and their notes below it.

    The errors are the standard error from sampling and the standard deviation over the classifiers
    of an ensemble; a column without any is left out. A degenerate value says so, and a number
    refers to its note; rows with the same note share it.

    Args:
        rows: From :func:`ogan_bench.analysis.degenerate.examined`.
    """
    lines, notes = [], Footnotes()
    for row in rows:
        metric = metric_info(row["metric"])
        value, floor = (
            "-" if row[key] is None else format(row[key], metric.format)
            for key in ("value", "floor")
        )
        title = metric.title + ARROWS[metric.better]
        errors = ["" if row[of] is None else f"{row[of]:.2g}" for of in ("error", "members_sd")]
        remarks = " ".join(filter(None, (row["degenerate"], notes.mark(row["note"]))))
        lines.append([title, value, *errors, floor, row["n_samples"], remarks])
    header = ["", "value", "± sampling", "± classifier", "floor or chance", "n", ""]
    kept = [i for i in range(len(header)) if i not in (2, 3) or any(line[i] for line in lines)]
    table = text_table(
        [header[i] for i in kept],
        [[line[i] for i in kept] for line in lines],
        numeric=range(1, len(kept) - 1),
    )
    return "\n\n".join(filter(None, (table, notes.text(WIDTH))))


def _cell(row: Record, spec: str) -> str:
    value = Interval(row["mean"], row["low"], row["high"])
    shown = number(value.estimate, precision(value, spec))
    half = (value.high - value.low) / 2
    if half == half:  # not nan
        shown += f" ±{number(half, precision(value, spec))}"
    if row["failed"]:
        shown += f" ({row['n']}/{row['n'] + row['failed']})"
    if row["degenerate"]:
        shown += f" ({row['degenerate']})"
    return shown
