"""The report of a study: one self-contained HTML page, the same in Markdown, and its tables.

Reports depend on the results folder alone, so the same results give the same bytes. The page
fetches nothing: images are data URIs, and a content security policy forbids everything else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ogan_bench.analysis.analyse import Analysis, Overview, survey
from ogan_bench.analysis.formatting import ratio_interval
from ogan_bench.analysis.history import LAST
from ogan_bench.analysis.meta_analysis import Claim
from ogan_bench.errors import UserError
from ogan_bench.files import Record, json_text, write_bytes
from ogan_bench.report.export import as_record
from ogan_bench.report.figure_list import Selection, count_figures, drawings
from ogan_bench.report.figures import FORMATS as DRAWN
from ogan_bench.report.figures import Drawing, claims_figure, render
from ogan_bench.report.image_grids import contact, steps
from ogan_bench.report.latex import COLUMN, latex
from ogan_bench.report.latex_methods import latex_methods
from ogan_bench.report.means_table import means_table
from ogan_bench.report.rendering import Picture, data_uri, templates
from ogan_bench.report.terminal import result_text
from ogan_bench.store.outcomes import RULES


@dataclass(frozen=True)
class Report:
    """The files that were written.

    Args:
        files: Format to file, for the requested formats.
        text: Table and verdicts as plain text.
        record: The numbers for programs, as in ``report.json``.
        overview: Entry for a list of studies.
    """

    files: Mapping[str, Path]
    text: str
    record: Record
    overview: Overview

    @property
    def html(self) -> Path:
        """The HTML page."""
        return self.files["html"]

    @property
    def markdown(self) -> Path:
        """The same as Markdown, with links to files in the same folder."""
        return self.files["md"]

    @property
    def table(self) -> Path:
        """Estimates per arm and metric in full precision."""
        return self.files["csv"]


_NAMES = {
    "html": "report.html",
    "md": "report.md",
    "csv": "table.csv",
    "latex": "table.tex",
    "latex-column": "table-column.tex",
    "latex-methods": "methods.tex",
    "bib": "references.bib",
    "json": "report.json",
}

FORMATS = tuple(_NAMES)
"""Formats of a report."""

USUAL = FORMATS[:3]


@dataclass(frozen=True)
class _Draft:
    """What a report is rendered from.

    Args:
        analysis: Of the study.
        record: Its numbers for programs.
        context: Of the templates; made only if a page is asked for.
        transpose: Whether arms are columns of the tables of means.
    """

    analysis: Analysis
    record: Record
    context: Callable[[], Record]
    transpose: bool


_WRITERS: dict[str, Callable[[_Draft], str]] = {
    "html": lambda draft: _rendered("report.html.j2", draft.context()),
    "md": lambda draft: _rendered("report.md.j2", draft.context()),
    "csv": lambda draft: draft.analysis.estimates.to_csv(index=False, lineterminator="\n"),
    "latex": lambda draft: latex(draft.analysis, transpose=draft.transpose),
    "latex-column": lambda draft: latex(draft.analysis, COLUMN, transpose=draft.transpose),
    "latex-methods": lambda draft: latex_methods(draft.analysis),
    "bib": lambda draft: "\n\n".join(draft.analysis.methods.bibliography) + "\n",
    "json": lambda draft: json_text(draft.record) + "\n",
}
"""Format to its renderer."""


def write_report(
    analysis: Analysis,
    *,
    formats: Sequence[str] = USUAL,
    figures: Selection = "main",
    figure_formats: Sequence[str] = ("svg",),
    transpose: bool = False,
    folder: Path | None = None,
) -> Report:
    """Write the report of a study into its folder, and its figures into ``figures/`` there.

    Args:
        analysis: Analysis of its results, or of a selection of them.
        formats: Names from :data:`FORMATS`.
        figures: Which ones: ``main``, see :func:`~ogan_bench.report.figure_list.main_figures`, or
            ``all``.
        figure_formats: File formats of the figures, ``svg``, ``png`` or ``pdf``; Markdown links to
            the first of them.
        transpose: Whether arms are columns of the tables of means.
        folder: Where to write instead of the study's folder. A selection of arms or metrics needs
            one, so that the report of the whole study is never replaced by a part of it.

    Raises:
        UserError: A file cannot be written, there is no such format or selection of figures, or a
            selection of arms or metrics would be written into the study's folder.
    """
    _check("formats", formats, FORMATS)
    _check("figure_formats", figure_formats, DRAWN)
    results = analysis.results
    own = results.root / results.name
    folder = folder or own
    if analysis.shown and folder.resolve() == own.resolve():
        raise UserError(
            f"{own}: the report here is of all arms and metrics; a selection needs another folder, "
            "--out FOLDER"
        )
    drawn = drawings(analysis, figures)
    ending = next(iter(figure_formats), "svg")
    pictures = {
        name: _picture(drawing, f"figures/{name}.{ending}", embedded="html" in formats)
        for name, drawing in drawn.items()
    }
    left_out = count_figures(analysis) - len(drawn)
    context = functools.cache(
        lambda: _context(analysis, folder, pictures, left_out, transpose=transpose)
    )
    record = as_record(analysis)
    draft = _Draft(analysis, record, context, transpose)
    for kind in figure_formats:
        for name, drawing in drawn.items():
            _write(folder / "figures" / f"{name}.{kind}", render(drawing, kind))
    files = {name: folder / _NAMES[name] for name in FORMATS if name in formats}
    for name, path in files.items():
        _write(path, _WRITERS[name](draft).encode())
    text = result_text(analysis, transpose=transpose)
    return Report(files, text, record, analysis.overview)


def _check(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    if unknown := [name for name in names if name not in known]:
        raise UserError(f"{what}: no {', '.join(map(repr, unknown))}; known: {', '.join(known)}")


def write_index(root: Path, known: Mapping[str, Overview] | None = None) -> Path:
    """Write ``index.html``, the list of all studies in a results folder with their verdicts.

    Args:
        root: The results folder.
        known: Overviews already computed; these studies are not read again.
    """
    found = survey(root, known)
    studies: list[Record] = []
    for name, overview in found.studies.items():
        shown = {"error": overview} if isinstance(overview, str) else vars(overview)
        studies.append(_linked(root, name) | shown)
    claims = [_claim(claim) for claim in found.claims]
    facts = {
        "studies": studies,
        "claims": claims,
        "smoke": [_linked(root, name) for name in found.smoke],
    }
    path = root / "index.html"
    _write(path, _rendered("index.html.j2", facts).encode())
    return path


def _linked(root: Path, name: str) -> Record:
    """A study's name, and whether its report is there."""
    return {"name": name, "page": (root / name / "report.html").exists()}


