"""Learning rates that change as the training proceeds."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch

from ogan_bench.objectives.forward_pass import Batch, Schedule
from ogan_bench.objectives.parts.schedules import schedule
from ogan_bench.study.settings import Training
from ogan_bench.training.updates import StepReport, Update


def rate_schedule(settings: Training) -> Schedule | None:
    """The factor on all learning rates, if they change.

    Raises:
        UserError: It follows gradients, which has no meaning here.
    """
    return None if settings.rate_schedule is None else schedule(settings.rate_schedule)


def with_scheduled_rates(
    update: Update, optimizers: Collection[torch.optim.Optimizer], factor: Schedule
) -> Update:
    """An update whose learning rates are the given ones times the value of a schedule.

    The rates become tensors on the device of the parameters, which every step fills. So a captured
    step follows the schedule, and a checkpoint's rates are those of its last step.

    Args:
        update: Updates the nets with these optimisers.
        optimizers: With their learning rates before any schedule.
        factor: On all of them.
    """
    given = [[float(group["lr"]) for group in each.param_groups] for each in optimizers]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["params"][0].new_full((), group["lr"], requires_grad=False)

    def scheduled(batches: Sequence[Batch]) -> StepReport:
        now = batches[0].weight(factor)
        for optimizer, rates in zip(optimizers, given, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"].fill_(now).mul_(rate)
        return update(batches)

    return scheduled
