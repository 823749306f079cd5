"""Processes that train one trial together, and what they exchange.

In a step every number is of one of two kinds: *common*, held alike by all processes, such as the
whole batch, the losses and the weights; or *divided*, each process holding its own part. Four
operations lead from one kind to the other, and the gradient of each is another of them, so that
gradients of any order are those of one process:

=========  ==========================================  =========
operation  what it does                                gradient
=========  ==========================================  =========
divide     common to divided: a process takes its part collect
collect    divided to common: all parts, in order      divide
lend       common, to be used on every part            add
add        the sum of what the processes have          lend
=========  ==========================================  =========

References:
    M. Shoeybi et al., Megatron-LM: Training Multi-Billion Parameter Language Models Using Model
    Parallelism, 2019, https://arxiv.org/abs/1909.08053 (the conjugate operators f and g)
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from ogan_bench.errors import UserError
from ogan_bench.models.layout import channels_last
from ogan_bench.training.checkpoint import State

JOIN = timedelta(minutes=10)
"""How long a process waits for the others to start."""

WAIT = timedelta(days=2)
"""How long one waits for another that lives: the first also evaluates during the training."""


class TeamError(UserError):
    """Another process of the team is gone."""


class Team:
    """The processes that train one trial; the first of them leads, the others assist.

    Args:
        rank: Which of them this is, from 0.
        size: How many there are.
        group: What connects them: tensors of the CPU and of the training device.
    """

    def __init__(self, rank: int, size: int, group: dist.ProcessGroup | None = None) -> None:
        self.rank = rank
        self.size = size
        self._group = group
        self._is_over = False

    def divide(self, whole: Tensor) -> Tensor:
        """This process's part of a common tensor, whose length is a multiple of :attr:`size`."""
        part: Tensor = _Divide.apply(self, whole)
        return part

    def collect(self, part: Tensor) -> Tensor:
        """All parts of a divided tensor, one after another."""
        whole: Tensor = _Collect.apply(self, part)
        return whole

    def lend(self, *common: Tensor) -> tuple[Tensor, ...]:
        """Common tensors to be used on divided ones."""
        lent: tuple[Tensor, ...] = _Lend.apply(self, *common)
        return lent

    def gathered(self, part: Tensor) -> list[Tensor]:
        """The parts of all processes, without a gradient."""
        parts = [torch.empty_like(part) for _ in range(self.size)]
        self._wait_for(lambda group: group.allgather([parts], [part]))
        return parts

    def summed(self, tensor: Tensor) -> Tensor:
        """The sum over all processes, in place and without a gradient."""
        self._wait_for(lambda group: group.allreduce([tensor]))
        return tensor

    @contextmanager
    def leading(self, state: State) -> Iterator[None]:
        """Take the steps of the training in this block; only in the first process.

        Args:
            state: What the others begin with.

        Raises:
            TeamError: Another process is gone.
        """
        self._exchange(another=True)
        buffer = io.BytesIO()
        torch.save(state, buffer)
        content = torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8)
        self._from_first(torch.tensor([len(content)]))
        self._from_first(content)
        try:
            yield
        finally:
            self.dismiss()

    def another_step(self) -> bool:
        """Say that another step is taken; whether another process asks to save and stop."""
        return self._exchange(another=True)[1]

    def dismiss(self) -> None:
        """Say that no step follows."""
        if not self._is_over:
            self._is_over = True
            with suppress(TeamError):
                self._exchange()

    def state_of_first(self, device: torch.device) -> State | None:
        """What to begin with; ``None`` if nothing is trained. Only in the other processes."""
        if not self._exchange()[0]:
            return None
        length = torch.zeros(1, dtype=torch.int64)
        self._from_first(length)
        content = torch.empty(int(length), dtype=torch.uint8)
        self._from_first(content)
        state: State = torch.load(
            io.BytesIO(content.numpy().tobytes()), map_location=device, weights_only=True
        )
        return state

    def is_another_step(self, asks_to_stop: bool) -> bool:
        """Whether the first process takes another step; only in the other processes."""
        return self._exchange(stop=asks_to_stop)[0]

    def _exchange(self, *, another: bool = False, stop: bool = False) -> tuple[bool, bool]:
        """Whether any process says that another step is taken, and whether any asks to stop.

        Hosts wait for each other here; none waits for a device.
        """
        others, asked = self.summed(torch.tensor([another, stop], dtype=torch.int32)).tolist()
        return bool(others), bool(asked)

    def _from_first(self, tensor: Tensor) -> None:
        self._wait_for(lambda group: group.broadcast([tensor]))

    def _wait_for(self, exchange: Any) -> None:
        try:
            exchange(self._group).wait()
        except RuntimeError as error:
            raise TeamError(
                f"another of the {self.size} processes of this trial is gone; the same command "
                "goes on from the last checkpoint"
            ) from error


