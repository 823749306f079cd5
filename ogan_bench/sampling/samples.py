"""Inputs of all metrics of a trial, computed once: images, codes and reconstructions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import to_float, to_uint8
from ogan_bench.models.base import Encoder
from ogan_bench.models.normalization import standardise
from ogan_bench.sampling.autoencoder import (
    PROJECTIONS,
    Autoencoder,
    chosen_projection,
    require_finite,
)
from ogan_bench.sampling.batch_norm import Policy, with_statistics
from ogan_bench.seeding import generator as random_generator
from ogan_bench.study.settings import Evaluation

BATCH_SIZE = 256


EVALUATED_BATCH = 64
"""Images per batch if the encoder uses batch statistics; 64 as in the author's code."""


@dataclass(frozen=True)
class Codes:
    """Raw codes of labelled images.

    Args:
        train: Codes of the training images that probes are fitted on, shape ``(m, d)``.
        test: Codes of all test images, shape ``(t, d)``.
    """

    train: Tensor
    test: Tensor


@dataclass(frozen=True)
class Samples:
    """All outputs of E and G that the metrics need, on the CPU.

    Args:
        z: What the codes of the samples should equal: standard normal, the same for all arms and
            seeds, or an objective's own prior, shape ``(n, d)``.
        labels: Requested classes of the samples, shape ``(n,)``; ``None`` without labels.
        images: G(z), in the format of the dataset's images, shape ``(n, c, h, w)``.
        codes: Codes of G(z), before the images are rounded to uint8, shape ``(n, d)``.
        train_indices: Which training images were encoded, shape ``(m,)``.
        trained: Raw codes of real images.
        untrained: Raw codes of the same images by the encoder before training.
        reconstructions: G(N(E(x))) of all test images, as output by G: in [-1, 1], or points,
            shape ``(t, c, h, w)``.
        raw_reconstructions: G(E(x)) of all test images, shape ``(t, c, h, w)``.
        own_reconstructions: G(t·P(E(x))) of all test images, with the projection P of the
            objective and the temperature t of the settings, shape ``(t, c, h, w)``.
        swapped_labels: A different class for every test image, shape ``(t,)``.
        swapped: The own reconstructions with those labels; ``None`` for an unconditional G.
    """

    z: Tensor
    labels: Tensor | None
    images: Tensor
    codes: Tensor
    train_indices: Tensor
    trained: Codes
    untrained: Codes
    reconstructions: Tensor
    raw_reconstructions: Tensor
    own_reconstructions: Tensor
    swapped_labels: Tensor | None
    swapped: Tensor | None


@dataclass(frozen=True)
class NetsUnderTest:
    """The nets that are measured: copies in evaluation mode, whose parameters need no gradients.

    Args:
        trained: The trained pair, E with the batch-norm statistics of the settings.
        untrained: The same with E before training, whose statistics are always ``real``.
    """

    trained: Autoencoder
    untrained: Autoencoder


def freeze_for_evaluation(
    autoencoder: Autoencoder,
    untrained_encoder: Encoder,
    dataset: Dataset,
    settings: Evaluation,
    device: torch.device,
) -> NetsUnderTest:
    """Copies of the nets, in the state in which they are measured; the originals are unchanged."""
    seed, policy, images = settings.seed, settings.encoder_statistics, dataset.train.images
    trained = replace(
        autoencoder,
        encoder=with_statistics(autoencoder.encoder, policy, images, device, seed),
        generator=with_statistics(autoencoder.generator, "mixed", images, device, seed),
    )
    before = with_statistics(untrained_encoder, "real", images, device, seed)
    return NetsUnderTest(trained, replace(trained, encoder=before))


