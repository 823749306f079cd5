"""Where a link between files of the repository leads on the site."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable
from pathlib import PurePosixPath

from website.reports import REPORT

PLACES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "CITATION.cff": "citation.md",
    "benchmarks/README.md": "benchmarks.md",
}
"""Pages outside docs/, and where they are on the site."""

REFERENCE = PurePosixPath("results/reference")

LINK = re.compile(
    r"^ *```.*?^ *```|`+[^`]*`+|(?P<picture>!?)\[(?P<text>(?:[^\[\]\\]|\\.)*)\]\((?P<to>[^)\s]+)\)",
    re.DOTALL | re.MULTILINE,
)
"""A link, or code, in which there are none."""


def place(file: PurePosixPath) -> PurePosixPath | None:
    """The path on the site of a file of the repository; ``None`` if it is not there.

    >>> place(PurePosixPath("studies/mse_vs_pearson.yaml"))
    PurePosixPath('studies/mse_vs_pearson.md')
    >>> place(PurePosixPath("results/reference/any_gan/report.md"))
    PurePosixPath('reports/any_gan/report.html')
    """
    if str(file) in PLACES:
        return PurePosixPath(PLACES[str(file)])
    if file.is_relative_to("docs"):
        return _index(file.relative_to("docs"))
    if file.is_relative_to("studies") and file.suffix == ".yaml":
        return file.with_suffix(".md")
    if file.is_relative_to(REFERENCE):
        inner = file.relative_to(REFERENCE)
        if file.name == "report.md":
            return PurePosixPath("reports") / inner.with_name(REPORT)
        if file.suffix in (".svg", ".png"):
            return PurePosixPath("pictures") / inner
    return None


def _index(page: PurePosixPath) -> PurePosixPath:
    """``README.md`` is what a repository shows of a folder, ``index.md`` what a site does."""
    return page.with_name("index.md") if page.name == "README.md" else page


def lead_on(text: str, page: PurePosixPath, used: Callable[[PurePosixPath], None]) -> str:
    """The Markdown of a page with its relative links as they are on the site.

    A report is no page of Sphinx's, so links to it are written as HTML.

    Args:
        text: The page as it is in the repository.
        page: Its path there.
        used: Called with the path in the repository of every file that it links to.

    Raises:
        ValueError: A link leads to a file that has no place on the site.
    """
    here = place(page)
    if here is None:
        raise ValueError(f"{page}: has no place on the site")

    def link(found: re.Match[str]) -> str:
        to = found["to"]
        if to is None or to.startswith("#") or re.match(r"[a-z]+:", to):
            return found[0]
        path, _, anchor = to.partition("#")
        file = PurePosixPath(posixpath.normpath(page.parent / path))
        target = place(file)
        if target is None:
            raise ValueError(f"{page}: {to} has no place on the site")
        used(file)
        relative = os.path.relpath(target, here.parent) + (f"#{anchor}" if anchor else "")
        if target.suffix == ".html":
            return f'<a href="{relative}">{found["text"]}</a>'
        return f"{found['picture']}[{found['text']}]({relative})"

    return LINK.sub(link, text)
