"""The answer of a study, in words."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ogan_bench.analysis.registration import Standing
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.study_answer import Answer, study_answer
from ogan_bench.analysis.verdicts import judge
from tests.unit.analysis.made_up_values import results

GOOD = [1.0, 1.3, 0.9, 1.1, 1.4]
ALIKE = [1.1, 1.2, 1.0, 1.2, 1.2]
BAD = [20.0, 22.2, 18.1, 23.4, 23.0]


def claim(name: str, arm: str, control: str, **entries: Any) -> dict[str, Any]:
    stated = {"test": "superiority", "metric": "fd_classifier", "arm": arm, "control": control}
    return {"id": name, "claim": f"Claim {name}.", **stated, **entries}


def answered(found: StudyResults) -> Answer:
    return study_answer(found, judge(found))


def made(*hypotheses: dict[str, Any], complete: bool = True) -> StudyResults:
    found = results({"good": GOOD, "alike": ALIKE, "bad": BAD}, list(hypotheses))
    return dataclasses.replace(found, standing=Standing(complete=complete))


A, B, C = claim("a", "good", "bad"), claim("b", "bad", "good"), claim("c", "good", "alike")
D = claim("d", "alike", "bad")


@pytest.mark.parametrize(
    ("hypotheses", "words"),
    [
        ([A], "the only claim holds (robustly)."),
        ([A, D], "all 2 claims hold (all robustly)."),
        ([A, B], "1 of 2 claims holds (robustly) and 1 fails (robustly)."),
        ([C], "the only claim stays open."),
        ([A, D, B, C], "2 of 4 claims hold (all robustly), 1 fails (robustly) and 1 stays open."),
    ],
)
def test_the_sentence_counts_what_holds_and_how_surely(
    hypotheses: list[dict[str, Any]], words: str
) -> None:
    found = made(*hypotheses)
    for arm in found.record["arms"].values():
        arm["data"]["resolution"] = 16
    assert answered(found).sentence == f"On digits at 16, with 5 seeds an arm, {words}"


def test_claims_are_grouped_by_what_is_said_of_them() -> None:
    assert answered(made(A, B, D)).groups == (
        ("Holds", ("Claim a.", "Claim d.")),
        ("Fails", ("Claim b.",)),
    )


def test_an_incomplete_study_says_so_first_and_one_without_claims_says_nothing() -> None:
    assert answered(made(A, complete=False)).sentence.startswith("Preliminary: on ")
    assert answered(made()) == Answer("", ())
