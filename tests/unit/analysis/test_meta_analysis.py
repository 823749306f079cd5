"""Which settings a summary of a wider claim counts, and how often."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ogan_bench.analysis.claim_setting import ClaimSetting
from ogan_bench.analysis.meta_analysis import Claim, clusters, find_claims, repeated_settings
from ogan_bench.analysis.registration import Standing
from ogan_bench.statistics import Effect


def setting(
    dataset: str = "digits at 16",
    trainings: tuple[str, ...] = ("arm", "control"),
    ratio: float = 1.0,
    **entries: Any,
) -> ClaimSetting:
    facts: dict[str, Any] = {
        "study": "demo", "hypothesis": "h", "claim": "c", "part_of": "It works.",
        "decision": "supported", "reason": "p = 0.01", "n": 5, "by_seed": np.empty(0),
        "steps": 1000, "note": "", "left_out": "",
        "rests_on": "robust",
        "standing": Standing("0" * 64),
    }  # fmt: skip
    return ClaimSetting(
        dataset=dataset, trainings=trainings, ratio=Effect(ratio, 0.1, 4.0), **{**facts, **entries}
    )


def claim(*settings: ClaimSetting) -> Claim:
    (only,) = find_claims(settings)
    return only


APART = [setting(name, (f"{name}-a", f"{name}-b"), ratio)
         for name, ratio in (("digits", 1.0), ("fashion_mnist", 1.2), ("shapes", 0.9))]  # fmt: skip


def test_the_same_trainings_count_once() -> None:
    """The longest of them; another metric of the same pair adds nothing."""
    same = [setting(steps=1000), setting(steps=1500), setting(steps=1500)]
    assert repeated_settings(same) == {0: 1, 2: 1}
    assert repeated_settings([*same, setting(trainings=("arm", "other"))]) == {0: 1, 2: 1}
    once, twice = claim(*APART), claim(*APART, APART[0], APART[0])
    assert twice.summary == once.summary
    assert twice.repeated == {3: 0, 4: 0}
    assert "2 of them compare the same trainings as another one" in twice.sentence


def test_settings_that_share_trainings_or_data_are_one_cluster() -> None:
    chain = [
        setting("digits at 16", ("a", "b")),
        setting("digits at 32", ("c", "d")),  # the same data in another size
        setting("ring", ("e", "f")),
        setting("grid", ("g", "f")),  # the same control
        setting("shapes", ("h", "i")),
    ]
    found = clusters(chain)
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert len(set(found)) == 3


def test_a_cluster_has_one_value() -> None:
    """Four hosts on digits weigh as much as one."""
    hosts = [setting("digits", (f"h{k}", f"n{k}"), 1.0 + 0.1 * (k - 1.5)) for k in range(4)]
    found = claim(*hosts, *APART[1:])
    assert found.summary.k == 3
    assert found.factor == pytest.approx(claim(*APART).factor)


def test_no_summary_below_three_independent_settings() -> None:
    two = claim(*APART[:2])
    assert math.isnan(two.factor.estimate)
    assert math.isnan(two.new_setting.low)
    assert "no mean ratio: 2 independent settings" in two.sentence
    three = claim(*APART)
    assert "mean ratio to control over 3 independent settings" in three.sentence
    assert three.factor.low < math.exp(1.03) < three.factor.high


@pytest.mark.parametrize("reason", ["uninformative", "preliminary", "deviated"])
def test_what_cannot_count_is_left_out(reason: str) -> None:
    odd = setting("moons", ("x", "y"), 9.0, left_out=reason)
    found = claim(*APART, odd)
    assert found.summary == claim(*APART).summary
    assert found.settings[-1] is odd


def test_a_claim_that_counts_shared_trials_once_covers_the_truth() -> None:
    """Three datasets, on each three arms against one control, whose trials they share.

    As independent settings, 95 % intervals cover the true mean in about three quarters.
    """
    rng = np.random.default_rng(0)
    covered = {"clusters": 0, "as if independent": 0}
    repetitions = 400
    for _ in range(repetitions):
        drawn: list[ClaimSetting] = []
        for dataset in ("digits", "fashion_mnist", "shapes"):
            control, effect = rng.normal(size=5), 0.3 * rng.normal()
            for arm in range(3):
                d = 1 + effect + 0.3 * rng.normal(size=5) - control
                entry = setting(dataset, (f"{dataset}{arm}", dataset))
                ratio = Effect(float(d.mean()), float(d.std(ddof=1) / math.sqrt(5)), 4.0)
                drawn.append(ClaimSetting(**{**vars(entry), "ratio": ratio}))
        free = [
            ClaimSetting(**{**vars(one), "dataset": str(k), "trainings": (str(k), f"c{k}")})
            for k, one in enumerate(drawn)
        ]
        for name, chosen in (("clusters", drawn), ("as if independent", free)):
            _, low, high = claim(*chosen).summary.interval
            covered[name] += low <= 1 <= high
    assert covered["clusters"] / repetitions >= 0.92
    assert covered["as if independent"] / repetitions < 0.85
