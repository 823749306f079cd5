"""Answers to claims, in words."""

from __future__ import annotations

from typing import Any

import pytest

from ogan_bench.analysis.claim_answer import answer, what_would_change
from ogan_bench.analysis.registration import Standing
from tests.unit.analysis.test_meta_analysis import setting

OPEN: dict[str, Any] = {"decision": "inconclusive", "rests_on": ""}
FRAGILE: dict[str, Any] = {"rests_on": "rests on the pairing of seeds"}


@pytest.mark.parametrize(
    ("settings", "opening"),
    [
        ([setting()], "It holds wherever the data decide."),
        ([setting(**FRAGILE)], "It holds wherever the data decide, but no decision is robust."),
        ([setting(decision="refuted")], "It fails wherever the data decide."),
        ([setting(decision="equivalent")], "It fails wherever the data decide."),
        (
            [setting(), setting(decision="refuted")],
            "It holds in some settings and fails in others.",
        ),
        ([setting(**OPEN)], "Open: no setting decides it."),
        ([setting(), setting(**OPEN)], "It holds wherever the data decide."),
        (
            [setting(), setting(**OPEN), setting(**OPEN)],
            "Mostly open: it holds wherever the data decide.",
        ),
        # A preliminary or deviated setting answers nothing.
        ([setting(standing=Standing(complete=False))], "Open: no setting decides it."),
        (
            [setting(decision="refuted"), setting(standing=Standing(deviations=("seeds",)))],
            "It fails wherever the data decide.",
        ),
    ],
)  # fmt: skip
def test_the_opening_follows_from_the_decisions(settings: list[Any], opening: str) -> None:
    assert answer(settings).startswith(opening)


def test_an_answer_says_where_at_how_many_seeds_and_how_surely() -> None:
    assert answer(
        [
            setting(n=5),
            setting(n=10, **FRAGILE),
            setting("ring", n=3),
            setting(n=5, **OPEN),
            setting("ring", standing=Standing(complete=False)),
        ]
    ) == (
        "It holds wherever the data decide. Supported: 2 on digits at 16 (n = 5 to 10), "
        "1 on ring (n = 3). Robust: 2 of 3. Inconclusive: 1 on digits at 16 (n = 5). "
        "1 setting preliminary or deviated, not counted."
    )


def test_what_would_change_an_answer() -> None:
    found = what_would_change(
        [
            setting(hypothesis="a", **FRAGILE),
            setting(hypothesis="b", **OPEN, standing=Standing()),
            setting("ring", hypothesis="c", decision="uninformative", rests_on=""),
        ]
    )
    assert found == [
        "demo/a rests on the pairing of seeds: otherwise it is not supported.",
        "More seeds, where the data decide neither way: demo/b.",
        "Contrasts that can decide something; these could not: demo/c.",
        "Registered repeats: 1 of 3 settings were not registered before their trials.",
        "Other data: all settings are on digits at 16 and ring.",
    ]
