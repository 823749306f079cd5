"""Arms as changes to a base arm, and the effect of each change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ogan_bench.analysis.formatting import metric_info
from ogan_bench.analysis.results import StudyResults
from ogan_bench.files import Record
from ogan_bench.statistics import Interval
from ogan_bench.study.diffs import differences

_SECTIONS = ("data", "model", "objective", "training", "evaluation")
"""Settings that an ablation can change; hashes of plug-ins are excluded."""


@dataclass(frozen=True)
class Ablation:
    """The arms as changes to a base arm.

    Args:
        base: The arm of :func:`base_arm`.
        rows: One per other arm: ``arm``, ``changes`` (texts) and ``cells``, one per metric of the
            study: the difference to the base with its 95 % interval, and ``better`` as
            :func:`is_better` says.
    """

    base: str
    rows: list[Record]


@dataclass(frozen=True)
class Difference:
    """Difference of an arm to a control.

    Args:
        arm: The arm.
        interval: Arm minus control with its 95 % interval.
        is_better: See :func:`is_better`.
    """

    arm: str
    interval: Interval
    is_better: bool | None


def differences_to(results: StudyResults, control: str, metric: str) -> list[Difference]:
    """Differences in a metric between the control and all other arms on its data."""
    changes = {
        arm: results.difference(arm, control, metric)
        for arm in results.comparable(control)
        if arm != control
    }
    return [Difference(arm, change, is_better(change, metric)) for arm, change in changes.items()]


def ablation(results: StudyResults) -> Ablation:
    """The arms as differences to a base arm; a leave-one-out ablation if the study is one."""
    base = base_arm(results)
    rows: list[Record] = []
    for arm in results.arms:
        if arm == base:
            continue
        cells = []
        for metric in results.record["metrics"]:
            change = results.difference(arm, base, metric)
            cells.append(
                {
                    "metric": metric,
                    "difference": change.estimate,
                    "difference_low": change.low,
                    "difference_high": change.high,
                    "better": is_better(change, metric),
                }
            )
        rows.append({"arm": arm, "changes": changes(results, base, arm), "cells": cells})
    return Ablation(base, rows)


def base_arm(results: StudyResults) -> str:
    """The arm with the fewest differing settings in total to all others; the first if tied."""
    return min(
        results.arms,
        key=lambda base: sum(len(changes(results, base, arm)) for arm in results.arms),
    )


def is_better(change: Interval, metric: str) -> bool | None:
    """Whether a difference is an improvement.

    ``None`` if its interval contains 0 or is unknown, or if the metric has no direction.
    """
    better = metric_info(metric).better
    if better is None or math.isnan(change.low) or change.low <= 0 <= change.high:
        return None
    return (change.low > 0) == (better == "higher")


def changes(results: StudyResults, base: str, arm: str) -> list[str]:
    """``training.steps: 500 → 1000`` for every setting in which an arm differs from a base.

    Replacing a part is a single change, shown with the parameters of the new part that are not
    at their defaults.
    """
    texts = []
    for section in _SECTIONS:
        sides = tuple(
            (results.record["arms"][name].get(section), results.identity(name).get(section))
            for name in (base, arm)
        )
        texts += _changes(section, *sides[0], *sides[1])
    return texts


def _changes(key: str, before: Any, shown: Any, now: Any, shown_now: Any) -> list[str]:
    """Changes of a setting.

    Args:
        key: Path of the setting.
        before: Its full value in the base.
        shown: The non-default part of ``before``.
        now: Its full value in the arm.
        shown_now: The non-default part of ``now``.
    """
    if not (isinstance(before, Mapping) and isinstance(now, Mapping)):
        pairs = differences(before, now, key)
        return [f"{path}: {_compact(old)} → {_compact(new)}" for path, old, new in pairs]
    if before.get("name") != now.get("name"):
        return [f"{key}: {_compact(shown or before)} → {_compact(shown_now or now)}"]
    return [
        text
        for name in dict.fromkeys([*before, *now])
        for text in _changes(
            f"{key}.{name}",
            before.get(name),
            _part(shown, name),
            now.get(name),
            _part(shown_now, name),
        )
    ]


def _part(shown: Any, name: str) -> Any:
    return shown.get(name) if isinstance(shown, Mapping) else None


def _compact(value: Any) -> str:
    """A part as ``adam(lr=0.0001)``, a number in ``%g`` format."""
    if isinstance(value, Mapping):
        settings = ", ".join(
            f"{key}={_compact(entry)}" for key, entry in value.items() if key != "name"
        )
        name = str(value.get("name", ""))
        return f"{name}({settings})" if settings else name
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(map(_compact, value))
    return "none" if value is None else str(value)
