"""What each metric of fidelity and diversity missed, read from the published verification."""

from __future__ import annotations

import re
from dataclasses import dataclass

FAILED = "**fail**"


@dataclass(frozen=True)
class Verified:
    """What the verification found of one quantity.

    Args:
        defects: Number of experiments.
        missed: What it failed: the defect, what it should have become, and the two values.
    """

    defects: int
    missed: tuple[str, ...]


def verified(page: str) -> dict[str, Verified]:
    """Title of a quantity to what was found, from the tables of docs/verification.md."""
    found: dict[str, Verified] = {}
    for text in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        head, _, *rows = [_cells(line) for line in text.splitlines()]
        if head[:2] != ["defect", "should be"]:
            continue
        judged = [row for row in rows if row[0] != "passed"]
        for column, title in enumerate(head[2:], start=2):
            missed = tuple(
                f"{row[0]}: should be {row[1]}, {row[column].removesuffix(FAILED).strip()}"
                for row in judged
                if row[column].endswith(FAILED)
            )
            found[title] = Verified(len(judged), missed)
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
