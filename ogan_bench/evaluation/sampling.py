"""What all metrics of a trial are computed from, made once: images, codes and reconstructions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ogan_bench.config import Evaluation
from ogan_bench.data import Dataset
from ogan_bench.data.base import to_float, to_uint8
from ogan_bench.evaluation.batch_norm import Policy, with_statistics
from ogan_bench.models.normalization import standardise
from ogan_bench.seeding import generator as random_generator

BATCH_SIZE = 256
EVALUATED_BATCH = 64
"""Images per batch where the encoder goes by the statistics of the batch; the author's 64."""


class NonFiniteError(ValueError):
    """A net gives values that are not finite: there is nothing to measure."""


@dataclass(frozen=True)
class Codes:
    """Raw encoder outputs of labelled images.

    Args:
        train: Codes of the training images that probes are fitted on, shape ``(m, d)``.
        test: Codes of all test images, shape ``(t, d)``.
    """

    train: Tensor
    test: Tensor


@dataclass(frozen=True)
class Samples:
    """Everything that E and G have to compute for the metrics, on the CPU.

    Args:
        z: Standard normal, shape ``(n, d)``; the same for all arms and seeds.
        images: G(z), uint8, shape ``(n, c, h, w)``.
        codes: E(G(z)), before the images are rounded to uint8, shape ``(n, d)``.
        train_indices: Which training images were encoded, shape ``(m,)``.
        trained: Raw codes E(x).
        untrained: Raw codes of the same images by the encoder before training.
        reconstructions: G(N(E(x))) of all test images, in [-1, 1], shape ``(t, c, h, w)``.
        raw_reconstructions: G(E(x)) of all test images, in [-1, 1], shape ``(t, c, h, w)``.
    """

    z: Tensor
    images: Tensor
    codes: Tensor
    train_indices: Tensor
    trained: Codes
    untrained: Codes
    reconstructions: Tensor
    raw_reconstructions: Tensor


def draw_samples(
    encoder: nn.Module,
    generator: nn.Module,
    untrained_encoder: nn.Module,
    dataset: Dataset,
    settings: Evaluation,
    device: torch.device,
    z_dim: int,
    *,
    batch_size: int = BATCH_SIZE,
) -> Samples:
    """Sample, encode and reconstruct; E and G are left as they are.

    The result does not depend on ``batch_size`` beyond float error. With the ``batch`` statistics
    an image's code depends on the images beside it: those of a seeded shuffle, 64 at a time.

    Args:
        encoder: E, ``(n, c, h, w) -> (n, d)``.
        generator: G, ``(n, d) -> (n, c, h, w)``.
        untrained_encoder: E before training; its batch-norm statistics are always ``real``.
        dataset: Where the images to encode come from.
        settings: Numbers of images, seed and batch-norm statistics.
        device: Where to compute.
        z_dim: Dimensions ``d`` of z.
        batch_size: Images per forward pass.

    Raises:
        NonFiniteError: A net gives values that are not finite.
    """
    seed, policy = settings.seed, settings.encoder_statistics
    train, test = dataset.train.images, dataset.test.images
    E = with_statistics(encoder, policy, train, device, seed)
    E_untrained = with_statistics(untrained_encoder, "real", train, device, seed)
    G = with_statistics(generator, "mixed", train, device, seed)
    z = torch.randn(settings.samples, z_dim, generator=random_generator(seed, "evaluation/z"))
    chosen = probe_indices(dataset, settings)
    probed = train[chosen.to(train.device)]

    def generate(codes: Tensor) -> Tensor:
        return _finite(G(codes), "the generator")

    def encode(net: nn.Module, images: Tensor, of: Policy) -> Tensor:
        batches = _batches(len(images), of, batch_size, seed)
        return _map(lambda x: (_finite(net(to_float(x)), "the encoder"),), images, batches, device)[
            0
        ]

    def sample(codes: Tensor) -> tuple[Tensor, ...]:
        x_fake = generate(codes)
        return to_uint8(x_fake), _finite(E(x_fake), "the encoder")

    with torch.inference_mode():
        images, codes = _map(sample, z, _batches(len(z), policy, batch_size, seed), device)
        trained = Codes(encode(E, probed, policy), encode(E, test, policy))
        untrained = Codes(encode(E_untrained, probed, "real"), encode(E_untrained, test, "real"))
        reconstructions, raw = _map(
            lambda code: (generate(standardise(code)), generate(code)),
            trained.test,
            _batches(len(test), "mixed", batch_size, seed),
            device,
        )
    return Samples(z, images, codes, chosen, trained, untrained, reconstructions, raw)


def probe_indices(dataset: Dataset, settings: Evaluation) -> Tensor:
    """Indices of the training images for the probes: the first of a seeded shuffle."""
    order = torch.randperm(
        len(dataset.train), generator=random_generator(settings.seed, "evaluation/probe")
    )
    return order[: settings.probe_images]


def _batches(n: int, policy: Policy, batch_size: int, seed: int) -> list[Tensor]:
    """Indices of each batch; all of one size where the batch's statistics are used."""
    if policy != "batch":
        return list(torch.arange(n).split(batch_size))
    # Shuffled, for a dataset sorted by class would give batches of one class. The last batch is
    # filled up with images of the one before, so that no statistics are of a few images only.
    order = torch.randperm(n, generator=random_generator(seed, "evaluation/batches"))
    size = min(EVALUATED_BATCH, n)
    starts = [min(start, n - size) for start in range(0, n, size)]
    return [order[start : start + size] for start in starts]


def _map(
    function: Callable[[Tensor], tuple[Tensor, ...]],
    inputs: Tensor,
    batches: list[Tensor],
    device: torch.device,
) -> tuple[Tensor, ...]:
    """Apply a function to batches and put its outputs, on the CPU, in the order of the inputs."""
    results: list[Tensor] = []
    for batch in batches:
        outputs = function(inputs[batch.to(inputs.device)].to(device))
        if not results:
            results = [torch.empty((len(inputs), *o.shape[1:]), dtype=o.dtype) for o in outputs]
        for result, output in zip(results, outputs, strict=True):
            result[batch] = output.cpu()
    return tuple(results)


def _finite(output: Tensor, net: str) -> Tensor:
    if not bool(output.isfinite().all()):
        raise NonFiniteError(f"{net} gives values that are not finite")
    return output
