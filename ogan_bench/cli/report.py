"""``ogan-bench report``: tables, figures and verdicts from stored results."""

from __future__ import annotations

from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ogan_bench.analysis.margin import MARGIN, share
from ogan_bench.cli import completion
from ogan_bench.cli.options import (
    RESULTS,
    Json,
    StoredStudies,
    chosen,
    named_studies,
    stored_studies,
)
from ogan_bench.cli.output import print_json, print_text, say


class Figures(StrEnum):
    """Which figures a report has."""

    MAIN = "main"
    ALL = "all"


def report(
    studies: StoredStudies = None,
    results: Annotated[
        str, typer.Option(metavar="PLACE", help="Results folder, or the URL of one.")
    ] = str(RESULTS),
    against: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE", help="Results to compare with, for example results/reference."
        ),
    ] = None,
    margin: Annotated[
        str,
        typer.Option(
            metavar="SHARE",
            help="With --against: means agree where they are shown to differ by less than this.",
        ),
    ] = MARGIN,
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
    arms: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            autocompletion=completion.stored_arms,
            help="Only these arms in tables and figures, in this order. Marks still compare all "
            "arms, and all verdicts are shown. Needs --out.",
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="M,N",
            autocompletion=completion.stored_metrics,
            help="Only these metrics, likewise. Needs --out.",
        ),
    ] = None,
    transpose: Annotated[
        bool, typer.Option("--transpose", help="Arms are columns of the tables of means.")
    ] = False,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="Write to PLACE/STUDY, a path or a URL, instead of into the results folder.",
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
    as_json: Json = False,
) -> None:
    """Rebuild the report of one, several or all stored studies.

    \b
    Examples:
      ogan-bench report mse_vs_pearson --open
      ogan-bench report mse_vs_pearson --arms none,pearson --format latex --out paper
      ogan-bench report --against results/reference
    """
    from ogan_bench.errors import UserError
    from ogan_bench.remote import WEIGHTS, delivered, fetched, is_url
    from ogan_bench.report.parallel import get_ready, write_reports

    if is_url(results) and out is None:
        raise UserError(f"{results}: is read as a copy; say where reports go with --out PLACE")
    if out is not None and is_url(out) and show:
        raise UserError("--open shows pages of this machine; leave it out, or --out URL")
    if out is None and (arms is not None or metrics is not None):
        raise UserError(
            "--arms and --metrics leave a part of the study out, and the report in the results "
            "folder stays whole: say where to with --out FOLDER"
        )
    share(margin)
    root = fetched(results, leave_out=WEIGHTS)
    names = named_studies(root, studies)
    reference = None if against is None else fetched(against, leave_out=WEIGHTS)
    if reference is not None:
        stored_studies(reference)
    get_ready(len(names))
    from ogan_bench.report.figures import FORMATS as DRAWN
    from ogan_bench.report.report import FORMATS

    reports = []
    with delivered(out) if out is not None else nullcontext() as place:
        for report in write_reports(
            root,
            names,
            reference,
            formats=chosen(formats, FORMATS, "--format"),
            figures=figures.value,
            figure_formats=chosen(figure_format, DRAWN, "--figure-format"),
            margin=margin,
            arms=named(arms),
            metrics=named(metrics),
            transpose=transpose,
            out=place,
        ):
            files = {kind: _shown(path, place, out) for kind, path in report.files.items()}
            reports.append({**report.record, "files": files})
            if not as_json:
                print_text(report.text)
            say(f"Report: {next(iter(files.values()))}")
    if as_json:
        print_json(reports)
    if show:
        first = Path(next(iter(reports[0]["files"].values())))
        open_page(first if len(names) == 1 or out is not None else root / "index.html")


def _shown(path: Path, place: Path | None, out: str | None) -> str:
    """Where a file will be that is written to a place for it."""
    return str(path) if place is None else f"{out}/{path.relative_to(place).as_posix()}"


def named(text: str | None) -> list[str] | None:
    """The names in ``"a,b"``."""
    return None if text is None else [name.strip() for name in text.split(",")]


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
