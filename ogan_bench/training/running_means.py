"""Means of logged terms between two log lines, kept on the device until a line is due."""

from __future__ import annotations

import torch
from torch import Tensor

from ogan_bench.training.updates import StepReport

Sums = dict[tuple[str, ...], tuple[Tensor, int]]
"""Names of terms -> their sums, shape ``(terms,)``, and the number of steps that had just these."""


class RunningMeans:
    """Means over the steps since the last log line; kept on the device until then.

    A term that is absent in some steps (a net may rest) is averaged over the steps that have it.
    Which terms a step has is known on the host, so a step adds one vector.

    Args:
        sums: From an interrupted training.
    """

    def __init__(self, sums: Sums | None = None) -> None:
        self.sums: Sums = sums or {}

    def add(self, report: StepReport) -> None:
        """Add the batch means of one step."""
        terms = {
            f"{net}_{name}": term
            for net, losses in report.losses.items()
            for name, term in losses.items()
        } | dict(report.diagnostics)
        if not terms:
            return
        names = tuple(terms)
        means = torch.stack(list(terms.values())).mean(dim=1)
        sums, steps = self.sums.get(names, (torch.zeros_like(means), 0))
        self.sums[names] = sums.add_(means), steps + 1

    def close(self) -> dict[str, float]:
        """Means over the window, which is cleared; the only time the host waits for the device."""
        totals: dict[str, float] = {}
        steps: dict[str, int] = {}
        for names, (sums, count) in self.sums.items():
            for name, value in zip(names, sums.tolist(), strict=True):
                totals[name] = totals.get(name, 0.0) + value
                steps[name] = steps.get(name, 0) + count
        self.sums = {}
        means = {name: total / steps[name] for name, total in totals.items()}
        losses = {
            f"{net}_loss": sum(v for name, v in means.items() if name.startswith(f"{net}_"))
            for net in ("encoder", "generator", "critic")
            if any(name.startswith(f"{net}_") for name in means)
        }
        return {**losses, **means}
