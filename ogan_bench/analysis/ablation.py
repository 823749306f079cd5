"""Arms as changes to the control, and the effect of each change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ogan_bench.analysis.marks import better_or_worse
from ogan_bench.analysis.results import StudyResults
from ogan_bench.files import Record
from ogan_bench.statistics import Interval
from ogan_bench.study.diffs import differences

SECTIONS = ("data", "model", "objective", "training", "evaluation")
"""Settings that an ablation can change; hashes of plug-ins are excluded."""


@dataclass(frozen=True)
class Ablation:
    """The arms as changes to the control.

    Args:
        control: See :attr:`StudyResults.control`.
        rows: One per other arm: ``arm``, ``changes`` (texts) and ``cells``, one per metric: the
            difference to the control with its 95 % interval, and ``better`` as
            :func:`~ogan_bench.analysis.marks.better_or_worse` says.
    """

    control: str
    rows: list[Record]


@dataclass(frozen=True)
class Difference:
    """Difference of an arm to a control.

    Args:
        arm: The arm.
        control: What it is compared with.
        interval: Arm minus control with its 95 % interval.
        is_better: See :func:`~ogan_bench.analysis.marks.better_or_worse`.
    """

    arm: str
    control: str
    interval: Interval
    is_better: bool | None


def differences_to(results: StudyResults, control: str, metric: str) -> list[Difference]:
    """Differences in a metric between the control and all other arms on its data."""
    changes = {
        arm: results.difference(arm, control, metric)
        for arm in results.comparable(control)
        if arm != control
    }
    marks = better_or_worse(results, metric, control)
    return [Difference(arm, control, change, marks[arm]) for arm, change in changes.items()]


def ablation(results: StudyResults, metrics: Sequence[str]) -> Ablation:
    """The arms as differences to the control; a leave-one-out ablation if the study is one."""
    control = results.control
    marks = {metric: better_or_worse(results, metric, control) for metric in metrics}
    rows: list[Record] = []
    for arm in (arm for arm in results.arms if arm != control):
        cells = []
        for metric in metrics:
            change = results.difference(arm, control, metric)
            cells.append(
                {
                    "metric": metric,
                    "difference": change.estimate,
                    "difference_low": change.low,
                    "difference_high": change.high,
                    "better": marks[metric][arm],
                }
            )
        rows.append({"arm": arm, "changes": changes(results, control, arm), "cells": cells})
    return Ablation(control, rows)


def changes(results: StudyResults, base: str, arm: str) -> list[str]:
    """``training.steps: 500 → 1000`` for every setting in which an arm differs from a base.

    Replacing a part is a single change, shown with the parameters of the new part that are not
    at their defaults.
    """
    texts = []
    for section in SECTIONS:
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
        return [f"{path}: {compact(old)} → {compact(new)}" for path, old, new in pairs]
    if before.get("name") != now.get("name"):
        return [f"{key}: {compact(shown or before)} → {compact(shown_now or now)}"]
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


def compact(value: Any) -> str:
    """A part as ``adam(lr=0.0001)``, other settings as ``steps=500, ema=none``."""
    if isinstance(value, Mapping):
        settings = ", ".join(
            f"{key}={compact(entry)}" for key, entry in value.items() if key != "name"
        )
        name = str(value.get("name", ""))
        return f"{name}({settings})" if name and settings else name or settings or "none"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(map(compact, value)) or "none"
    return "none" if value is None else str(value)
