"""Tables for a paper in LaTeX: they need the package booktabs and fit the page.

Every table is at most as wide as asked for, by an upper bound of its text's width, and as long as a
page; what does not fit continues in another table.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ogan_bench.analysis.analyse import Analysis
from ogan_bench.analysis.formatting import join_words, metric_info, number, precision
from ogan_bench.analysis.marks import BETTER, BOLD
from ogan_bench.files import Record
from ogan_bench.report.latex_text import breakable, escaped, measure
from ogan_bench.report.means_table import Heading, means_table, metric_heading
from ogan_bench.report.terminal import ARROWS
from ogan_bench.statistics import Interval

COLUMN, PAGE = 234.0, 487.0
"""Width of a column, and of the text, of a two-column page such as ICML's, in points."""

SIZE, SMALL = 8.0, 7.0
"""``footnotesize`` and ``scriptsize`` of a paper set in 10 points."""

GAP = 3.0
"""``tabcolsep``: space on either side of a column, in points."""

LINES = {COLUMN: 34, PAGE: 48}
"""The most lines of a table's body on one page; a narrow caption is longer."""

DEGENERATE = {"collapsed": "†", "chance": "‡", "floor": "§"}
EXPLAINED = {
    "†": "some trials collapsed",
    "‡": "some values are no better than chance",
    "§": "some values are as low as a perfect model's finite samples",
}


@dataclass(frozen=True)
class _Cell:
    """Lines of a cell as (LaTeX, upper bound of the width in points)."""

    lines: tuple[tuple[str, float], ...]

    @property
    def width(self) -> float:
        return max((width for _, width in self.lines), default=0.0)

    def text(self, place: str = "t") -> str:
        lines = r"\\".join(line for line, _ in self.lines)
        if len(self.lines) < 2:
            return lines
        return rf"\begin{{tabular}}[{place}]{{@{{}}r@{{}}}}{lines}\end{{tabular}}"


@dataclass(frozen=True)
class _Column:
    """A column: its head and one cell per row."""

    head: _Cell
    cells: Sequence[_Cell]

    @property
    def width(self) -> float:
        return max(cell.width for cell in (self.head, *self.cells))


def latex(analysis: Analysis, width: float = PAGE, *, transpose: bool = False) -> str:
    """Means, ablation and verdicts as floating tables.

    Args:
        analysis: Of the study.
        width: :data:`PAGE`, or :data:`COLUMN` for tables in one column of a page of two.
        transpose: Whether arms are columns of the means. What an arm changes needs the room of a
            row, so the ablation keeps arms as rows.
    """
    tables = [
        *_means(analysis, width, transpose),
        *_ablation(analysis, width),
        *_verdicts(analysis, width),
    ]
    kind = "table*" if width > COLUMN else "table"
    name = "".join(c if c.isalnum() else "-" for c in analysis.results.name)
    shown = [r"% Needs \usepackage{booktabs}."]
    for index, (caption, body) in enumerate(tables, 1):
        shown += [
            rf"\begin{{{kind}}}",
            r"\centering",
            rf"\caption{{{caption}}}",
            rf"\label{{tab:{name}-{index}}}",
            rf"\footnotesize\setlength{{\tabcolsep}}{{{GAP:g}pt}}",
            body,
            rf"\end{{{kind}}}",
            "",
        ]
    return "\n".join(shown)


def _means(analysis: Analysis, width: float, transpose: bool) -> Iterator[tuple[str, str]]:
    for entries in (analysis.rows, *analysis.further):
        means = means_table(analysis.results, entries, transpose=transpose)
        titles = [row.title + ARROWS[row.better] for row in means.rows]
        most = width / (3 if transpose else 4.5)  # metrics have longer titles than arms
        taken = min(most, max(measure(title, SIZE) for title in titles))
        columns = [
            _Column(_head(heading), [_mean(cell) for cell in cells])
            for heading, cells in zip(means.columns, zip(*means.cells, strict=True), strict=True)
        ]
        first = [(title, "") for title in titles]
        for chosen, body in _tables(means.kind, first, columns, width, taken):
            shown = [cells[index] for cells in means.cells for index in chosen]
            marks = dict.fromkeys("".join(_marks(cell) for cell in shown))
            bold = BOLD if any(cell["best"] for cell in shown) else ""
            yield (
                f"{escaped(_about(analysis))} Means over "
                f"{len(analysis.results.record['seeds'])} training seeds $\\pm$ half of their "
                r"95\,\% Student's $t$ intervals. "
                + escaped(
                    " ".join(
                        [analysis.shown, _protocol(shown), bold]
                        + [f"{mark} {EXPLAINED[mark]}." for mark in marks]
                    )
                ),
                body,
            )


