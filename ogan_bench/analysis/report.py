"""The report of a study: one self-contained HTML page, the same in Markdown, and the table.

Everything is read from the results folder and nothing else, so the same results give the same
bytes. The page fetches nothing: images are data URIs, and a content security policy forbids the
rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ogan_bench.analysis import figures, sections
from ogan_bench.analysis.compare import compare
from ogan_bench.analysis.course import LAST, course, load_history
from ogan_bench.analysis.formatting import described
from ogan_bench.analysis.hypotheses import OUTCOMES, Verdict, judge
from ogan_bench.analysis.rendering import Picture, data_uri, templates
from ogan_bench.analysis.table import (
    FINISHED,
    StudyResults,
    load_log,
    load_results,
    records,
    summarise,
)
from ogan_bench.analysis.terminal import result_text
from ogan_bench.errors import UserError
from ogan_bench.store import Record, TrialStore, write_bytes


@dataclass(frozen=True)
class Report:
    """What has been written.

    Args:
        html: The page.
        markdown: The same as Markdown; links to PNG files beside it.
        table: Estimates per arm and metric in full precision.
        verdicts: One per hypothesis.
        finished: Trials with a result, diverged ones included.
        planned: Trials of the study.
        text: Table and verdicts as plain text.
    """

    html: Path
    markdown: Path
    table: Path
    verdicts: tuple[Verdict, ...]
    finished: int
    planned: int
    text: str


def write_report(root: Path, study: str, against: Path | None = None) -> Report:
    """Write ``report.html``, ``report.md``, ``table.csv`` and ``figures/`` into the study's folder.

    Args:
        root: The results folder.
        study: Name of the study's folder.
        against: Another results folder with a study of this name to compare with.

    Raises:
        UserError: There is no such study, its results cannot be read, or values of one metric
            were measured in unlike ways.
    """
    results = load_results(root, study)
    summary = summarise(results)
    verdicts = judge(results)
    comparison = None if against is None else compare(results, load_results(against, study))
    history = load_history(results)
    in_course = course(results, history)
    drawn = _figures(results, verdicts) | {
        f"course-{metric}": (
            f"{described(metric).title} in the course of training",
            figures.course_figure(history, metric, results.arms),
        )
        for metric in results.record["metrics"]
        if metric in history and history[metric].notna().any()
    }
    finished = _finished(results)
    context: Record = {
        "results": results,
        "record": results.record,
        "verdicts": verdicts,
        "verdict_counts": _verdict_counts(verdicts),
        "finished": finished,
        "planned": len(results.trials),
        "open_trials": [row for row in records(results.trials) if row["outcome"] not in FINISHED],
        "metrics": {name: described(name) for name in results.metric_names},
        "rows": sections.main_table(results, summary),
        "summary": records(summary),
        "summary_json": [
            {key: None if value != value else value for key, value in row.items()}  # nan
            for row in records(summary)
        ],
        "pictures": {name: _picture(name, *figure) for name, figure in drawn.items()},
        "has_curves": any(name.startswith("curve-") for name in drawn),
        "published": sections.published(results),
        "grids": sections.grids(results),
        "course": in_course,
        "last_evaluations": LAST,
        "outcomes": sections.outcomes(results),
        "notes": sections.notes(results),
        "cost": sections.cost(results),
        "counted": bool(results.trials["step_flops"].notna().any()),
        "floors": sections.floors(results),
        "provenance": sections.provenance(results.provenance),
        "provenance_trials": len(results.provenance),
        "comparison": None if comparison is None else records(comparison),
    }
    folder = root / study
    report = Report(
        html=folder / "report.html",
        markdown=folder / "report.md",
        table=folder / "table.csv",
        verdicts=tuple(verdicts),
        finished=finished,
        planned=len(results.trials),
        text=result_text(context["rows"], verdicts, finished, len(results.trials)),
    )
    for name, (_, image) in drawn.items():
        write_bytes(folder / "figures" / f"{name}.png", image.png)
    write_bytes(report.table, summary.to_csv(index=False, lineterminator="\n").encode())
    environment = templates()
    for path in (report.markdown, report.html):
        page = environment.get_template(f"{path.name}.j2").render(context)
        write_bytes(path, page.encode())
    return report


def write_index(root: Path) -> Path:
    """Write ``index.html``, the list of all studies of a results folder with their verdicts."""
    studies: list[Record] = []
    for name in TrialStore(root).studies():
        page = (root / name / "report.html").exists()
        try:
            results = load_results(root, name)
            verdicts = judge(results)
        except UserError as error:
            studies.append({"name": name, "page": page, "error": str(error)})
            continue
        studies.append(
            {
                "name": name,
                "page": page,
                "question": results.record["question"],
                "counts": _verdict_counts(verdicts),
                "finished": _finished(results),
                "planned": len(results.trials),
            }
        )
    path = root / "index.html"
    text = templates().get_template("index.html.j2").render(studies=studies)
    write_bytes(path, text.encode())
    return path


def _figures(
    results: StudyResults, verdicts: list[Verdict]
) -> dict[str, tuple[str, figures.Image]]:
    """File name without its ending -> title and image, in the order of the report."""
    images: dict[str, tuple[str, figures.Image]] = {}
    if verdicts:
        title = "Differences between arm and control with their intervals and margins"
        images["forest"] = title, figures.forest_figure(verdicts)
    for metric in results.record["metrics"]:
        title = f"{described(metric).title} of every trial, with means and 95 % intervals per arm"
        images[f"seeds-{metric}"] = title, figures.seeds_figure(results, metric)
    log = load_log(results)
    for column, title in figures.CURVES.items():
        if log[column].notna().any():
            image = figures.curves_figure(log, column, results.arms)
            images[f"curve-{column}"] = f"Training curves: {title}", image
    return images


def _verdict_counts(verdicts: Iterable[Verdict]) -> dict[str, int]:
    counts = Counter(verdict.outcome for verdict in verdicts)
    return {outcome: counts[outcome] for outcome in OUTCOMES}


def _finished(results: StudyResults) -> int:
    return int(results.trials["outcome"].isin(FINISHED).sum())


def _picture(name: str, title: str, image: figures.Image) -> Picture:
    """A figure for the report; curves have many points and are smaller as a PNG."""
    pixels = name.startswith(("curve-", "course-"))
    uri = data_uri(image.png, "png") if pixels else data_uri(image.svg, "svg+xml")
    alt = f"{title}. The numbers are in the tables of this report."
    return Picture(title, alt, uri, f"figures/{name}.png")
