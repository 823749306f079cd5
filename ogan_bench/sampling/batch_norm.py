"""The batch-norm statistics that nets are evaluated with.

In training, batch norm uses the statistics of each batch, and a batch that E sees is of real images
or of generated ones. The running averages mix the two in shares that depend on the objective: how
often its losses pass either through E. What E computes afterwards is therefore a choice:

* ``matched``: for each kind of images, averages over images of that kind, re-estimated with the
  final weights: what E computes in training, without the chance of a batch;
* ``balanced``: one E for both kinds, with the mean of these two averages;
* ``real``: averages over real training images, re-estimated, also for generated images;
* ``mixed``: the running averages as trained;
* ``batch``: the statistics of each evaluated batch, as in training.

The running averages of G are of generated images only, but of earlier weights; ``estimated`` takes
their place by averages over samples of the prior with the final weights. In nets without batch norm
nothing changes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ogan_bench.data.base import to_float
from ogan_bench.seeding import generator

Policy = Literal["matched", "balanced", "real", "mixed", "batch"]

ESTIMATION_BATCH = 256
ESTIMATION_IMAGES = 10_000
"""Maximum number of training images that statistics are averaged over."""
ESTIMATION_SAMPLES = 2_560
"""Number of samples of the prior that statistics are averaged over."""
DISAGREEMENT = 0.1
"""Standard deviations from which on statistics disagree; running averages of batches of 64 scatter
by 0.03."""

AnyNet = TypeVar("AnyNet", bound=nn.Module)


def has_batch_norm(net: nn.Module) -> bool:
    """Whether the statistics of a net are a choice."""
    return bool(_layers(net))


def with_running_statistics(net: AnyNet, device: torch.device) -> AnyNet:
    """A copy in evaluation mode with the running averages of training."""
    return copy.deepcopy(net).to(device).eval().requires_grad_(False)


def with_batch_statistics(net: AnyNet, device: torch.device) -> AnyNet:
    """A copy in evaluation mode that normalises each batch with its own statistics."""
    frozen = with_running_statistics(net, device)
    for layer in _layers(frozen):  # without buffers a layer can only use batch statistics
        layer.track_running_stats = False
        layer.running_mean = layer.running_var = None
    return frozen


def with_estimated_statistics(
    net: AnyNet, batches: Iterable[tuple[Tensor | None, ...]], device: torch.device
) -> AnyNet:
    """A copy in evaluation mode with statistics estimated on batches.

    Those of a layer are the averages over batches of the batch mean and of the unbiased batch
    variance, each batch normalised with its own statistics in the layers below.

    Args:
        net: Not modified.
        batches: Arguments of the net, on the device; they weigh the same, so they should be of one
            size. Not drawn if the net has no batch norm.
        device: Where to compute.

    References:
        S. Ioffe and C. Szegedy, Batch Normalization, 2015, https://arxiv.org/abs/1502.03167
    """
    frozen = with_running_statistics(net, device)
    if not has_batch_norm(frozen):
        return frozen
    for layer in _layers(frozen):
        layer.reset_running_stats()
        layer.momentum = None  # the plain average over all batches
        layer.train()  # only the batch-norm layers: dropout and the like stay off
    with torch.no_grad():
        for batch in batches:
            frozen(*batch)
    return frozen.eval()


def with_mean_statistics(first: AnyNet, second: AnyNet) -> AnyNet:
    """A copy whose statistics are the means of those of two copies of one net, half each."""
    both = copy.deepcopy(first)
    for layer, a, b in zip(_layers(both), _layers(first), _layers(second), strict=True):
        for name in ("running_mean", "running_var"):
            setattr(layer, name, (getattr(a, name) + getattr(b, name)) / 2)
    return both


def disagreement(running: nn.Module, of_batches: nn.Module) -> float:
    """How far statistics move what a net normalises, in standard deviations; 0 without batch norm.

    For inputs with the mean m̂ and the deviation ŝ of batches, the root mean square over inputs and
    channels of (x - m) / s - (x - m̂) / ŝ,

        √ mean_c (((m̂ - m) / s)² + (ŝ / s - 1)²),

    of the layer where it is largest.

    Args:
        running: With the means m and the variances s².
        of_batches: A copy with m̂ and ŝ².
    """
    return max(map(_moved, _layers(running), _layers(of_batches)), default=0.0)


def _moved(running: _BatchNorm, of_batches: _BatchNorm) -> float:
    assert running.running_mean is not None
    assert running.running_var is not None
    assert of_batches.running_mean is not None
    assert of_batches.running_var is not None
    s, s_hat = (
        variance.double().add(running.eps).sqrt()
        for variance in (running.running_var, of_batches.running_var)
    )
    shift = (of_batches.running_mean.double() - running.running_mean.double()) / s
    return float((shift.square() + (s_hat / s - 1).square()).mean().sqrt())


def real_batches(images: Tensor, device: torch.device, seed: int) -> Iterator[tuple[Tensor]]:
    """Training images to estimate statistics on, in [-1, 1], or points.

    The batches are of a fixed size, so the result does not depend on how images are encoded later.

    Args:
        images: As stored in the dataset, shape ``(n, c, h, w)``.
        device: Where to put the batches.
        seed: Seed of the choice and the order of images.
    """
    chosen = torch.randperm(len(images), generator=generator(seed, "evaluation/statistics"))
    # A short last batch would weigh as much as a full one, so it is left out.
    count = min(len(images), ESTIMATION_IMAGES)
    size = min(count, ESTIMATION_BATCH)
    for batch in chosen[: count // size * size].to(images.device).split(size):
        yield (to_float(images[batch].to(device)),)


def _layers(net: nn.Module) -> list[_BatchNorm]:
    return [module for module in net.modules() if isinstance(module, _BatchNorm)]