def draw_samples(
    pairs: NetsUnderTest,
    dataset: Dataset,
    settings: Evaluation,
    device: torch.device,
    *,
    batch_size: int = BATCH_SIZE,
) -> Samples:
    """Sample, encode and reconstruct.

    The result does not depend on ``batch_size`` beyond float error. With the ``batch`` statistics
    an image's code depends on the rest of its batch: 64 images of a seeded shuffle.

    Args:
        pairs: From :func:`freeze_for_evaluation`.
        dataset: Where the images to encode come from.
        settings: Numbers of images, seed and batch-norm statistics.
        device: Where to compute.
        batch_size: Images per forward pass.

    Raises:
        NonFiniteError: A net outputs values that are not finite.
    """
    seed, policy = settings.seed, settings.encoder_statistics
    train, test = dataset.train, dataset.test
    trained, before = pairs.trained, pairs.untrained
    objective, G = trained.objective, trained.generator
    noise = torch.randn(
        settings.samples, trained.z_dim, generator=random_generator(seed, "evaluation/z")
    )
    z = objective.prior(noise)
    labels = _random_labels(dataset, len(z), seed)
    chosen = probe_indices(dataset, settings)
    probed = train.images[chosen.to(train.images.device)]
    project = PROJECTIONS[chosen_projection(objective, settings)]
    temperature = settings.temperature

    def generate(codes: Tensor, classes: Tensor | None) -> Tensor:
        return require_finite(trained.decode(codes, classes), "the generator")

    def encode(pair: Autoencoder, images: Tensor, of: Policy) -> Tensor:
        batches = batches_of(len(images), of, batch_size, seed)
        (codes,) = map_batches(
            lambda x: (require_finite(pair.encode(to_float(x)), "the encoder"),),
            (images,),
            batches,
            device,
        )
        return codes

    def sample(z: Tensor, classes: Tensor | None) -> tuple[Tensor, ...]:
        x_fake = require_finite(G(z, classes), "the generator")
        kept = x_fake if dataset.is_points else to_uint8(x_fake)
        codes = require_finite(trained.encode(x_fake), "the encoder")
        return kept, codes, objective.latent(G, z)

    def reconstruct(code: Tensor, classes: Tensor | None) -> tuple[Tensor, ...]:
        return (
            generate(standardise(code), classes),
            generate(code, classes),
            generate(temperature * project(code), classes),
        )

    # Not inference mode: a plug-in's metric may need gradients with respect to these tensors.
    with torch.no_grad():
        images, codes, targets = map_batches(
            sample, (z, labels), batches_of(len(z), policy, batch_size, seed), device
        )
        of_trained = Codes(encode(trained, probed, policy), encode(trained, test.images, policy))
        of_untrained = Codes(encode(before, probed, "real"), encode(before, test.images, "real"))
        batches = batches_of(len(test), "mixed", batch_size, seed)
        normalised, raw, own = map_batches(
            reconstruct, (of_trained.test, test.labels), batches, device
        )
        others, swapped = None, None
        if G.conditional and test.labels is not None:
            others = _other_labels(test.labels.cpu(), len(dataset.classes), seed)
            (swapped,) = map_batches(
                lambda code, classes: (generate(temperature * project(code), classes),),
                (of_trained.test, others),
                batches,
                device,
            )
    return Samples(
        targets, labels, images, codes, chosen, of_trained, of_untrained,
        normalised, raw, own, others, swapped,
    )  # fmt: skip


def _random_labels(dataset: Dataset, n: int, seed: int) -> Tensor | None:
    """Classes as frequent as in the training images; the same for all arms and seeds."""
    labels = dataset.train.labels
    if labels is None:
        return None
    chosen = torch.randint(len(labels), (n,), generator=random_generator(seed, "evaluation/labels"))
    return labels.cpu()[chosen]


def _other_labels(labels: Tensor, classes: int, seed: int) -> Tensor:
    """A different label for each one, all others being equally likely."""
    shift = torch.randint(
        1, max(classes, 2), labels.shape, generator=random_generator(seed, "evaluation/swap")
    )
    return (labels + shift) % classes


def probe_indices(dataset: Dataset, settings: Evaluation) -> Tensor:
    """Indices of the training images for the probes: the first of a seeded shuffle."""
    order = torch.randperm(
        len(dataset.train), generator=random_generator(settings.seed, "evaluation/probe")
    )
    return order[: settings.probe_images]


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
