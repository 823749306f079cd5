"""A second device without hardware, on which mistakes show that only a GPU would punish.

Its tensors report the device ``pretend:0`` and hold their numbers in main memory. As on a GPU, they
are computed only with tensors of their own device, and every value comes from a copy to the host.
The numbers are those of the CPU, so whatever runs on both can be compared bit for bit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

_setup_privateuseone_for_python_backend("pretend")
# It stays registered for the whole process, and torch.random.fork_rng keeps the state of every
# device; this one draws nothing, so there is nothing to keep.
_module: Any = torch.get_device_module("pretend")
_module.get_rng_state = lambda device: torch.empty(0)
_module.set_rng_state = lambda state, device: None

PRETEND = torch.device("pretend:0")

aten = torch.ops.aten
COPIES = {aten._to_copy.default, aten.copy_.default}


Processor = Callable[[Any, Any, dict[str, Any]], Any]
"""Carries out an operation of the device on tensors in main memory."""

_processors: list[Processor] = [lambda func, args, kwargs: func(*args, **kwargs)]


@contextlib.contextmanager
def carried_out_by(processor: Processor) -> Iterator[None]:
    """In this context, operations of the device are carried out by this function."""
    _processors.append(processor)
    yield
    _processors.pop()


class PretendTensor(Tensor):
    """A tensor of the second device.

    Args:
        held: Its numbers, on the CPU.
    """

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> PretendTensor:
        made: PretendTensor = torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=PRETEND,
        )
        made.held = held
        return made

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    def tolist(self) -> Any:
        """Its numbers, copied to the host as a whole."""
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return computed(func, args, kwargs or {})


class SecondDevice(TorchDispatchMode):
    """The context in which the second device is there: it can be copied and allocated to."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return computed(func, args, kwargs or {})


def computed(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """The result of an operation, on the device of its inputs or the one it asks for.

    Raises:
        RuntimeError: It mixes devices.
    """
    given = tensors((args, kwargs))
    if func not in COPIES:
        check_devices(func, given)
    wanted = kwargs.get("device")
    if func is aten.copy_.default:
        device = args[0].device
    elif wanted is not None:
        device = torch.device(wanted)
        kwargs = {**kwargs, "device": torch.device("cpu")} if device.type == "pretend" else kwargs
    else:
        device = PRETEND if any(isinstance(t, PretendTensor) for t in given) else None
    args, kwargs = pytree.tree_map(_held, (args, kwargs))
    if device is None or device.type != "pretend":
        return func(*args, **kwargs)
    found = _processors[-1](func, args, kwargs)
    # What is changed in place stays the tensor that it is.
    known = {id(t.held): t for t in given if isinstance(t, PretendTensor)}
    return pytree.tree_map_only(
        Tensor, lambda t: known[id(t)] if id(t) in known else PretendTensor(t), found
    )


def check_devices(func: Any, given: list[Tensor]) -> None:
    """Refuse an operation on tensors of several devices.

    A GPU takes a number of the host, which is a tensor without dimensions, into elementwise
    operations; everything else, indices included, has to be where the others are.

    Raises:
        RuntimeError: Names the operation and the devices.
    """
    scalars_pass = torch.Tag.pointwise in func.tags
    devices = {
        t.device for t in given if not (scalars_pass and t.device.type == "cpu" and t.dim() == 0)
    }
    if len(devices) > 1:
        raise RuntimeError(f"{func} mixes {' and '.join(sorted(map(str, devices)))}")


def tensors(tree: Any) -> list[Tensor]:
    """All tensors in the arguments of an operation."""
    return [leaf for leaf in pytree.tree_leaves(tree) if isinstance(leaf, Tensor)]


def _held(leaf: Any) -> Any:
    return leaf.held if isinstance(leaf, PretendTensor) else leaf
