"""Verdicts of a made-up results folder: clear cases, reasons, families and open ends."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.verdicts import Verdict, judge
from ogan_bench.errors import UserError
from ogan_bench.store.trial_store import TrialStore
from tests.unit.analysis.stored_study import HYPOTHESES, SEEDS


def verdicts_of(root: Path, **entries: Any) -> Verdict:
    """Verdict on one hypothesis about the made-up results."""
    store = TrialStore(root)
    record = store.read_study("demo")
    hypothesis = {**HYPOTHESES[0], "claim": "c", **entries}
    store.write_study("demo", {**record, "hypotheses": [hypothesis]})
    return judge(load_results(root, "demo"))[0]


def absolute(value: float) -> dict[str, Any]:
    return {"value": value, "relative": False}


@pytest.mark.parametrize(
    ("entries", "decision"),
    [
        ({"arm": "pearson", "control": "none"}, "supported"),
        ({"arm": "none", "control": "pearson"}, "refuted"),
        ({"arm": "broken", "control": "none"}, "inconclusive"),
        ({"margin": absolute(0.05)}, "supported"),
        ({"margin": absolute(0.08)}, "equivalent"),  # better, but not by that much
        ({"margin": absolute(0.05), "arm": "none", "control": "pearson"}, "refuted"),
        ({"margin": {"value": 0.5, "relative": True}}, "supported"),
        ({"margin": {"value": 0.95, "relative": True}}, "equivalent"),
        ({"test": "non_inferiority", "margin": absolute(0.001)}, "supported"),
        ({"test": "non_inferiority", "margin": absolute(0.02), "arm": "none", "control": "pearson"},
         "refuted"),
        ({"test": "non_inferiority", "margin": absolute(0.02), "arm": "broken"}, "supported"),
        ({"test": "non_inferiority", "margin": absolute(1e-5), "arm": "broken"}, "inconclusive"),
        ({"test": "equivalence", "margin": absolute(0.01), "arm": "broken"}, "supported"),
        ({"test": "equivalence", "margin": {"value": 0.1, "relative": True}, "arm": "broken"},
         "supported"),
        ({"test": "equivalence", "margin": absolute(0.01)}, "refuted"),
        ({"test": "equivalence", "margin": absolute(1e-5), "arm": "broken"}, "inconclusive"),
        # No variance at all: every trial finds all ten modes. Four seeds are no certainty.
        ({"metric": "modes_classifier"}, "inconclusive"),
        ({"metric": "modes_classifier", "test": "non_inferiority", "margin": absolute(1)},
         "inconclusive"),
    ],
)  # fmt: skip
def test_verdicts_of_clear_cases(root: Path, entries: dict[str, Any], decision: str) -> None:
    verdict = verdicts_of(root, **entries)
    assert verdict.decision == decision, verdict.reason


def test_reason_says_the_numbers_and_what_is_lacking(root: Path) -> None:
    verdicts = judge(load_results(root, "demo"))
    reason = verdicts[0].reason
    assert re.match(r"reconstruction MSE: pearson 0\.01\d*, none 0\.08\d*; difference −", reason)
    assert "(one-sided, Holm over 4 hypotheses); by Welch's test, not adjusted, p = " in reason
    assert reason.endswith("none lacks 1 of 5 values (1 missing)")
    ranked = verdicts[1].reason
    assert "pseudo-median of the differences +" in ranked
    assert "exact signed-rank test over seeds: neither the claim" in ranked
    assert "mse lacks 2 of 5 values (1 diverged and 1 failed)" in ranked
    assert ranked.endswith("with 4 seeds no p-value of this test is below 0.062")


def test_p_values_are_adjusted_over_the_family(root: Path) -> None:
    verdicts = judge(load_results(root, "demo"))
    smallest = min(verdicts, key=lambda verdict: verdict.finding.significance.claim)
    assert smallest.p_adjusted == pytest.approx(4 * smallest.finding.significance.claim)


def test_too_few_values_are_inconclusive(root: Path) -> None:
    for seed in SEEDS[1:]:
        shutil.rmtree(root / "demo" / "pearson" / f"seed-{seed}")
    verdict = verdicts_of(root)
    assert verdict.decision == "inconclusive"
    assert "at least 2 common seeds" in verdict.reason
    assert verdict.finding.n == (1, 4)


def test_an_invalid_stored_hypothesis_is_the_users_error(root: Path) -> None:
    with pytest.raises(UserError, match=r"demo/study.json: invalid hypothesis.*metric: .*'vibes'"):
        verdicts_of(root, metric="vibes")
    with pytest.raises(UserError, match="no arm 'nobody'"):
        verdicts_of(root, arm="nobody")