def _ablation(analysis: Analysis, width: float) -> Iterator[tuple[str, str]]:
    rows = analysis.ablation.rows
    if not rows:
        return
    first = [
        (analysis.results.marked_title(row["arm"]), "; ".join(row["changes"]) or "nothing changed")
        for row in rows
    ]
    columns = [
        _Column(_head(metric_heading(cells[0]["metric"])), [_change(cell) for cell in cells])
        for cells in zip(*(row["cells"] for row in rows), strict=True)
    ]
    caption = escaped(
        f"{_about(analysis)} Ablation: what each arm changes, and its difference to the control ± "
        f"half of its 95 % interval, not adjusted. {analysis.control_text} {BETTER} "
        f"{analysis.shown}"
    )
    for _, body in _tables("arm and change", first, columns, width, width / 3):
        yield caption, body


def _verdicts(analysis: Analysis, width: float) -> Iterator[tuple[str, str]]:
    if not analysis.verdicts:
        return
    first, decided, estimated = [], [], []
    for verdict in analysis.verdicts:
        finding, metric = verdict.finding, getattr(verdict.hypothesis, "metric", None)
        first.append((verdict.hypothesis.claim, f"{finding.quantity}, n = {_counts(finding.n)}"))
        decided.append(_Cell((_line(verdict.decision),)))
        spec = ".2f" if metric is None else metric_info(metric).format
        places = precision(finding.estimate, spec)
        lines = [_line(number(finding.estimate.estimate, places))]
        if not math.isnan(finding.estimate.low):
            ends = (number(end, places) for end in finding.estimate[1:])
            lines.append(_line(f"[{', '.join(ends)}]", SMALL))
        estimated.append(_Cell(tuple(lines)))
    columns = [
        _Column(_Cell((_line("verdict", SMALL),)), decided),
        _Column(_Cell((_line("estimate", SMALL),)), estimated),
    ]
    taken = sum(column.width + 2 * GAP for column in columns)
    record = analysis.results.record
    caption = escaped(
        f"{_about(analysis)} Verdicts on the hypotheses at the error level {record['alpha']:g}, "
        "adjusted by Holm over all hypotheses of the study; estimates with the intervals of their "
        f"tests, {_levels(analysis)}, not adjusted."
    )
    for _, body in _tables("hypothesis", first, columns, width, math.floor(width - taken)):
        yield caption, body


def _tables(
    title: str,
    first: Sequence[tuple[str, str]],
    columns: Sequence[_Column],
    width: float,
    taken: float,
) -> Iterator[tuple[list[int], str]]:
    """The columns side by side as far as they fit, behind a first one of wrapped text.

    Args:
        title: Head of the first column.
        first: Text of the first column by row, and smaller text below it.
        columns: The others.
        width: Of the page, in points.
        taken: Of the first column, in points.

    Yields:
        Which columns, and the ``tabular``.
    """
    groups: list[list[int]] = [[]]
    free = width - taken
    for index, column in enumerate(columns):
        if groups[-1] and column.width + 2 * GAP > free:
            groups.append([])
            free = width - taken
        groups[-1].append(index)
        free -= column.width + 2 * GAP
    for chosen in groups:
        heights = [
            max(_height(text, taken), *(len(columns[index].cells[row].lines) for index in chosen))
            for row, text in enumerate(first)
        ]
        for rows in _pages(heights, LINES[width]):
            lines = [
                rf"\begin{{tabular}}{{@{{}}p{{{taken:.1f}pt}}{'r' * len(chosen)}@{{}}}}",
                r"\toprule",
                " & ".join([escaped(title), *(columns[index].head.text("b") for index in chosen)])
                + r" \\",
                r"\midrule",
            ]
            for row in rows:
                cells = (columns[index].cells[row].text() for index in chosen)
                lines.append(" & ".join([_wrapped(*first[row], taken), *cells]) + r" \\")
            lines += [r"\bottomrule", r"\end{tabular}"]
            yield chosen, "\n".join(lines)


def _pages(heights: Sequence[int], most: int) -> Iterator[list[int]]:
    """Rows by page, at most so many lines each."""
    rows: list[int] = []
    for row, height in enumerate(heights):
        if rows and sum(heights[index] for index in rows) + height > most:
            yield rows
            rows = []
        rows.append(row)
    yield rows


