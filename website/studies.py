"""A page for every shipped study: its question, its reports and its file."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.study.shipped import read_question
from website.reports import REPORT, published


def study_pages(root: Path) -> dict[str, str]:
    """Paths on the site and texts: one page for each study, and ``studies/index.md``."""
    names = published(root / "results" / "reference")
    files = sorted((root / "studies").glob("*.yaml"))
    pages = {f"studies/{path.stem}.md": _page(path, _reports(path.stem, names)) for path in files}
    lines = [
        "# Published reports",
        "",
        "Each study, its question and its report for every scale that is published; "
        '<a href="../reports/index.html">all reports on one page</a>.',
        "",
        "| study | question | report |",
        "|---|---|---|",
    ]
    for path in files:
        shown = "<br>".join(_links(_reports(path.stem, names))) or "not published yet"
        lines.append(f"| [{path.stem}]({path.stem}.md) | {read_question(path)} | {shown} |")
    pages["studies/index.md"] = "\n".join([*lines, ""])
    return pages


def _reports(study: str, published: list[str]) -> dict[str, str]:
    """The published results of a study: what to call them, such as the scale, to their name."""
    found = {"report": study} if study in published else {}
    if f"{study}_tuning" in published:
        found["tuning"] = f"{study}_tuning"
    scales = [name for name in published if name.startswith(f"{study}-")]
    return found | {name.removeprefix(f"{study}-"): name for name in scales}


def _links(reports: dict[str, str]) -> list[str]:
    return [f'<a href="../reports/{name}/{REPORT}">{title}</a>' for title, name in reports.items()]


def _page(path: Path, reports: dict[str, str]) -> str:
    links = ", ".join(_links(reports))
    return "\n".join(
        [
            f"# {path.stem}",
            "",
            read_question(path),
            "",
            f"Published: {links}." if links else "No results are published yet.",
            "",
            f"The file `studies/{path.name}`:",
            "",
            "```yaml",
            path.read_text(encoding="utf-8").rstrip(),
            "```",
            "",
        ]
    )
