"""Forward passes over any number of images or codes, batch by batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ogan_bench.data.base import to_float
from ogan_bench.errors import NoValueError
from ogan_bench.models.base import Encoder
from ogan_bench.sampling.autoencoder import Autoencoder, Kind, require_finite
from ogan_bench.sampling.batch_norm import Policy
from ogan_bench.seeding import generator as random_generator

BATCH_SIZE = 256
EVALUATED_BATCH = 64
"""Images per batch if the encoder uses batch statistics; 64 as in the author's code."""


def encode_images(
    pair: Autoencoder,
    images: Tensor,
    policy: Policy,
    device: torch.device,
    seed: int,
    batch_size: int = BATCH_SIZE,
    of: Kind = "real",
) -> Tensor:
    """Raw codes of images, shape ``(n, d)``, on the CPU.

    Args:
        pair: Provides E, with the batch-norm statistics of the policy.
        images: As stored in the dataset, shape ``(n, c, h, w)``.
        policy: The batch-norm statistics, which decide how images are batched.
        device: Where to compute.
        seed: Seed of the order of the images, if their batch matters.
        batch_size: Images per forward pass.
        of: The kind of images, which decides the batch-norm statistics.

    Raises:
        NonFiniteError: E outputs values that are not finite.
    """

    def encode(x: Tensor) -> tuple[Tensor, ...]:
        return (require_finite(pair.encode(to_float(x), of), "the encoder"),)

    if not len(images):  # an empty batch has no statistics
        return torch.empty(0, pair.z_dim)
    batches = batches_of(len(images), policy, batch_size, seed)
    with torch.no_grad():
        (codes,) = map_batches(encode, (images,), batches, device)
    return codes


def trunk_features(
    encoder: Encoder,
    images: Tensor,
    policy: Policy,
    device: torch.device,
    seed: int,
    batch_size: int = BATCH_SIZE,
) -> Tensor:
    """The input of E's head, flattened, shape ``(n, features)``, on the CPU.

    Args:
        encoder: E, with the batch-norm statistics of the policy.
        images: As stored in the dataset, shape ``(n, c, h, w)``.
        policy: The batch-norm statistics, which decide how images are batched.
        device: Where to compute.
        seed: Seed of the order of the images, if their batch matters.
        batch_size: Images per forward pass.

    Raises:
        NoValueError: E has no trunk.
        NonFiniteError: The trunk outputs values that are not finite.
    """
    if not hasattr(encoder, "trunk"):  # a plug-in's net may be any module
        raise NoValueError("the encoder has no trunk")

    def features(x: Tensor) -> tuple[Tensor, ...]:
        found = encoder.trunk(to_float(x)).flatten(1)
        return (require_finite(found, "the encoder's trunk"),)

    with torch.no_grad():
        (found,) = map_batches(
            features, (images,), batches_of(len(images), policy, batch_size, seed), device
        )
    return found


def decode_codes(
    pair: Autoencoder,
    codes: Tensor,
    labels: Tensor | None,
    device: torch.device,
    batch_size: int = BATCH_SIZE,
) -> Tensor:
    """G(code): images as output by G, in [-1, 1], or points, shape ``(n, c, h, w)``, on the CPU.

    Args:
        pair: Provides G.
        codes: Passed to G unchanged, shape ``(n, d)``.
        labels: Classes to decode with, shape ``(n,)``; ignored by an unconditional G.
        device: Where to compute.
        batch_size: Codes per forward pass.

    Raises:
        NonFiniteError: G outputs values that are not finite.
    """

    def decode(code: Tensor, classes: Tensor | None) -> tuple[Tensor, ...]:
        return (require_finite(pair.decode(code, classes), "the generator"),)

    with torch.no_grad():
        (images,) = map_batches(
            decode, (codes, labels), list(torch.arange(len(codes)).split(batch_size)), device
        )
    return images


def batches_of(n: int, policy: Policy, batch_size: int, seed: int) -> list[Tensor]:
    """Indices of each batch; all of one size if batch statistics are used."""
    if policy != "batch":
        return list(torch.arange(n).split(batch_size))
    # Shuffled, since a dataset sorted by class would give batches of one class. The last batch is
    # filled up with images from the one before, so that no statistics come from a few images.
    order = torch.randperm(n, generator=random_generator(seed, "evaluation/batches"))
    size = min(EVALUATED_BATCH, n)
    starts = [min(start, n - size) for start in range(0, n, size)]
    return [order[start : start + size] for start in starts]


def map_batches(
    function: Callable[..., tuple[Tensor, ...]],
    inputs: tuple[Tensor | None, ...],
    batches: list[Tensor],
    device: torch.device,
) -> tuple[Tensor, ...]:
    """Apply a function to batches and return its outputs on the CPU, in the order of the inputs."""
    n = next(len(tensor) for tensor in inputs if tensor is not None)
    results: list[Tensor] = []
    for batch in batches:
        outputs = function(
            *(None if t is None else t[batch.to(t.device)].to(device) for t in inputs)
        )
        if not results:
            results = [torch.empty((n, *o.shape[1:]), dtype=o.dtype) for o in outputs]
        for result, output in zip(results, outputs, strict=True):
            result[batch] = output.cpu()
    return tuple(results)
