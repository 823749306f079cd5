"""Colours and marks: verdicts and arms can be told apart."""

from __future__ import annotations

from ogan_bench.report.figures.style import DECISIONS, styles


def test_verdicts_are_told_apart_by_shape_as_well() -> None:
    assert len({marker for _, marker in DECISIONS.values()}) == len(DECISIONS)
    colours = {colour for colour, _ in DECISIONS.values()}
    assert len(colours) == len(DECISIONS) - 1  # what is open has one, whatever the reason


def test_arms_keep_their_looks_and_no_two_of_32_look_the_same() -> None:
    arms = [f"arm_{i}" for i in range(32)]
    known = styles(arms)
    assert len({(look.colour, look.marker) for look in known.values()}) == 32
    assert len({(look.colour, look.dash) for look in known.values()}) == 32
    assert styles(arms[:3])["arm_1"] == known["arm_1"]
