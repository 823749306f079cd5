"""A step of several processes: each passes its share of every batch through the nets.

The nets are split and nothing else. A net that a loss calls takes this process's part of its
batch, and what it gives is collected from all processes. So losses, penalties and optimisers see
the whole batch, as in one process, and every objective is computed as it is written, also where a
loss compares images of a batch. Batch norm takes its statistics from the whole batch.

A net must treat the images of a batch one by one, batch norm apart. What cannot be divided evenly
is computed by every process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm

from ogan_bench.errors import UserError
from ogan_bench.objectives.forward_pass import Batch, Nets
from ogan_bench.training.team import Team
from ogan_bench.training.updates import StepReport, Update


def in_team(update: Update, nets: Nets, team: Team) -> Update:
    """The device half of a step, with the batches of its nets split over a team.

    Args:
        update: The same in one process.
        nets: The nets that it calls.
        team: The processes, all of which take the step.
    """

    def step(batches: Sequence[Batch]) -> StepReport:
        # One thread numbers the nodes of all graphs, so all processes exchange in the same order.
        with split(nets, team), torch.autograd.set_multithreading_enabled(False):
            return update(batches)

    return step


@contextmanager
def split(nets: Nets, team: Team) -> Iterator[None]:
    """In this block the nets, and parts of them that are called alone, split their batches."""
    modules = {module for net in nets.named().values() for module in net.modules()}
    calls = _Calls(team)
    for module in modules:
        forward = module.forward
        if isinstance(module, _BatchNorm):
            forward = partial(calls.normalise, module, forward)
        module.forward = partial(calls.call, module, forward)
    try:
        yield
    finally:
        for module in modules:
            del module.forward


class _Calls:
    """What is done in place of the layers' own ``forward``.

    Args:
        team: The processes.
    """

    def __init__(self, team: Team) -> None:
        self._team = team
        self._is_within = False
        self._is_divided = False

    def call(
        self, module: nn.Module, forward: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        """A net or layer; one that is called by another of them is already split."""
        if self._is_within:
            return forward(*args, **kwargs)
        n = next((len(a) for a in args if isinstance(a, Tensor) and a.ndim), 0)
        if n == 0 or n % self._team.size:
            with self._within(divided=False):
                return forward(*args, **kwargs)
        weights = dict(module.named_parameters())
        lent = dict(zip(weights, self._team.lend(*weights.values()), strict=True))
        args = tuple(self._part(a, n) for a in args)
        kwargs = {name: self._part(a, n) for name, a in kwargs.items()}
        with self._within(divided=True):
            out = functional_call(module, lent, args, kwargs)
        if not isinstance(out, Tensor) or not out.ndim or len(out) * self._team.size != n:
            raise UserError(
                f"training.processes: {type(module).__name__} does not give one output for each "
                "image, so its batch cannot be split; leave this setting out"
            )
        return self._team.collect(out)

    def normalise(self, norm: _BatchNorm, forward: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Batch norm of a part, with the statistics of the whole batch."""
        of_batch = norm.training or norm.running_mean is None
        return self._synchronised(norm, x) if self._is_divided and of_batch else forward(x)

    def _synchronised(self, norm: _BatchNorm, x: Tensor) -> Tensor:
        over = [0, *range(2, x.ndim)]
        own = torch.stack([x.mean(over), x.var(over, correction=0)])
        (every,) = self._team.lend(self._team.collect(own[None]))  # (processes, 2, channels)
        means, variances = every.unbind(1)
        mean = means.mean(0)
        variance = variances.mean(0) + means.var(0, correction=0)
        count = x.numel() // x.shape[1] * self._team.size
        _move_averages(norm, mean.detach(), variance.detach() * (count / (count - 1)))
        shape = [1, -1, *[1] * (x.ndim - 2)]
        normed = (x - mean.view(shape)) * torch.rsqrt(variance + norm.eps).view(shape)
        if not norm.affine:
            return normed
        return normed * norm.weight.view(shape) + norm.bias.view(shape)

    def _part(self, given: Any, n: int) -> Any:
        if not isinstance(given, Tensor):
            return given
        if given.ndim and len(given) == n:
            return self._team.divide(given)
        return self._team.lend(given)[0] if given.requires_grad else given

    @contextmanager
    def _within(self, *, divided: bool) -> Iterator[None]:
        self._is_within, self._is_divided = True, divided
        try:
            yield
        finally:
            self._is_within = self._is_divided = False


@torch.no_grad()
def _move_averages(norm: _BatchNorm, mean: Tensor, variance: Tensor) -> None:
    """The running averages of torch's own batch norm, with the unbiased variance."""
    if not norm.training or norm.running_mean is None:
        return
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    norm.num_batches_tracked.add_(1)
    share: Any = norm.momentum
    if share is None:  # the plain average over all batches
        share = 1 / norm.num_batches_tracked.to(mean.dtype)
    norm.running_mean.lerp_(mean, share)
    norm.running_var.lerp_(variance, share)
