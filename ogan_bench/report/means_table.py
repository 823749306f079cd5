"""The table of means as every format renders it: arms are its rows or, transposed, its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ogan_bench.analysis.formatting import metric_info
from ogan_bench.analysis.results import StudyResults
from ogan_bench.files import Record


@dataclass(frozen=True)
class Heading:
    """The heading of a row or of a column.

    Args:
        title: Of an arm or a metric.
        note: ``control``, ``lower is better``, ...; or empty.
        better: ``lower`` or ``higher``, for a metric with a direction.
    """

    title: str
    note: str = ""
    better: str | None = None


@dataclass(frozen=True)
class MeansTable:
    """Headings and cells.

    Args:
        kind: What the rows are: ``arm`` or ``metric``.
        columns: Headings of the columns.
        rows: Headings of the rows.
        cells: A line per row; see :func:`ogan_bench.analysis.tables.means`.
    """

    kind: str
    columns: list[Heading]
    rows: list[Heading]
    cells: list[Sequence[Record]]

    @property
    def lines(self) -> Iterator[tuple[Heading, Sequence[Record]]]:
        """Heading and cells of each row."""
        return zip(self.rows, self.cells, strict=True)


def means_table(
    results: StudyResults, rows: Sequence[Record], *, transpose: bool = False
) -> MeansTable:
    """The table of means.

    Args:
        results: The stored study.
        rows: One row per arm, from :func:`ogan_bench.analysis.tables.means`.
        transpose: Whether metrics are its rows, and arms its columns.
    """
    cells: list[Sequence[Record]] = [row["cells"] for row in rows]
    arms = [
        Heading(results.arm_title(row["arm"]), "control" if row["is_control"] else "")
        for row in rows
    ]
    metrics = [metric_heading(cell["metric"]) for cell in cells[0]]
    if transpose:
        return MeansTable("metric", arms, metrics, list(zip(*cells, strict=True)))
    return MeansTable("arm", metrics, arms, cells)


def metric_heading(name: str) -> Heading:
    """The heading of a metric's row or column."""
    metric = metric_info(name)
    note = f"{metric.better} is better" if metric.better else ""
    return Heading(metric.title, note, metric.better)
