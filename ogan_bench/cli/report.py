"""``ogan-bench report``: tables, figures and verdicts from what is stored."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ogan_bench.cli.options import RESULTS, Results


def report(
    studies: Annotated[
        list[str] | None,
        typer.Argument(metavar="[STUDY]...", help="Stored studies; all if none is named."),
    ] = None,
    results: Results = RESULTS,
    against: Annotated[
        Path | None,
        typer.Option(help="Results to compare with, for example results/reference."),
    ] = None,
) -> None:
    """Make the report of one, several or all stored studies again."""
    from ogan_bench.errors import UserError
    from ogan_bench.store import TrialStore

    stored = TrialStore(results).studies()
    if not stored:
        raise UserError(f"{results}: no study is stored here; `ogan-bench run` makes one")
    for name in studies or stored:
        print_report(results, Path(name).stem, against)  # a study may be named by its file


def print_report(root: Path, name: str, against: Path | None) -> None:
    """Write the report of a study, print its table and verdicts and say where it lies."""
    from ogan_bench.analysis.report import write_index, write_report

    written = write_report(root, name, against=against)
    write_index(root)
    sys.stdout.write(written.text + "\n")
    sys.stdout.flush()
    sys.stderr.write(f"Report: {written.html}\n")
