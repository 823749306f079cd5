"""Every definition of a metric has one computation, and every computation a definition."""

from __future__ import annotations

from collections import Counter

import pytest

from ogan_bench.metrics import METRICS
from ogan_bench.metrics.training_cost import TRAINING
from tests.oracles.evaluation.everything import noise, points, rows_by_group


@pytest.mark.usefixtures("_every_space")
def test_every_metric_is_defined_once_and_computed_once() -> None:
    written: set[str] = set()
    for dataset in (noise(40, 12), points()):
        by_group = rows_by_group(dataset, samples=40, probe_images=30)
        times = Counter(row.metric for rows in by_group.values() for row in rows)
        twice = [name for name, count in times.items() if count > 1]
        assert not twice, f"{twice} are computed in more than one place of ogan_bench/evaluation/"
        for group, rows in by_group.items():
            other = {row.metric for row in rows if METRICS[row.metric].group != group}
            assert not other, f"the definitions of {sorted(other)} must have group={group!r}"
        written |= set(times)
    missing = METRICS.keys() - TRAINING.keys() - written
    assert not missing, (
        f"{sorted(missing)} are defined in ogan_bench/metrics/ but never computed: add each, with "
        "what computes it, to the mapping of its question in ogan_bench/evaluation/"
    )
