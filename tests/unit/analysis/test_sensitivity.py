"""What verdicts rest on: single seeds, pairing, the level, classifiers, failed trials."""

from __future__ import annotations

from typing import Any

import numpy as np

from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.sensitivity import Sensitivity
from ogan_bench.analysis.verdicts import judge
from tests.unit.analysis.made_up_values import results


def claim(**entries: Any) -> dict[str, Any]:
    named = {"metric": "fd_classifier", "arm": "a", "control": "b", "test": "superiority"} | entries
    return {"id": "h", "claim": "Something.", **named}


def sensitivity(found: StudyResults) -> Sensitivity:
    (only,) = judge(found)
    assert only.sensitivity is not None
    return only.sensitivity


def test_a_clear_difference_is_robust() -> None:
    found = sensitivity(results({"a": [1.0, 1.2, 0.9, 1.1, 1.3], "b": [9.0, 9.3, 8.8, 9.1, 9.4]},
                                [claim()]))  # fmt: skip
    assert found.words == "robust"


def test_a_decision_may_rest_on_one_seed() -> None:
    """Four seeds say little; the fifth agrees so well that it decides."""
    b = [2.0, 2.1, 2.2, 2.05, 2.15]
    d = [0.1, 0.5, 0.2, 0.55, 0.35]
    a = [x - y for x, y in zip(b, d, strict=True)]
    found = sensitivity(results({"a": a, "b": b}, [claim(sides=2)]))
    assert found.seeds
    shown = ", ".join(map(str, found.seeds))
    assert f"seed {shown}" in found.words or f"any of the seeds {shown}" in found.words
    for seed in range(5):
        keep = [k for k in range(5) if k != seed]
        without = judge(
            results({"a": [a[k] for k in keep], "b": [b[k] for k in keep]}, [claim(sides=2)])
        )
        assert (without[0].decision != "supported") == (seed in found.seeds)


def test_a_decision_may_rest_on_the_pairing() -> None:
    b = [1.0, 3.0, 5.0, 7.0, 9.0]
    a = [x - 0.5 - 0.02 * k for k, x in enumerate(b)]
    found = sensitivity(results({"a": a, "b": b}, [claim()]))
    assert found.others == ("the pairing of seeds",)
    assert found.welch.claim > 0.3


def test_a_decision_may_rest_on_one_side() -> None:
    b = [2.0, 2.1, 2.2, 2.05, 2.15]
    a = [1.5, 2.3, 1.45, 1.72, 1.86]
    found = sensitivity(results({"a": a, "b": b}, [claim()]))
    assert "the one-sided level (not at 0.025 a side)" in found.others
    two = judge(results({"a": a, "b": b}, [claim(sides=2)]))[0]
    assert two.decision == "inconclusive"


def test_equivalence_in_place_of_refuted_may_rest_on_one_side() -> None:
    """Tested by two one-sided tests at alpha, also where superiority is two-sided."""
    noise = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    b = 10 + np.array([0.1, -0.2, 0.3, -0.4, 0.2])
    shifted = [(b + 0.5 * noise + shift).tolist() for shift in (0.1, 1.15)]
    margin = {"value": 1.5, "relative": False}
    found = [
        judge(results({"a": a, "b": b.tolist()}, [claim(margin=margin, sides=2)]))[0]
        for a in shifted
    ]
    assert [verdict.decision for verdict in found] == ["equivalent", "refuted"]
    assert found[0].sensitivity is not None
    assert not any("one-sided" in name for name in found[0].sensitivity.others)
    near = judge(
        results({"a": (b + 0.5 * noise + 1.05).tolist(), "b": b.tolist()},
                [claim(margin=margin, sides=2)])
    )[0]  # fmt: skip
    assert 0.025 < near.p_equivalent < 0.05
    assert near.sensitivity is not None
    assert "the one-sided level (not at 0.025 a side)" in near.sensitivity.others


def test_a_decision_may_not_hold_in_one_classifier() -> None:
    rng = np.random.default_rng(0)
    effect = np.array([0.9, 1.0, 1.1, 1.0, -0.1])
    b = 5 + 0.05 * rng.normal(size=(5, 5))
    a = b - effect - 0.02 * rng.normal(size=(5, 5))
    members = {name: [tuple(row) for row in table] for name, table in (("a", a), ("b", b))}
    found = sensitivity(
        results({"a": a.mean(1).tolist(), "b": b.mean(1).tolist()}, [claim()], members=members)
    )
    assert found.others == ("the ensemble (not in classifier 5 alone)",)


def test_a_decision_may_rest_on_failed_trials() -> None:
    """One training of the control collapsed; without it the arms are alike."""
    a, b = [1.0, 1.1, 0.9, 1.2, 1.05, 1.0], [1.05, 1.0, 1.0, 1.15, 1.0, 40.0]
    known = {"b": ["ok"] * 5 + ["collapsed"]}
    wide = claim(test="non_inferiority", margin={"value": 0.2})
    found = judge(results({"a": a, "b": b}, [wide], outcomes=known))[0]
    without = judge(results({"a": a[:5], "b": b[:5]}, [wide]))[0]
    assert (found.decision, without.decision) == ("inconclusive", "supported")
    whole = {"a": [1.0, 1.1, 0.9, 1.2, 1.05], "b": [40.0, 41.0, 43.0, 39.0, 40.5]}
    dead = sensitivity(results(whole, [claim()], outcomes={"b": ["collapsed"] * 5}))
    assert (
        dead.words == "robust"
    )  # without its collapsed trials the control has none: no other decision


def test_all_hypotheses_are_adjusted_together_each_time() -> None:
    """A second hypothesis that loses its significance doubles nothing, one that stays does."""
    b = [2.0, 2.1, 2.2, 2.05, 2.15]
    a = [1.4, 1.7, 1.45, 1.62, 1.66]
    alone = judge(results({"a": a, "b": b}, [claim()]))[0]
    family = [claim() | {"id": f"h{k}"} for k in range(8)]
    together = judge(results({"a": a, "b": b}, family))[0]
    assert alone.sensitivity is not None
    assert together.sensitivity is not None
    assert len(together.sensitivity.seeds) >= len(alone.sensitivity.seeds)
