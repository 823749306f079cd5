"""The batch-norm statistics that the encoder is evaluated with.

In training, E normalises real and generated batches with their own statistics, and its running
averages mix the two. What E computes for a real image afterwards is therefore a choice:

* ``mixed``: the running averages as trained;
* ``real``: averages over real training images, re-estimated with the final weights;
* ``batch``: the statistics of each evaluated batch, as in training.
"""

from __future__ import annotations

import copy
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ogan_bench.data.base import to_float
from ogan_bench.seeding import generator

Policy = Literal["real", "mixed", "batch"]

ESTIMATION_BATCH = 256
ESTIMATION_IMAGES = 10_000
"""Maximum number of training images that ``real`` averages over."""


AnyNet = TypeVar("AnyNet", bound=nn.Module)


def with_statistics(
    encoder: AnyNet, policy: Policy, images: Tensor, device: torch.device, seed: int
) -> AnyNet:
    """A copy of the encoder in evaluation mode, with the statistics that a policy selects.

    The ``real`` statistics of a layer are the averages over batches of the batch mean and of the
    unbiased batch variance, each batch normalised with its own statistics in the layers below. The
    batches are of a fixed size, so the result does not depend on how images are encoded later.

    Args:
        encoder: Not modified.
        policy: See above.
        images: Real training images, uint8, shape ``(n, c, h, w)``.
        device: Where to compute.
        seed: Seed of the choice and the order of images.

    References:
        S. Ioffe and C. Szegedy, Batch Normalization, 2015, https://arxiv.org/abs/1502.03167
    """
    net = copy.deepcopy(encoder).to(device).eval().requires_grad_(False)
    layers = [module for module in net.modules() if isinstance(module, _BatchNorm)]
    if policy == "batch":
        for layer in layers:  # without buffers a layer can only use batch statistics
            layer.track_running_stats = False
            layer.running_mean = layer.running_var = None
    elif policy == "real" and layers:
        _estimate(net, layers, images, device, seed)
    return net


def _estimate(
    net: nn.Module, layers: list[_BatchNorm], images: Tensor, device: torch.device, seed: int
) -> None:
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the plain average over all batches
        layer.train()  # only the batch-norm layers: dropout and the like stay off
    chosen = torch.randperm(len(images), generator=generator(seed, "evaluation/statistics"))
    # A short last batch would weigh as much as a full one, so it is left out.
    count = min(len(images), ESTIMATION_IMAGES)
    size = min(count, ESTIMATION_BATCH)
    with torch.no_grad():
        for batch in chosen[: count // size * size].to(images.device).split(size):
            net(to_float(images[batch].to(device)))
    net.eval()
