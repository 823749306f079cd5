"""From a trained pair to rows: sample once, extract features once, compute every metric."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ogan_bench.config import Evaluation
from ogan_bench.data import Dataset
from ogan_bench.data.base import to_uint8
from ogan_bench.evaluation.classifier import dataset_classifier
from ogan_bench.evaluation.coverage import coverage_rows
from ogan_bench.evaluation.features import extract, reference_features
from ogan_bench.evaluation.fidelity import CLASSIFIER, INCEPTION, fidelity_rows
from ogan_bench.evaluation.inception import inception
from ogan_bench.evaluation.latents import latent_rows
from ogan_bench.evaluation.pictures import reconstruction_grid, sample_grid
from ogan_bench.evaluation.reconstruction import reconstruction_rows
from ogan_bench.evaluation.rows import Row, attempt
from ogan_bench.evaluation.sampling import Samples, draw_samples
from ogan_bench.evaluation.separability import separability_rows

Facts = dict[str, Any]


def evaluate(
    encoder: nn.Module,
    generator: nn.Module,
    untrained_encoder: nn.Module,
    dataset: Dataset,
    settings: Evaluation,
    device: torch.device,
    folder_path: Path | None,
    z_dim: int,
) -> tuple[list[Row], Facts]:
    """All metrics of a trained pair; a metric that fails is a row without value.

    Args:
        encoder: E; left as it is, like the other nets.
        generator: G.
        untrained_encoder: E as it was initialised.
        dataset: What the pair was trained on.
        settings: What to measure.
        device: Where to compute.
        folder_path: Where ``samples.png`` and ``reconstructions.png`` go; ``None``: nowhere.
        z_dim: Dimensions of z.

    Returns:
        The rows, and facts about the extractors.

    Raises:
        NonFiniteError: E or G gives values that are not finite: there is nothing to measure.
        UserError: A file or the cache cannot be written.
    """
    samples = draw_samples(encoder, generator, untrained_encoder, dataset, settings, device, z_dim)
    test = dataset.test.images
    if folder_path is not None:
        sample_grid(samples.images, folder_path / "samples.png")
        reconstruction_grid(
            test[:64], to_uint8(samples.reconstructions[:64]), folder_path / "reconstructions.png"
        )
    rows = reconstruction_rows(
        test, samples.reconstructions, samples.raw_reconstructions, settings.seed
    )
    rows += attempt(
        ["latent_rho"],
        lambda: latent_rows(samples.z, samples.codes),
        n_samples=len(samples.z),
        split="generated",
    )
    rows += separability_rows(samples, dataset, settings)
    facts: Facts = {}
    if "classifier" in settings.extractors:
        rows += _by_classifier(samples, dataset, settings, device, facts)
    if "inception" in settings.extractors:
        rows += _by_inception(samples, dataset, settings, device, facts)
    return rows, facts


def _by_classifier(
    samples: Samples, dataset: Dataset, settings: Evaluation, device: torch.device, facts: Facts
) -> list[Row]:
    def measure() -> list[Row]:
        extractor = dataset_classifier(dataset, device)
        facts["classifier"] = extractor.name
        facts["classifier_test_accuracy"] = extractor.test_accuracy
        generated = extract(extractor, samples.images)
        reference = reference_features(extractor, dataset)
        rows = fidelity_rows(generated, reference, CLASSIFIER, settings.seed)
        return rows + coverage_rows(generated, reference)

    metrics = [*CLASSIFIER.values(), "modes_classifier", "modes_kl_classifier"]
    return attempt(
        metrics,
        measure,
        n_samples=len(samples.images),
        split="train",
        extractor=f"classifier:{dataset.name}-{dataset.shape.height}px",
    )


def _by_inception(
    samples: Samples, dataset: Dataset, settings: Evaluation, device: torch.device, facts: Facts
) -> list[Row]:
    def measure() -> list[Row]:
        extractor = inception(device)
        facts["inception"] = extractor.name
        generated = extract(extractor, samples.images, batch_size=32)
        reference = reference_features(extractor, dataset)
        rows = fidelity_rows(generated, reference, INCEPTION, settings.seed)
        if extractor.is_published:
            return rows
        warning = "not the published weights: comparable with no number in the literature"
        return [
            dataclasses.replace(row, note="; ".join(filter(None, (warning, row.note))))
            for row in rows
        ]

    return attempt(
        list(INCEPTION.values()),
        measure,
        n_samples=len(samples.images),
        split="train",
        extractor="inception-v3:tf-2015-12-05",
    )
