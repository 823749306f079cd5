"""How arms and verdicts are distinguished: by colour and, if that is not enough, by shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import seaborn as sns

from ogan_bench.analysis.verdicts import Decision

Colour = tuple[float, float, float] | str
Dash = tuple[float, tuple[float, ...]]

PALE = (6, 8)
"""Colours of the palette that are too pale for thin lines on white."""

COLOURS = [
    colour for i, colour in enumerate(sns.color_palette("colorblind")) if i not in PALE
]  # fmt: skip
"""A palette that is distinguishable with colour-vision deficiency.

References:
    M. Waskom, seaborn: statistical data visualization, JOSS 6 (60), 2021,
    https://doi.org/10.21105/joss.03021
"""

MARKERS = ("o", "s", "^", "P")
DASHES: tuple[tuple[float, ...], ...] = ((), (4, 2), (1, 1), (6, 2, 1, 2))

DECISIONS: dict[Decision, tuple[str, str]] = {
    "supported": ("#1a7f4b", "o"),
    "refuted": ("#b3261e", "X"),
    "equivalent": ("#2b5fa8", "D"),
    "inconclusive": ("#6b7280", "s"),
    "uninformative": ("#6b7280", "x"),
}
"""Verdict to colour and marker."""


class Style(NamedTuple):
    """The style of one arm in every figure of its study."""

    colour: Colour
    marker: str
    dash: Dash


def styles(arms: Sequence[str]) -> dict[str, Style]:
    """Arm to style; the first 32 arms have distinct styles."""
    n = len(COLOURS)
    return {
        arm: Style(COLOURS[i % n], MARKERS[i // n % 4], (0, DASHES[i // n % 4]))
        for i, arm in enumerate(arms)
    }
