"""A Markdown page for each claim: its answer, the verdicts behind it, and what would change it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ogan_bench.analysis.meta_analysis import Claim
from ogan_bench.files import write_bytes
from ogan_bench.report.rendering import templates


def write_claim_pages(root: Path, claims: Sequence[Claim], folder: Path) -> list[Path]:
    """Write a page for each claim into a folder.

    Args:
        root: The results folder; pages link to the ``report.md`` of those studies that have one.
        claims: The claims of its studies.
        folder: Where to; it is made if it does not exist.

    Raises:
        UserError: A file cannot be written.
    """
    template = templates().get_template("claim.md.j2")
    paths = []
    for claim in claims:
        links = {}
        for setting in claim.settings:
            report = root / setting.study / "report.md"
            if report.is_file():
                links[setting.study] = Path(os.path.relpath(report, folder)).as_posix()
        page = template.render(claim=claim, links=links)
        paths.append(folder / f"{claim.slug}.md")
        write_bytes(paths[-1], page.encode(), durable=False)
    return paths
