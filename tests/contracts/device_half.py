"""The rules for the half of a training step that runs on the device."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from tests.contracts.second_device import COPIES, check_devices, tensors

aten = torch.ops.aten
INDEXED = {aten.index, aten.index_put, aten.index_put_}
NEED_VALUES = {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape}


class DeviceHalf(TorchDispatchMode):
    """Refuses whatever makes the host wait for a GPU, or a GPU for the host.

    These are random numbers, reads of a tensor's value (which the shape of an output may depend
    on), copies between devices and operations on tensors of two devices.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        given = tensors((args, kwargs))
        assert torch.Tag.nondeterministic_seeded not in func.tags, f"{func} draws"
        assert not _reads(func, given), f"{func} reads a value"
        if func in COPIES:
            target = torch.device(kwargs.get("device") or given[0].device)
            assert all(t.device == target for t in given), f"{func} copies between devices"
        elif func is aten.lift_fresh.default:  # what torch.tensor does with its result
            assert given[0].device.type == "cpu", "a list is copied between devices"
        else:
            check_devices(func, given)
        return func(*args, **kwargs)


def _reads(func: Any, given: list[Tensor]) -> bool:
    if func._overloadpacket in INDEXED:  # only a mask has to be counted
        return any(t.dtype in (torch.bool, torch.uint8) for t in given[1:])
    return bool(NEED_VALUES & set(func.tags))
