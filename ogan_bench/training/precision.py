"""The precision of convolutions and dense layers; everything else is float32 in any case.

Weights, their optimisers, batch norm, losses and penalties stay float32: the products are what a
GPU computes several times as fast, and sums of their rounding errors are what training tolerates.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from ogan_bench.errors import UserError
from ogan_bench.objectives.forward_pass import Batch
from ogan_bench.training.updates import StepReport, Update

Precision = Literal["float32", "tf32", "bf16"]

PRODUCTS = {F.conv2d, F.conv_transpose2d, F.linear}


class Bfloat16Products(TorchFunctionMode):
    """In this context, inputs of convolutions and dense layers are rounded to bfloat16.

    Their outputs are float32, and so are the gradients of their weights.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func not in PRODUCTS:
            return func(*args, **kwargs)
        rounded = [a.to(torch.bfloat16) if isinstance(a, torch.Tensor) else a for a in args]
        named = {
            name: a.to(torch.bfloat16) if isinstance(a, torch.Tensor) else a
            for name, a in kwargs.items()
        }
        return func(*rounded, **named).to(torch.float32)


def in_precision(update: Update, precision: Precision, device: torch.device) -> Update:
    """The device half of a step, computed in a precision.

    Args:
        update: The same in the precision that torch is set to.
        precision: TF32 has 10 bits of mantissa and bfloat16 has 7, where float32 has 23.
        device: Where it runs.

    Raises:
        UserError: The device does not have this precision.
    """
    if device.type == "cuda":
        # Both came with compute capability 8.0.
        if precision != "float32" and not torch.cuda.is_bf16_supported(including_emulation=False):
            raise UserError(
                f"training.precision {precision}: {torch.cuda.get_device_name(device)} does not "
                "have it; leave it at float32"
            )
    elif precision == "tf32":
        raise UserError(
            "training.precision tf32: only GPUs have it; leave it at float32, or choose a GPU"
        )

    def step(batches: Sequence[Batch]) -> StepReport:
        with contextlib.ExitStack() as contexts:
            if device.type == "cuda":
                contexts.enter_context(_settings(precision))
            if precision == "bf16":
                contexts.enter_context(Bfloat16Products())
            return update(batches)

    return step


@contextlib.contextmanager
def _settings(precision: Precision) -> Iterator[None]:
    """Torch's settings for float32 on a GPU, which has TF32 for convolutions by default."""
    convolutions = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    holders = (convolutions, torch.backends.cuda.matmul)
    before = [holder.fp32_precision for holder in holders]
    for holder in holders:
        holder.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    try:
        yield
    finally:
        for holder, value in zip(holders, before, strict=True):
            holder.fp32_precision = value
