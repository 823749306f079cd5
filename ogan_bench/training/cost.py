"""The cost of a training step in arithmetic and memory, counted rather than timed."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ogan_bench.data import Dataset
from ogan_bench.study.trial import Trial
from ogan_bench.training.setup import build_training
from ogan_bench.training.team import rehearsal


@dataclass(frozen=True)
class StepCost:
    """Cost of one step, including all forward and backward passes.

    If several processes take it, the operations are those of all, the memory is that of one.

    Args:
        step_flops: Floating-point operations of matrix products and convolutions; a multiply-add
            counts as two.
        activation_bytes: Peak bytes of tensors that autograd saves for backward passes, excluding
            parameters: what a step needs on top of nets and optimisers. It depends only on the
            program, not on the machine.
        peak_bytes: Peak memory allocated on a GPU; ``None`` on a CPU, where it is not tracked.
    """

    step_flops: int
    activation_bytes: int
    peak_bytes: int | None


class FlopCounter(TorchDispatchMode):
    """Counts the FLOPs of everything that runs under it, using torch's own formulas.

    Torch's ``FlopCounterMode`` also tracks modules, with hooks that break double backward.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=out)
        return out


# Torch hides it from its compiler, and imports that, in seconds, when it is first called.
FlopCounter.__torch_dispatch__ = inspect.unwrap(FlopCounter.__torch_dispatch__)  # type: ignore[method-assign]


class SavedTensors:
    """Tracks the memory that autograd saves, through a pair of hooks.

    Args:
        parameters: Tensors that are not counted.
    """

    def __init__(self, parameters: Iterable[Tensor]) -> None:
        self._parameters = {tensor.untyped_storage().data_ptr() for tensor in parameters}
        self._users: Counter[int] = Counter()
        self._bytes = 0
        self.peak = 0

    def pack(self, tensor: Tensor) -> _Kept:
        """Wrap a tensor that autograd is about to save."""
        return _Kept(tensor, self)

    def unpack(self, kept: _Kept) -> Tensor:
        """Return the saved tensor."""
        return kept.tensor

    def add(self, storage: torch.UntypedStorage) -> None:
        """Register one more user of a storage."""
        place = storage.data_ptr()
        if place not in self._parameters:
            self._bytes += storage.nbytes() * (not self._users[place])
            self._users[place] += 1
            self.peak = max(self.peak, self._bytes)

    def drop(self, storage: torch.UntypedStorage) -> None:
        """Remove one user of a storage."""
        place = storage.data_ptr()
        if place not in self._parameters:
            self._users[place] -= 1
            self._bytes -= storage.nbytes() * (not self._users[place])


class _Kept:
    """A saved tensor; autograd keeps this wrapper for as long as it needs the tensor."""

    def __init__(self, tensor: Tensor, owner: SavedTensors) -> None:
        self.tensor = tensor
        self.owner = owner
        owner.add(tensor.untyped_storage())

    def __del__(self) -> None:
        self.owner.drop(self.tensor.untyped_storage())


def step_cost(trial: Trial, dataset: Dataset, device: torch.device) -> StepCost:
    """Count the cost of the second training step, when the optimisers have their state.

    Args:
        trial: The trial; fresh nets are built for the count.
        dataset: Its data, on the training device.
        device: Where to train.
    """
    processes = trial.settings.training.processes
    setup = build_training(trial, dataset, device, rehearsal(processes))
    setup.update(setup.draw(0))
    batches = setup.draw(1)
    saved = SavedTensors(
        p for net in setup.trainables.nets.named().values() for p in net.parameters()
    )
    is_cuda = device.type == "cuda"
    if is_cuda:
        torch.cuda.reset_peak_memory_stats(device)
    with (
        FlopCounter() as counter,
        torch.autograd.graph.saved_tensors_hooks(saved.pack, saved.unpack),
    ):
        setup.update(batches)
    peak = torch.cuda.max_memory_allocated(device) if is_cuda else None
    return StepCost(processes * counter.total, saved.peak, peak)