def _height(text: tuple[str, str], width: float) -> int:
    """Upper bound of the lines of a row; a line that breaks early is at least two thirds full."""
    sized = [(part, size) for part, size in zip(text, (SIZE, SMALL), strict=True) if part]
    widths = (measure(part, size) for part, size in sized)
    return sum(1 if of <= width else math.ceil(1.5 * of / width) for of in widths)


def _wrapped(title: str, below: str, width: float) -> str:
    small = rf"\scriptsize {breakable(below, width, SMALL)}\par" if below else ""
    return rf"{{\raggedright\hspace{{0pt}}{breakable(title, width, SIZE)}\par {small}}}"


def _line(text: str, size: float = SIZE) -> tuple[str, float]:
    shown = escaped(text)
    return (rf"{{\scriptsize {shown}}}" if size == SMALL else shown), measure(text, size)


def _head(heading: Heading) -> _Cell:
    title = heading.title + ARROWS[heading.better]
    longest = max(map(len, title.split()), default=1)
    lines = textwrap.wrap(title, min(max(longest, 10), 16)) or [""]
    return _Cell(tuple(_line(line, SMALL) for line in lines))


def _mean(cell: Record) -> _Cell:
    value, half = _with_half(Interval(cell["mean"], cell["low"], cell["high"]), cell)
    text, width = _line(value + _marks(cell))
    lines = [(rf"\textbf{{{text}}}" if cell["best"] else text, width)]
    if half:
        lines.append(_line(half, SMALL))
    if cell["failed"]:
        lines.append(_line(f"n = {cell['n']}", SMALL))
    return _Cell(tuple(lines))


def _change(cell: Record) -> _Cell:
    change = Interval(cell["difference"], cell["difference_low"], cell["difference_high"])
    value, half = _with_half(change, cell, sign=True)
    lines = [_line(value)]
    if half:
        lines.append(_line(half, SMALL))
    if cell["better"] is not None:
        lines.append(_line("better" if cell["better"] else "worse", SMALL))
    return _Cell(tuple(lines))


def _with_half(value: Interval, cell: Record, *, sign: bool = False) -> tuple[str, str]:
    """An estimate, and ``±`` half of its interval if it has one."""
    places = precision(value, metric_info(cell["metric"]).format)
    half = (value.high - value.low) / 2
    shown = "" if math.isnan(half) else f"±{number(half, places)}"
    return number(value.estimate, places, sign=sign), shown


def _levels(analysis: Analysis) -> str:
    """``95 and 90 %``: the confidence levels of the intervals."""
    levels = {100 * verdict.finding.confidence for verdict in analysis.verdicts}
    return f"{join_words([f'{level:g}' for level in sorted(levels, reverse=True)])} %"


def _marks(cell: Record) -> str:
    found = cell["degenerate"] or ""
    return "".join(mark for kind, mark in DEGENERATE.items() if kind in found)


def _about(analysis: Analysis) -> str:
    """Whose numbers these are, and what must be known of them."""
    results, overview = analysis.results, analysis.overview
    text = f"Study {results.name}."
    if overview.finished < overview.planned:
        text += f" Preliminary: {overview.finished} of {overview.planned} trials finished."
    if overview.standing.deviations:
        text += " It deviates from its registration."
    return text


def _protocol(cells: Sequence[Record]) -> str:
    """``360 test images: reconstruction MSE; ...``: metrics by what they are measured on.

    Of the first arm among these cells.
    """
    groups: dict[str, list[str]] = {}
    of_metric: dict[str, Record] = {}
    for cell in cells:
        of_metric.setdefault(cell["metric"], cell)
    for cell in of_metric.values():
        if cell["n_samples"] is None and cell["split"] is None:
            continue
        samples = "" if cell["n_samples"] is None else f"{cell['n_samples']:,} "
        space = f" in {cell['extractor']}" if cell["extractor"] else ""
        way = f"{samples}{cell['split'] or ''} images{space}, protocol {cell['protocol']}"
        groups.setdefault(way, []).append(metric_info(cell["metric"]).title)
    if not groups:
        return ""
    return "; ".join(f"{way}: {', '.join(names)}" for way, names in groups.items()) + "."


def _counts(n: Sequence[int]) -> str:
    return ", ".join(map(str, n))