def _claim(claim: Claim) -> Record:
    """A wider claim as shown in the index."""
    return {
        "id": f"claim-{claim.slug}",
        "claim": claim.claim,
        "summary": claim.sentence,
        "rows": [
            {
                "study": setting.study,
                "standing": setting.standing.text,
                "hypothesis": setting.hypothesis,
                "dataset": setting.dataset,
                "decision": setting.decision,
                "rests_on": setting.rests_on,
                "factor": setting.note or ratio_interval(setting.factor),
            }
            for setting in claim.settings
        ],
        "picture": _picture(claims_figure(claim), ""),
    }


def _picture(drawing: Drawing, link: str, *, embedded: bool = True) -> Picture:
    uri = data_uri(drawing.svg, "svg+xml") if embedded else ""
    return Picture(drawing.title, drawing.alt, uri, link)


def _context(
    analysis: Analysis,
    folder: Path,
    pictures: Mapping[str, Picture],
    left_out: int,
    *,
    transpose: bool,
) -> Record:
    """The template context: the fields of the analysis by name, pictures, and how many are not."""
    return {
        **vars(analysis),
        "record": analysis.results.record,
        "pictures": pictures,
        "left_out": left_out,
        "transposed": transpose,
        "laid_out": functools.partial(means_table, analysis.results, transpose=transpose),
        "contact": contact(analysis, folder),
        "steps": steps(analysis, folder),
        "rules": RULES,
        "last_evaluations": LAST,
    }


_environment = functools.cache(templates)


def _rendered(template: str, context: Record) -> str:
    return _environment().get_template(template).render(context)


def _write(path: Path, content: bytes) -> None:
    """Write a file without fsync, since reports can be rebuilt."""
    write_bytes(path, content, durable=False)
