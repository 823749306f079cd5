"""Lays out what Sphinx reads: pages of the repository with links that work, and those made here."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from website import python_page
from website.commands import command_page
from website.gallery import gallery_page
from website.links import PLACES, lead_on, place
from website.metrics import QUESTIONS, metric_pages
from website.parts import TITLES, diagram_of_ogan, draw_parts, part_pages
from website.pictures import copy_picture
from website.studies import study_pages

CONTENTS = {
    "Guide": ["guide/start", "guide/concepts", "guide/faq"],
    "How to": [
        "guide/own_images",
        "guide/own_arm",
        "guide/own_metric",
        "guide/cluster",
        "guide/paper",
        "guide/encoder",
    ],
    "Findings": ["findings", "gallery", "studies/index"],
    "Reference": [
        "command_line",
        "commands",
        "python",
        "python_reference",
        "studies",
        "metrics",
        "objectives",
        "data",
        "results",
        "verdicts",
        "verification",
        "reliability",
    ],
    "中文": ["zh/index", "zh/start"],
    "Project": ["architecture", "benchmarks", "contributing", "changelog", "citation"],
}
"""The parts of the site's menu, with their pages."""


def lay_out(root: Path, target: Path) -> None:
    """Write all sources of the site.

    Args:
        root: The repository.
        target: A new folder.

    Raises:
        ValueError: A page links to a file that has no place on the site.
    """
    pages = {
        **repository_pages(root, target),
        **study_pages(root),
        **metric_pages(root),
        **part_pages(),
        "commands.md": command_page(),
        "python_reference.md": python_page.PAGE,
        "gallery.md": gallery_page(root, target),
    }
    draw_parts(target)
    contents = "".join(toctree(part, names) for part, names in CONTENTS.items())
    pages["index.md"] += contents
    pages["findings.md"] += toctree(None, sorted(_below(pages, "findings/")))
    pages["metrics.md"] += toctree(None, [f"metrics/{name}" for name in QUESTIONS])
    pages["objectives.md"] += diagram_of_ogan()
    pages["objectives.md"] += toctree(None, [f"parts/{kind}" for kind in TITLES])
    pages["studies/index.md"] += toctree(None, sorted(_below(pages, "studies/", "studies/index")))
    for path, text in pages.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text, encoding="utf-8")


def repository_pages(root: Path, target: Path) -> dict[str, str]:
    """Paths on the site and texts of the pages of the repository; copies pictures and notebooks."""
    written = [path.relative_to(root) for path in (root / "docs").rglob("*.md")]
    files = [PurePosixPath(path.as_posix()) for path in written]
    files += [PurePosixPath(path) for path in PLACES if path.endswith(".md")]

    def copy(file: PurePosixPath) -> None:
        there = place(file)
        if not (root / file).is_file() or there is None:
            raise ValueError(f"{file} is linked to, and is not there")
        if there.suffix in (".svg", ".png"):
            copy_picture(root, root / file, target / there)
        elif there.suffix == ".ipynb":
            (target / there).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / file, target / there)

    pages = {
        str(place(file)): lead_on((root / file).read_text(encoding="utf-8"), file, copy)
        for file in files
    }
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    pages["citation.md"] = f"# Citation\n\n`CITATION.cff`:\n\n```yaml\n{citation}```\n"
    return pages


def toctree(caption: str | None, pages: Sequence[str]) -> str:
    """A part of the menu, which the page itself does not show."""
    options = [":hidden:", *([f":caption: {caption}"] if caption else [])]
    return "\n".join(["", "```{toctree}", *options, "", *(f"/{page}" for page in pages), "```", ""])


def _below(pages: dict[str, str], folder: str, *but: str) -> list[str]:
    """Names of the pages in a folder of the site."""
    found = [path.removesuffix(".md") for path in pages if path.startswith(folder)]
    return [name for name in found if name not in but]
