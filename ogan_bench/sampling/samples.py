"""Inputs of all metrics of a trial, computed once: images, codes and reconstructions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import to_uint8
from ogan_bench.models.base import Encoder
from ogan_bench.objectives.base import Projection
from ogan_bench.sampling.autoencoder import Autoencoder, chosen_projection, require_finite
from ogan_bench.sampling.batch_norm import (
    DISAGREEMENT,
    ESTIMATION_BATCH,
    ESTIMATION_SAMPLES,
    disagreement,
    has_batch_norm,
    real_batches,
    with_batch_statistics,
    with_estimated_statistics,
    with_mean_statistics,
    with_running_statistics,
)
from ogan_bench.sampling.forward import (
    BATCH_SIZE,
    batches_of,
    decode_codes,
    encode_images,
    map_batches,
)
from ogan_bench.sampling.untrained import Codes, UntrainedEncoder, probe_indices
from ogan_bench.seeding import generator as random_generator
from ogan_bench.study.settings import Evaluation

STATISTICS_SEED = 0
"""Seed of what statistics are estimated on: one trial is one pair of nets in every evaluation."""


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


def freeze_for_evaluation(
    autoencoder: Autoencoder, dataset: Dataset, settings: Evaluation, device: torch.device
) -> Autoencoder:
    """A copy in evaluation mode, whose parameters need no gradients; the original is unchanged.

    Both nets have the batch-norm statistics of the settings. Where these are running averages that
    disagree with the statistics of batches, it has a remark.

    Args:
        autoencoder: The nets as trained.
        dataset: Its training images and their classes are what statistics are estimated on.
        settings: Which statistics; those that are estimated do not depend on its seed.
        device: Where to compute.
    """
    E, G, seed = autoencoder.encoder, autoencoder.generator, STATISTICS_SEED
    z = prior_samples(autoencoder, ESTIMATION_SAMPLES, seed, "evaluation/statistics/z")
    labels = _random_labels(dataset, len(z), seed, "evaluation/statistics/labels")

    def inputs() -> Iterator[tuple[Tensor | None, ...]]:
        for batch in torch.arange(len(z)).split(ESTIMATION_BATCH):
            yield z[batch].to(device), None if labels is None else labels[batch].to(device)

    distances: dict[str, float] = {}
    generator = with_estimated_statistics(G, inputs(), device)
    if settings.generator_statistics == "running":
        estimated, generator = generator, with_running_statistics(G, device)
        distances["G"] = disagreement(generator, estimated)

    def of_real() -> Encoder:
        images = real_batches(dataset.trained.images, device, seed)
        return with_estimated_statistics(E, images, device)

    def of_generated() -> Encoder:
        images = ((generator(*given),) for given in inputs())
        return with_estimated_statistics(E, images, device)

    encoder, other = with_running_statistics(E, device), None
    if has_batch_norm(E):
        match settings.encoder_statistics:
            case "matched":
                encoder, other = of_real(), of_generated()
            case "balanced":
                encoder = with_mean_statistics(of_real(), of_generated())
            case "real":
                encoder = of_real()
            case "batch":
                encoder = with_batch_statistics(E, device)
            case "mixed":
                distances["E, real images"] = disagreement(encoder, of_real())
                distances["E, generated images"] = disagreement(encoder, of_generated())
    return replace(
        autoencoder,
        encoder=encoder,
        generator=generator,
        encoder_of_generated=other,
        remark=_remark(distances),
    )


def _remark(distances: Mapping[str, float]) -> str | None:
    told = [f"{far:.2g} ({net})" for net, far in distances.items() if far >= DISAGREEMENT]
    if not told:
        return None
    return (
        f"running batch-norm statistics differ from those of batches by {', '.join(told)} standard "
        "deviations in the layer where most"
    )


def draw_samples(
    trained: Autoencoder,
    untrained: UntrainedEncoder,
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
        trained: From :func:`freeze_for_evaluation`.
        untrained: E before training.
        dataset: Where the images to encode come from.
        settings: Numbers of images, seed and batch-norm statistics.
        device: Where to compute.
        batch_size: Images per forward pass.

    Raises:
        NonFiniteError: A net outputs values that are not finite.
    """
    seed, policy = settings.seed, settings.encoder_statistics
    train, test = dataset.train, dataset.test
    objective, G = trained.objective, trained.generator
    z = prior_samples(trained, settings.samples, seed)
    labels = _random_labels(dataset, len(z), seed, "evaluation/labels")
    chosen = probe_indices(dataset, settings)
    probed = train.images[chosen.to(train.images.device)]

    def sample(z: Tensor, classes: Tensor | None) -> tuple[Tensor, ...]:
        x_fake = require_finite(G(z, classes), "the generator")
        kept = x_fake if dataset.is_points else to_uint8(x_fake)
        codes = require_finite(trained.encode(x_fake, "generated"), "the encoder")
        return kept, codes, objective.latent(G, z)

    def encode(images: Tensor) -> Tensor:
        return encode_images(trained, images, policy, device, seed, batch_size)

    def decode(codes: Tensor, classes: Tensor | None) -> Tensor:
        return decode_codes(trained, codes, classes, device, batch_size)

    # Not inference mode: a plug-in's metric may need gradients with respect to these tensors.
    with torch.no_grad():
        images, codes, targets = map_batches(
            sample, (z, labels), batches_of(len(z), policy, batch_size, seed), device
        )
        of_trained = Codes(encode(probed), encode(test.images))
        of_untrained = untrained.codes(trained, dataset, settings, device, batch_size)
        code = of_trained.test
        decoded: dict[Projection, Tensor] = {
            "standardise": decode(objective.project(code, "standardise"), test.labels),
            "none": decode(objective.project(code, "none"), test.labels),
        }
        projection = chosen_projection(objective, settings)
        own_code = settings.temperature * objective.project(code, projection)
        if projection in decoded and settings.temperature == 1:
            own = decoded[projection]
        else:
            own = decode(own_code, test.labels)
        others, swapped = None, None
        if G.conditional and test.labels is not None:
            others = _other_labels(test.labels.cpu(), len(dataset.classes), seed)
            swapped = decode(own_code, others)
    return Samples(
        targets, labels, images, codes, chosen, of_trained, of_untrained,
        decoded["standardise"], decoded["none"], own, others, swapped,
    )  # fmt: skip


def prior_samples(pair: Autoencoder, n: int, seed: int, stream: str = "evaluation/z") -> Tensor:
    """Draws from the prior of G, shape ``(n, d)``; the same for all arms and training seeds."""
    noise = torch.randn(n, pair.z_dim, generator=random_generator(seed, stream))
    return pair.objective.prior(noise)


def _random_labels(dataset: Dataset, n: int, seed: int, stream: str) -> Tensor | None:
    """Classes as frequent as in the training images; the same for all arms and seeds."""
    labels = dataset.train.labels
    if labels is None:
        return None
    chosen = torch.randint(len(labels), (n,), generator=random_generator(seed, stream))
    return labels.cpu()[chosen]


def _other_labels(labels: Tensor, classes: int, seed: int) -> Tensor:
    """A different label for each one, all others being equally likely."""
    shift = torch.randint(
        1, max(classes, 2), labels.shape, generator=random_generator(seed, "evaluation/swap")
    )
    return (labels + shift) % classes
