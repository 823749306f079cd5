"""Values of measurements, in the classifiers of an ensemble or without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ogan_bench.analysis.evidence import gather
from ogan_bench.analysis.members import by_member, stacked
from ogan_bench.study.hypotheses import Comparison
from tests.unit.analysis.made_up_values import FD, results


def row(value: float, *members: float) -> dict[str, Any]:
    return {"value": value, "members": list(members) or None}


def test_classifiers_count_if_all_were_measured_in_as_many() -> None:
    assert stacked(by_member([row(2, 1, 3), row(5, 4, 6)])).tolist() == [[1, 3], [4, 6]]


@pytest.mark.parametrize("other", [row(5), row(5, 4, 5, 6), row(5, 5)])
def test_the_mean_over_classifiers_counts_otherwise(other: dict[str, Any]) -> None:
    assert stacked(by_member([row(2, 1, 3), other])).tolist() == [2, 5]


def test_one_classifier_is_no_ensemble() -> None:
    assert stacked(by_member([row(2, 2), row(5, 5)])).tolist() == [2, 5]
    assert stacked([]).shape == (0,)


@pytest.mark.parametrize("all_have_members", [True, False])
def test_verdicts_and_tables_take_the_same_values(all_have_members: bool) -> None:
    members: dict[str, list[tuple[float, ...]]] = {
        "a": [(1.0, 3.0), (2.0, 4.0)],
        "b": [(5.0, 7.0), (6.0, 9.0)],
    }
    if not all_have_members:
        del members["b"]
    values = {"a": [2.0, 3.0], "b": [6.0, 7.5]}
    entry = {"id": "h", "claim": "c", "test": "superiority", "metric": FD, "arm": "a",
             "control": "b"}  # fmt: skip
    stored = results(values, [entry], members=members)
    evidence = gather(stored, Comparison.model_validate(entry))
    own, other, paired = stored.pairs("a", "b", FD)
    assert paired
    assert own.shape == ((2, 2) if all_have_members else (2,))
    for arm, used in (("a", own), ("b", other)):
        np.testing.assert_array_equal(evidence.known(arm), used)
