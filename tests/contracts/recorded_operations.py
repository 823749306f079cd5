"""A graph of the second device, with the traits of a CUDA graph that mistakes run into.

It repeats operations of the device on the memory that they were recorded with: Python does not run
again, numbers of the host keep their values, and what the host computes for itself is not repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from ogan_bench.training.updates import StepReport
from tests.contracts.device_half import DeviceHalf
from tests.contracts.second_device import carried_out_by, tensors


class RecordedOperations:
    """A :class:`~ogan_bench.training.capture.Graph`; counts what is done with it."""

    def __init__(self) -> None:
        self._operations: list[tuple[Any, Any, Any, Any]] = []
        self.warmed_up = self.recorded = self.replayed = 0

    def warm_up(self, step: Callable[[], StepReport]) -> StepReport:
        self.warmed_up += 1
        with DeviceHalf():
            return step()

    def record(self, step: Callable[[], StepReport]) -> StepReport:
        """Runs the step as well, since there is no other way to its outputs; then takes it back."""
        self.recorded += 1
        made: set[int] = set()
        before: dict[int, tuple[Tensor, Tensor]] = {}

        def processor(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
            for tensor in tensors((args, kwargs)):
                if id(tensor) not in made:
                    before.setdefault(id(tensor), (tensor, tensor.clone()))
            out = func(*args, **kwargs)
            made.update(id(tensor) for tensor in tensors(out))
            self._operations.append((func, args, kwargs, out))
            return out

        with carried_out_by(processor), DeviceHalf():
            report = step()
        for tensor, value in before.values():
            tensor.copy_(value)
        return report

    def replay(self) -> None:
        self.replayed += 1
        for func, args, kwargs, out in self._operations:
            # A view shows what is in the tensor that it is of.
            if not any(r.alias_info and not r.alias_info.is_write for r in func._schema.returns):
                for old, new in zip(tensors(out), tensors(func(*args, **kwargs)), strict=True):
                    if old is not new:
                        old.copy_(new)
