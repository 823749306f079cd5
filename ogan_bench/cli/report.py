"""``ogan-bench report``: tables, figures and verdicts from stored results."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ogan_bench.cli.options import RESULTS, Results, chosen, stored_studies
from ogan_bench.cli.output import print_text, say


class Figures(StrEnum):
    """Which figures a report has."""

    MAIN = "main"
    ALL = "all"


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
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="A,B",
            help="html, md, csv, json, latex, latex-column, latex-methods, bib, all.",
        ),
    ] = "html,md,csv",
    figures: Annotated[
        Figures, typer.Option(help="Those of the hypotheses' metrics, or every one.")
    ] = Figures.MAIN,
    figure_format: Annotated[
        str,
        typer.Option(metavar="A,B", help="Formats of the figures: svg, png, pdf, all."),
    ] = "svg",
    show: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
) -> None:
    """Rebuild the report of one, several or all stored studies."""
    from ogan_bench.report.parallel import get_ready, write_reports

    stored = stored_studies(results)
    if against is not None:
        stored_studies(against)
    names = [Path(name).stem for name in studies or stored]  # a study may be named by its file
    get_ready(len(names))
    from ogan_bench.report.figures import FORMATS as DRAWN
    from ogan_bench.report.report import FORMATS

    for written in write_reports(
        results,
        names,
        against,
        formats=chosen(formats, FORMATS, "--format"),
        figures=figures.value,
        figure_formats=chosen(figure_format, DRAWN, "--figure-format"),
    ):
        print_text(written.text)
        first = next(iter(written.files.values()))
        say(f"Report: {first}")
    if show:
        open_page(first if len(names) == 1 else results / "index.html")


def print_report(root: Path, name: str) -> None:
    """Write the report of a study, print its table and verdicts, and say where it is."""
    from ogan_bench.analysis.analyse import analyse_stored
    from ogan_bench.report.report import write_index, write_report

    written = write_report(analyse_stored(root, name))
    write_index(root, {name: written.overview})
    print_text(written.text)
    say(f"Report: {written.html}")


def open_page(path: Path) -> None:
    """Show a page in the browser."""
    import webbrowser

    webbrowser.open(path.resolve().as_uri())
