"""Numbers and defaults that docs/verdicts.md states are those that the analysis decides by."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from ogan_bench.analysis import (
    live_contrast,
    meta_analysis,
    power,
    verdicts,
)
from ogan_bench.analysis.evidence import gather
from ogan_bench.analysis.live_contrast import uninformative
from ogan_bench.analysis.p_values import p_values_of
from ogan_bench.store import outcomes
from ogan_bench.study.hypotheses import Hypothesis, MeanInRange
from ogan_bench.study.procedure import PROCEDURE
from ogan_bench.study.settings import StudySettings
from tests.unit.analysis.made_up_values import FD, results

DOCS = Path(__file__).parent.parent.parent.parent / "docs" / "verdicts.md"
NAN = math.nan
TEXT = " ".join(DOCS.read_text(encoding="utf-8").split())
ADAPTER: TypeAdapter[Any] = TypeAdapter(Hypothesis)
WORDS = ("no", "one", "two", "three", "four", "five")


@pytest.mark.parametrize(
    "sentence",
    [
        f"below `alpha`, {StudySettings.model_fields['alpha'].default:g} unless the study says",
        f"below {WORDS[int(live_contrast.RESOLUTION)]} standard errors of the difference",
        f"from a pilot of {WORDS[power.LEAST_SEEDS]} seeds or more",
        f"Below {WORDS[meta_analysis.LEAST_CLUSTERS]} clusters there is no mean",
        f"From {WORDS[meta_analysis.MANY_DATASETS]} datasets on",
        f"as many seeds detect with {100 * verdicts.ENOUGH:g} % power",
        f"not normal (p < {verdicts.NOT_NORMAL:g})",
        f"recall is below {100 * outcomes.COVERED:g} % in every feature space",
        f"averages less than {outcomes.SETTLED:g} above it over the last tenth of the training",
    ],
)
def test_the_text_states_the_number_of_the_code(sentence: str) -> None:
    assert sentence in TEXT


def test_half_of_the_modes_is_half() -> None:
    assert outcomes.SPREAD == 0.5
    assert "cover fewer than half of the data's modes" in TEXT


def test_every_decision_and_outcome_is_described() -> None:
    for decision in verdicts.DECISIONS:
        assert f"**{decision}**" in TEXT
    for outcome in ("ok", *outcomes.FAILURES, "stopped"):
        assert f"| `{outcome}` |" in TEXT
    assert f"| {PROCEDURE} | " in TEXT.split("## Changes of the procedure")[1]


@pytest.mark.parametrize(
    ("test", "sides"),
    [("superiority", 2), ("non_inferiority", 1), ("equivalence", 1), ("trend", 2),
     ("association", 2)],
)  # fmt: skip
def test_sides_of_each_test_by_default(test: str, sides: int) -> None:
    named: dict[str, Any] = {"id": "h", "claim": "c", "metric": FD, "test": test}
    arms = {"arms": ["a", "b", "c"]} if sides == 2 and test != "superiority" else (
        {"arm": "a", "control": "b", "margin": None if test == "superiority" else "10%"}
    )  # fmt: skip
    assert ADAPTER.validate_python({**named, **arms}).sides == sides
    if "arms" in arms:
        with pytest.raises(ValidationError):
            ADAPTER.validate_python({**named, "arms": ["a", "b"]})


def interval(**entries: Any) -> dict[str, Any]:
    named = {"id": "h", "claim": "c", "test": "interval", "metric": FD, "arm": "a"}
    return {**named, "range": [0.5, None], **entries}


def test_an_interval_is_about_trainings_that_leave_a_value_and_says_something_of_any_arm() -> None:
    entry = interval()
    hypothesis = MeanInRange.model_validate(entry)
    failed = results({"a": [1.0, 1.3, NAN, NAN, NAN]}, [entry])
    whole = results({"a": [1.0, 1.3]}, [entry])
    found, same = (p_values_of(hypothesis, gather(one, hypothesis)) for one in (failed, whole))
    assert found == same
    assert uninformative(failed, hypothesis) is None
    (verdict,) = verdicts.judge(failed)
    assert "a lacks 3 of 5 values (3 diverged)" in verdict.reason


def test_a_family_counts_hypotheses_that_have_no_p_value() -> None:
    """Also in the third family, to which only superiority by a margin contributes."""
    a, b = [1.0, 1.2, 1.1, 1.3], [1.1, 1.25, 1.05, 1.45]
    by_margin = {"id": "by_margin", "claim": "c", "test": "superiority", "metric": FD,
                 "arm": "a", "control": "b", "margin": {"value": 0.5}}  # fmt: skip
    alone = verdicts.judge(results({"a": a, "b": b}, [by_margin]))[0]
    together = verdicts.judge(results({"a": a, "b": b}, [by_margin, interval()]))[0]
    assert together.p_equivalent == pytest.approx(2 * alone.p_equivalent)
    empty = {"id": "empty", "claim": "c", "test": "superiority", "metric": FD, "arm": "a",
             "control": "c"}  # fmt: skip
    lacking = results({"a": a, "b": b, "c": [NAN] * 4}, [by_margin, empty],
                      outcomes={"c": ["missing"] * 4})  # fmt: skip
    known = verdicts.judge(lacking)[0]
    assert known.p_opposite == pytest.approx(2 * alone.p_opposite)


def test_eight_modes_against_seven_at_two_seeds() -> None:
    modes = "modes_points"
    entry = {"id": "h", "claim": "c", "test": "superiority", "metric": modes, "arm": "a",
             "control": "b"}  # fmt: skip
    counts: dict[str, list[float]] = {"a": [8.0, 8.0], "b": [7.0, 7.0]}
    for sides, p in ((1, 0.25), (2, 0.5)):
        (found,) = verdicts.judge(results(counts, [{**entry, "sides": sides}], metric=modes))
        assert found.p_adjusted == pytest.approx(p)
    assert "8 modes against 7 at two seeds have p = 0.25 a side, so 0.5 for superiority" in TEXT