class Rehearsal(Team):
    """One process that does the work of one of several, with its own part in place of the others'.

    Its numbers mean nothing; its cost is that of one process of a team.
    """

    def __init__(self, size: int) -> None:
        super().__init__(0, size)

    def gathered(self, part: Tensor) -> list[Tensor]:
        return [part] * self.size

    def summed(self, tensor: Tensor) -> Tensor:
        return tensor


def rehearsal(processes: int) -> Team | None:
    """:class:`Rehearsal` of several processes, and nothing for one."""
    return Rehearsal(processes) if processes > 1 else None


@contextmanager
def joined(rank: int, size: int, device: torch.device) -> Iterator[Team]:
    """Meet the other processes, as torchrun's environment variables say.

    Args:
        rank: Which of them this is, from 0.
        size: How many there are.
        device: Where this process trains.

    Raises:
        UserError: They have not found each other in ten minutes.
    """
    backend = "gloo"
    if device.type == "cuda":
        backend = "cpu:gloo,cuda:nccl"
        torch.cuda.set_device(device)
    try:
        whole_store, _, _ = next(rendezvous("env://", rank, size, timeout=JOIN))
        # It outlives the processes: after a restart it still holds the addresses of the dead ones.
        store = PrefixStore(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"), whole_store)
        store.set(f"joined/{rank}", "")
        store.wait([f"joined/{other}" for other in range(size)], JOIN)
        dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=WAIT)
    except RuntimeError as error:
        raise UserError(
            f"the {size} processes of this trial have not found each other in "
            f"{JOIN.total_seconds() / 60:.0f} minutes ({error})"
        ) from None
    team = Team(rank, size, dist.group.WORLD)
    try:
        yield team
    finally:
        if rank == 0:
            team.dismiss()
    dist.destroy_process_group()  # not after an error: it would wait for those that are gone


class _Divide(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, team: Team, whole: Tensor) -> Tensor:
        ctx.team = team
        length = len(whole) // team.size
        return whole[team.rank * length : (team.rank + 1) * length]

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Any:
        return None, _Collect.apply(ctx.team, slope)


class _Collect(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, team: Team, part: Tensor) -> Tensor:
        ctx.team = team
        whole = torch.cat(team.gathered(part.contiguous()))
        is_channels_last = part.ndim == 4 and not part.is_contiguous()
        return channels_last(whole) if is_channels_last else whole

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Any:
        return None, _Divide.apply(ctx.team, slope)


class _Lend(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, team: Team, *common: Tensor) -> tuple[Tensor, ...]:
        ctx.team = team
        ctx.set_materialize_grads(False)
        return tuple(tensor.detach() for tensor in common)  # which keeps the strides

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor | None) -> Any:
        present = [slope for slope in slopes if slope is not None]
        added = iter(_Add.apply(ctx.team, *present) if present else ())
        return None, *(None if slope is None else next(added) for slope in slopes)


class _Add(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, team: Team, *parts: Tensor) -> tuple[Tensor, ...]:
        ctx.team = team
        together = team.summed(torch.cat([part.reshape(-1) for part in parts]))
        return _cut(together, parts)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        return None, *_Lend.apply(ctx.team, *slopes)


def _cut(together: Tensor, like: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """One tensor as several of given shapes."""
    cut = together.split([tensor.numel() for tensor in like])
    return tuple(part.view(tensor.shape) for part, tensor in zip(cut, like, strict=True))
