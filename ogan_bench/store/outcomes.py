"""The outcome of a training, by rules that use stored numbers only.

The rules are our own. They are applied when results are read, so old and new results are judged by
the same rules. A trial whose training failed keeps its values and its place in every table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import get_args

import numpy as np

from ogan_bench.files import Record
from ogan_bench.study.hypotheses import Failure

SPREAD = 0.5
"""Fraction of the modes that images must cover."""

COVERED = 0.01
"""Minimum recall of images if the modes of the data are unknown."""

SETTLED = 0.01
"""Adversarial loss of E above its lower bound, in nats or squared scores, that counts as 0."""

BOUNDED_IN_OLDER_RESULTS = (
    "non_saturating",
    "saturating",
    "least_squares",
    "hinge",
    "relativistic",
    "relativistic_average",
)
"""Adversarial losses with the lower bound 0, for results that do not store the bound.

Frozen: new results store ``adversarial_lower_bound``, which every adversarial loss declares, so
no loss is ever added here.
"""

RULES: dict[Failure, str] = {
    "diverged": "a loss, a weight or an image is no longer finite",
    "collapsed": (
        f"the images are spread over fewer than {SPREAD:.0%} of the modes of the data, "
        "exp(−KL) of the shares of the modes; where no modes are known, recall is below "
        f"{COVERED:.0%} in every feature space"
    ),
    "saturated": (
        "over the last tenth of the training the adversarial loss of E, where it has a lower "
        f"bound, is less than {SETTLED} above it on average: E tells all images apart and G learns "
        "nothing"
    ),
}

FAILURES = get_args(Failure)


def outcome(
    result: Record, settings: Record, log: Callable[[], Sequence[Record]]
) -> tuple[str, str | None]:
    """Outcome of a trial that has a result, and the reason if it is not ``ok``.

    Args:
        result: ``result.json``.
        settings: Settings of the arm.
        log: Reads the training log; called only if the rule for saturation applies.

    Returns:
        The stored outcome (``diverged``, ``stopped``), else ``collapsed`` or ``saturated`` by
        :data:`RULES`, else ``ok``.
    """
    if result["outcome"] != "ok":
        return result["outcome"], result.get("reason")
    reason = collapse(result["metrics"])
    if reason is not None:
        return "collapsed", reason
    bound = _lower_bound(result, settings)
    if bound is not None:
        reason = _saturated(log(), bound)
        if reason is not None:
            return "saturated", reason
    return "ok", None


def _lower_bound(result: Record, settings: Record) -> float | None:
    """Lower bound of E's adversarial loss, ``None`` if it has none."""
    training = result.get("training") or {}
    if "adversarial_lower_bound" in training:
        stored: float | None = training["adversarial_lower_bound"]
        return stored
    name = _name(settings.get("objective", {}).get("adversarial"))
    return 0.0 if name in BOUNDED_IN_OLDER_RESULTS else None


def collapse(rows: Sequence[Record]) -> str | None:
    """Why a trial with these measurements has collapsed, if it has."""
    spread = [math.exp(-value) for value in _values(rows, "modes_kl_")]
    if spread:
        share = max(spread)
        return f"spread over {share:.0%} of the modes" if share < SPREAD else None
    recall = _values(rows, "recall_")
    if recall and max(recall) < COVERED:
        return f"recall is {max(recall):.2%}"
    return None


def _saturated(log: Sequence[Record], bound: float) -> str | None:
    losses = [
        line["encoder_adversarial"]
        for line in log
        if line["step"] > 0.9 * log[-1]["step"] and line.get("encoder_adversarial") is not None
    ]
    if losses and float(np.mean(losses)) - bound < SETTLED:
        return f"the adversarial loss of E is {float(np.mean(losses)):.2g} at the end"
    return None


def _values(rows: Sequence[Record], prefix: str) -> list[float]:
    """Values of metrics whose names start with a prefix."""
    return [
        row["value"]
        for row in rows
        if row["metric"].startswith(prefix) and row["value"] is not None
    ]


def _name(part: Record | str | None) -> str | None:
    return part.get("name") if isinstance(part, dict) else part
