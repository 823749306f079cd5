"""Reports of several studies at a time."""

from __future__ import annotations

import dataclasses
import functools
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from ogan_bench.analysis.report import Report, write_index, write_report

WORKERS = 2

FEW = 4
"""Studies up to which starting a second process takes longer than it saves."""


def write_reports(
    root: Path,
    studies: Sequence[str],
    against: Path | None,
    formats: Sequence[str],
    figures: Sequence[str],
) -> Iterator[Report]:
    """Write the reports of studies, in their order, and then the index.

    Verdicts are left out of what is returned. See :func:`write_report` for the arguments.

    Raises:
        UserError: Of the first study that cannot be reported; those before it are written.
    """
    write = functools.partial(_write, root=root, against=against, formats=formats, figures=figures)
    reports: dict[str, Report] = {}
    if len(studies) <= FEW:
        for name in studies:
            reports[name] = write(name)
            yield reports[name]
    else:
        with _pool() as pool:
            for name, report in zip(studies, pool.map(write, studies), strict=True):
                reports[name] = report
                yield report
    write_index(root, reports)


def _write(
    study: str, root: Path, against: Path | None, formats: Sequence[str], figures: Sequence[str]
) -> Report:
    report = write_report(root, study, against, formats=formats, figures=figures)
    return dataclasses.replace(report, verdicts=())


def _pool() -> ProcessPoolExecutor:
    """Processes that import the analysis once, where the system can copy them."""
    known = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in known else "spawn")
    if hasattr(context, "set_forkserver_preload"):
        context.set_forkserver_preload([__name__])
    return ProcessPoolExecutor(WORKERS, mp_context=context)
