"""From a trained pair to rows: sample once, extract features once, compute every metric."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ogan_bench.config import Evaluation
from ogan_bench.data import Dataset
from ogan_bench.data.base import to_uint8
from ogan_bench.evaluation.channels import ChannelClassifier
from ogan_bench.evaluation.classifier import Classifier
from ogan_bench.evaluation.conditional import CONDITIONAL, Labelled, conditional_rows
from ogan_bench.evaluation.coverage import coverage_rows
from ogan_bench.evaluation.fidelity import (
    CLASSIFIER,
    INCEPTION,
    fidelity_rows,
    reconstruction_distance_rows,
)
from ogan_bench.evaluation.inception import Inception
from ogan_bench.evaluation.latents import latent_rows
from ogan_bench.evaluation.pictures import (
    point_picture,
    reconstruction_grid,
    sample_grid,
    swap_grid,
)
from ogan_bench.evaluation.plugin_metrics import check_plugin_metrics, plugin_rows
from ogan_bench.evaluation.points import point_rows
from ogan_bench.evaluation.reconstruction import autoencoding_rows, reconstruction_rows
from ogan_bench.evaluation.rows import Row, attempt
from ogan_bench.evaluation.sampling import Autoencoder, Samples
from ogan_bench.evaluation.separability import separability_rows
from ogan_bench.evaluation.subject import Subject
from ogan_bench.models.base import Encoder

Facts = dict[str, Any]

GROUPS: dict[str, Callable[[Subject], list[Row]]] = {}
"""What is measured where ``evaluation.groups`` asks for it."""


def evaluate(
    autoencoder: Autoencoder,
    untrained_encoder: Encoder,
    dataset: Dataset,
    settings: Evaluation,
    device: torch.device,
    folder: Path | None,
) -> tuple[list[Row], Facts]:
    """All metrics of a trained pair; a metric that fails is a row without value.

    Metrics of conditional generators and of points are there for these alone.

    Args:
        autoencoder: E and G; left as they are, like the other net.
        untrained_encoder: E as it was initialised.
        dataset: What the pair was trained on.
        settings: What to measure.
        device: Where to compute.
        folder: Where ``samples.png``, ``reconstructions.png`` and, of a conditional generator,
            ``swapped.png`` go; ``None``: nowhere.

    Returns:
        The rows, and facts about the extractors.

    Raises:
        NonFiniteError: E or G gives values that are not finite: there is nothing to measure.
        UserError: A file or the cache cannot be written, or a plug-in's metric asks for something
            that there is not.
    """
    check_plugin_metrics()
    subject = Subject(autoencoder, untrained_encoder, dataset, settings, device, folder)
    samples, test = subject.samples, dataset.test.images
    if folder is not None:
        _draw_pictures(samples, dataset, folder)
    rows = reconstruction_rows(
        test, samples.reconstructions, samples.raw_reconstructions, settings.seed
    )
    rows += attempt(
        ["autoencoding_mse"],
        lambda: autoencoding_rows(test, samples.own_reconstructions, subject.route),
        n_samples=len(test),
        split="test",
    )
    rows += attempt(
        ["latent_rho"],
        lambda: latent_rows(samples.z, samples.codes),
        n_samples=len(samples.z),
        split="generated",
    )
    rows += separability_rows(samples, dataset, settings)
    if dataset.modes is not None:
        rows += point_rows(samples.images, dataset.modes)
    facts: Facts = {}
    if "classifier" in settings.extractors:
        rows += _by_classifier(subject, facts)
    if "inception" in settings.extractors:
        rows += _by_inception(subject, facts)
    for group in settings.groups:
        rows += GROUPS[group](subject)
    return rows + plugin_rows(samples, dataset), facts


def _draw_pictures(samples: Samples, dataset: Dataset, folder: Path) -> None:
    test, drawn, pairs = dataset.test.images, folder / "samples.png", folder / "reconstructions.png"
    if dataset.is_points:
        n = min(len(samples.images), len(test))
        point_picture(test[:n], samples.images[:n], drawn)
        point_picture(test[:n], samples.own_reconstructions[:n], pairs)
        return
    sample_grid(samples.images, drawn)
    reconstruction_grid(test[:64], to_uint8(samples.own_reconstructions[:64]), pairs)
    if samples.swapped is not None:
        own, swapped = (
            to_uint8(images[:64]) for images in (samples.own_reconstructions, samples.swapped)
        )
        swap_grid(test[:64], own, swapped, folder / "swapped.png")


def _by_classifier(subject: Subject, facts: Facts) -> list[Row]:
    dataset, samples = subject.dataset, subject.samples

    def measure() -> list[Row]:
        extractor = subject.extractor("classifier")
        assert isinstance(extractor, Classifier | ChannelClassifier)
        facts["classifier"] = extractor.name
        facts["classifier_test_accuracy"] = extractor.test_accuracy
        generated, reference, test, own = (
            subject.features("classifier", of)
            for of in ("generated", "train", "test", "reconstructions")
        )
        rows = fidelity_rows(generated, reference, CLASSIFIER, subject.settings.seed)
        rows += coverage_rows(generated, reference)
        rows += reconstruction_distance_rows(own, test)
        if samples.swapped is not None:
            assert samples.labels is not None
            assert samples.swapped_labels is not None
            rows += conditional_rows(
                Labelled(generated, samples.labels),
                Labelled(subject.features("classifier", "swapped"), samples.swapped_labels),
                Labelled(test, dataset.test.known_labels.cpu()),
                Labelled(reference, dataset.train.known_labels.cpu()),
            )
        return rows

    metrics = [*CLASSIFIER.values(), "modes_classifier", "modes_kl_classifier", "rfd_classifier"]
    return attempt(
        metrics if samples.swapped is None else [*metrics, *CONDITIONAL],
        measure,
        n_samples=len(samples.images),
        split="train",
        extractor=f"classifier:{dataset.name}-{dataset.shape.height}px",
    )


def _by_inception(subject: Subject, facts: Facts) -> list[Row]:
    def measure() -> list[Row]:
        extractor = subject.extractor("inception")
        assert isinstance(extractor, Inception)
        facts["inception"] = extractor.name
        generated, reference = (subject.features("inception", of) for of in ("generated", "train"))
        rows = fidelity_rows(generated, reference, INCEPTION, subject.settings.seed)
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
        n_samples=len(subject.samples.images),
        split="train",
        extractor="inception-v3:tf-2015-12-05",
    )
