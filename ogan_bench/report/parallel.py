"""Writes the reports of several studies in parallel."""

from __future__ import annotations

import functools
import gc
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ogan_bench.analysis.margin import MARGIN
from ogan_bench.errors import UserError

if TYPE_CHECKING:  # imported where it is used, so that get_ready runs before this slow import
    from ogan_bench.report.figure_list import Selection
    from ogan_bench.report.report import Report

WORKERS = 2

FEW = 4
"""Number of studies up to which a second process costs more time than it saves."""


def get_ready(studies: int) -> None:
    """Start importing the analysis in a second process if there are several studies."""
    if studies > FEW and _START == "forkserver":
        forkserver.set_forkserver_preload(["ogan_bench.report.report"])
        forkserver.ensure_running()


def write_reports(
    root: Path,
    studies: Sequence[str],
    against: Path | None,
    formats: Sequence[str],
    figures: Selection,
    figure_formats: Sequence[str],
    margin: str = MARGIN,
    arms: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    transpose: bool = False,
    out: Path | None = None,
) -> Iterator[Report]:
    """Write the reports of studies, in order, and then the index of the results folder.

    See :func:`~ogan_bench.analysis.analyse.analyse_stored` and
    :func:`~ogan_bench.report.report.write_report` for the other arguments.

    Args:
        out: Where to make a folder for each report, and no index; by default they go to the
            folders of their studies.

    Raises:
        UserError: Some reports cannot be written, once all others are.
    """
    from ogan_bench.report.report import write_index

    write = functools.partial(
        _write,
        root=root,
        against=against,
        formats=formats,
        figures=figures,
        figure_formats=figure_formats,
        margin=margin,
        arms=arms,
        metrics=metrics,
        transpose=transpose,
        out=out,
    )
    reports: dict[str, Report] = {}
    problems: list[str] = []
    if len(studies) <= FEW:
        for name in studies:
            try:
                reports[name] = write(name)
            except UserError as error:
                problems.append(str(error))
            else:
                yield reports[name]
    else:
        # Figures are full of reference cycles; garbage collection takes a fifth of the time, and
        # the processes are short-lived.
        context = multiprocessing.get_context(_START)
        with ProcessPoolExecutor(WORKERS, mp_context=context, initializer=gc.disable) as pool:
            written = {name: pool.submit(write, name) for name in studies}
            for name, future in written.items():
                try:
                    reports[name] = future.result()
                except UserError as error:
                    problems.append(str(error))
                else:
                    yield reports[name]
    if out is None:
        write_index(root, {name: report.overview for name, report in reports.items()})
    if problems:
        raise UserError("\n".join(problems))


def _write(
    study: str,
    root: Path,
    against: Path | None,
    margin: str,
    arms: Sequence[str] | None,
    metrics: Sequence[str] | None,
    out: Path | None,
    **options: Any,
) -> Report:
    from ogan_bench.analysis.analyse import analyse_stored
    from ogan_bench.report.report import write_report

    analysis = analyse_stored(root, study, against, margin=margin, arms=arms, metrics=metrics)
    return write_report(analysis, folder=None if out is None else out / study, **options)


_START = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
"""Start method: forks of a process that has imported the analysis, if supported."""
