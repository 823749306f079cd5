"""The report of a study: one self-contained HTML page, the same in Markdown, and its tables.

Everything is read from the results folder and nothing else, so the same results give the same
bytes. The page fetches nothing: images are data URIs, and a content security policy forbids the
rest.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ogan_bench.analysis import tables
from ogan_bench.analysis.ablation import ablation
from ogan_bench.analysis.formatting import metric_info
from ogan_bench.analysis.history import LAST, course, load_history
from ogan_bench.analysis.meta_analysis import Claim, ClaimSetting, find_claims, settings_of, times
from ogan_bench.analysis.outcomes import RULES
from ogan_bench.analysis.ranks import ranked_metrics, ranks
from ogan_bench.analysis.reproduction import compare
from ogan_bench.analysis.summary import (
    FINISHED,
    StudyResults,
    load_log,
    load_results,
    records,
    summarise,
)
from ogan_bench.analysis.variance import variance
from ogan_bench.analysis.verdicts import DECISIONS, Verdict, judge
from ogan_bench.errors import UserError
from ogan_bench.files import Record, write_bytes
from ogan_bench.report.export import as_json, latex
from ogan_bench.report.figure_list import drawings
from ogan_bench.report.figures import claims_figure, render
from ogan_bench.report.image_grids import contact, steps
from ogan_bench.report.rendering import Picture, data_uri, templates
from ogan_bench.report.terminal import result_text
from ogan_bench.store.trial_store import TrialStore


@dataclass(frozen=True)
class Report:
    """What has been written.

    Args:
        files: Format to file, of the formats that were asked for.
        question: Of the study.
        counts: Decision to number of verdicts.
        finished: Trials with a result, diverged ones included.
        planned: Trials of the study.
        text: Table and verdicts as plain text.
        settings: Of wider claims, among its hypotheses.
        verdicts: One per hypothesis.
    """

    files: Mapping[str, Path]
    question: str
    counts: Mapping[str, int]
    finished: int
    planned: int
    text: str
    settings: tuple[ClaimSetting, ...]
    verdicts: tuple[Verdict, ...] = field(default=(), compare=False)

    @property
    def html(self) -> Path:
        """The page."""
        return self.files["html"]

    @property
    def markdown(self) -> Path:
        """The same as Markdown; links to files beside it."""
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
    "json": "report.json",
}

FORMATS = tuple(_NAMES)
"""What a report can be written as."""

USUAL = FORMATS[:3]

_WRITERS: dict[str, Callable[[Record], bytes]] = {
    "html": lambda context: _rendered("report.html.j2", context),
    "md": lambda context: _rendered("report.md.j2", context),
    "csv": lambda context: context["table"].to_csv(index=False, lineterminator="\n").encode(),
    "latex": lambda context: latex(
        context["results"].name, context["rows"], len(context["record"]["seeds"])
    ).encode(),
    "json": lambda context: as_json(_essence(context)),
}


def write_report(
    root: Path,
    study: str,
    against: Path | None = None,
    *,
    formats: Sequence[str] = USUAL,
    figures: Sequence[str] = ("svg",),
    folder: Path | None = None,
) -> Report:
    """Write the report of a study into its folder, and its figures into ``figures/`` there.

    Args:
        root: The results folder.
        study: Name of the study's folder.
        against: Another results folder with a study of this name to compare with.
        formats: Of :data:`FORMATS`.
        figures: File formats of the figures, ``svg``, ``png`` or ``pdf``; Markdown links to the
            first of them.
        folder: Where to write instead of the study's folder.

    Raises:
        UserError: There is no such study, its results cannot be read, or values of one metric
            were measured in unlike ways.
    """
    results = load_results(root, study)
    log, history = load_log(results), load_history(results)
    verdicts = judge(results)
    drawn = drawings(results, verdicts, log, history)
    comparison = None if against is None else compare(results, load_results(against, study))
    context = _context(results, verdicts, log, history, comparison)
    ending = next(iter(figures), "svg")
    context["pictures"] = {
        name: Picture(
            drawing.title,
            drawing.alt,
            data_uri(drawing.svg, "svg+xml") if "html" in formats else "",
            f"figures/{name}.{ending}",
        )
        for name, drawing in drawn.items()
    }
    folder = folder or root / study
    for kind in figures:
        for name, drawing in drawn.items():
            _write(folder / "figures" / f"{name}.{kind}", render(drawing, kind))
    files = {name: folder / _NAMES[name] for name in FORMATS if name in formats}
    for name, path in files.items():
        _write(path, _WRITERS[name](context))
    finished, planned = context["finished"], context["planned"]
    return Report(
        files=files,
        question=results.record["question"],
        counts=context["verdict_counts"],
        finished=finished,
        planned=planned,
        text=result_text(context["rows"], verdicts, finished, planned),
        settings=tuple(settings_of(results, verdicts)),
        verdicts=tuple(verdicts),
    )


def write_index(root: Path, reports: Mapping[str, Report] | None = None) -> Path:
    """Write ``index.html``, the list of all studies of a results folder with their verdicts.

    Args:
        root: The results folder.
        reports: Names of studies to what has just been written of them, which is not read again.
    """
    known = reports or {}
    studies: list[Record] = []
    settings: list[ClaimSetting] = []
    for name in TrialStore(root).studies():
        page = (root / name / "report.html").exists()
        try:
            facts = _facts(root, name, known.get(name))
        except UserError as error:
            facts = {"error": str(error)}
        studies.append({"name": name, "page": page, **facts})
        settings += facts.get("settings", ())
    path = root / "index.html"
    claims = [_claim(claim) for claim in find_claims(settings)]
    _write(path, _rendered("index.html.j2", {"studies": studies, "claims": claims}))
    return path


def _facts(root: Path, name: str, report: Report | None) -> Record:
    """What the index says about a study."""
    names = ("question", "counts", "finished", "planned", "settings")
    if report is not None:
        return {name: getattr(report, name) for name in names}
    results = load_results(root, name)
    verdicts = judge(results)
    facts = (
        results.record["question"],
        _verdict_counts(verdicts),
        _finished(results),
        len(results.trials),
        settings_of(results, verdicts),
    )
    return dict(zip(names, facts, strict=True))


def _claim(claim: Claim) -> Record:
    """A wider claim as the index shows it."""
    drawing = claims_figure(claim)
    return {
        "id": f"claim-{claim.slug}",
        "claim": claim.claim,
        "summary": claim.sentence,
        "rows": [
            {
                "study": setting.study,
                "hypothesis": setting.hypothesis,
                "dataset": setting.dataset,
                "decision": setting.decision,
                "factor": setting.note or times(setting.factor),
            }
            for setting in claim.settings
        ],
        "picture": Picture(drawing.title, drawing.alt, data_uri(drawing.svg, "svg+xml"), ""),
    }


def _context(
    results: StudyResults,
    verdicts: Sequence[Verdict],
    log: pd.DataFrame,
    history: pd.DataFrame,
    comparison: pd.DataFrame | None,
) -> Record:
    """Everything that the templates show, apart from the figures."""
    table = summarise(results)
    summary = records(table)
    return {
        "results": results,
        "record": results.record,
        "registered": None
        if results.registered is None
        else f"registered before the first trial, SHA-256 {results.registered[:12]}",
        "deviations": list(results.deviations),
        "verdicts": verdicts,
        "verdict_counts": _verdict_counts(verdicts),
        "finished": _finished(results),
        "planned": len(results.trials),
        "open_trials": [row for row in results.planned if row["outcome"] not in FINISHED],
        "metrics": {name: metric_info(name) for name in results.metric_names},
        "rows": tables.main_table(results, table),
        "table": table,
        "summary": summary,
        "summary_json": [
            {key: None if value != value else value for key, value in row.items()}  # nan
            for row in summary
        ],
        "ablation": ablation(results),
        "ranks": ranks(results),
        "ranked_metrics": ranked_metrics(results),
        "published": tables.published(results),
        "contact": contact(results),
        "steps": steps(results),
        "course": course(results, history),
        "last_evaluations": LAST,
        "outcomes": tables.outcomes(results),
        "health": tables.health(results, log),
        "rules": RULES,
        "notes": tables.notes(results),
        "cost": tables.cost(results),
        "counted": bool(results.trials["step_flops"].notna().any()),
        "variance": variance(results),
        "floors": tables.floors(results),
        "provenance": tables.provenance(results.provenance),
        "provenance_trials": len(results.provenance),
        "reproduce": tables.reproduce(results),
        "comparison": None if comparison is None else records(comparison),
    }


def _essence(context: Record) -> Record:
    """What ``report.json`` holds: the numbers, without texts of the page and without pictures."""
    results = context["results"]
    names = (
        "registered", "deviations", "finished", "planned", "verdicts", "summary", "ranked_metrics",
        "ranks", "ablation", "variance", "course", "cost", "comparison",
    )  # fmt: skip
    return {
        "format": 1,
        "study": results.name,
        "question": results.record["question"],
        "control": results.control,
        **{name: context[name] for name in names},
        "trials": results.planned,
    }


_environment = functools.cache(templates)


def _rendered(template: str, context: Record) -> bytes:
    return _environment().get_template(template).render(context).encode()


def _write(path: Path, content: bytes) -> None:
    """Reports can be made again, so the disk need not be waited for."""
    write_bytes(path, content, durable=False)


def _verdict_counts(verdicts: Iterable[Verdict]) -> dict[str, int]:
    counts = Counter(verdict.decision for verdict in verdicts)
    return {decision: counts[decision] for decision in DECISIONS}


def _finished(results: StudyResults) -> int:
    return int(results.trials["outcome"].isin(FINISHED).sum())
