"""A plan in words: what each hypothesis says of its arms."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from ogan_bench.analysis.power import Assumed
from ogan_bench.analysis.protocol import Protocol, basis_in_words, protocol
from ogan_bench.study.hypotheses import Hypothesis

RECORD: dict[str, Any] = {
    "folder": "demo", "seeds": [0, 1, 2], "metrics": ["reconstruction_mse"],
    "arms": {arm: {"objective": {"consistency": {"name": arm}},
                   "training": {"steps": 10, "batch_size": 64}} for arm in "abc"},
    "arm_titles": {"b": "no term"}, "hypotheses": [],
}  # fmt: skip


def planned(**hypothesis: Any) -> Protocol:
    adapter: TypeAdapter[Hypothesis] = TypeAdapter(Hypothesis)
    one = adapter.validate_python({"id": "h", "claim": "It is.", **hypothesis})
    return protocol(RECORD, {"sha256": "0" * 64}, [one])


COMPARED = {"metric": "fd_classifier", "arm": "a", "control": "b"}


@pytest.mark.parametrize(
    ("hypothesis", "statement"),
    [
        ({"test": "superiority", **COMPARED}, "a is better than no term (b)"),
        (
            {"test": "superiority", **COMPARED, "margin": 0.5},
            "a is better than no term (b) by more than 0.5",
        ),
        (
            {"test": "non_inferiority", **COMPARED, "margin": "25%"},
            "a is not worse than no term (b) by 25 % of the control's mean or more",
        ),
        (
            {"test": "equivalence", **COMPARED, "margin": 3},
            "a and no term (b) differ by less than 3 in either direction",
        ),
        (
            {"test": "trend", "metric": "fd_classifier", "arms": ["a", "b", "c"]},
            "better from each arm to the next: a, no term (b), c",
        ),
        (
            {"test": "interval", "metric": "latent_rho", "arm": "a", "range": [0.9, None]},
            "the mean of a over training seeds is at least 0.9",
        ),
        (
            {"test": "failure_rate", "arm": "a", "range": [0, 0.2], "outcomes": ["collapsed"]},
            "the probability that a training of a is collapsed lies between 0 and 0.2",
        ),
        (
            {"test": "failure_rate", "arm": "b", "range": [None, 0.2]},
            "the probability that a training of no term (b) is diverged or collapsed or saturated "
            "is at most 0.2",
        ),
    ],
)
def test_every_kind_of_hypothesis_has_its_words(hypothesis: Any, statement: str) -> None:
    (found,) = planned(**hypothesis).hypotheses
    assert found.statement == statement
    assert (found.sides is None) == (hypothesis["test"] not in ("superiority", "trend"))


def test_trials_and_their_size_are_counted() -> None:
    found = planned(test="superiority", **COMPARED)
    assert found.trials == 9
    assert found.seconds is None
    assert [(row["steps"], row["images"]) for row in found.arms] == [(10, 640)] * 3
    assert [row["changes"] for row in found.arms if row["arm"] == found.base] == [[]]


def test_assumptions_are_stated_in_per_cent() -> None:
    text = basis_in_words(Assumed(spread=0.1, effect=0.25, correlation=0.5))
    assert text.startswith("assumed: standard deviation over seeds 10 % of the mean")
    assert "25 % of the control's mean" in text
    assert text.endswith("correlation between arm and control 0.5")
