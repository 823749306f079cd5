"""What is always measured in a feature space: the same table for all, and a classifier's more."""

from __future__ import annotations

from typing import Any

from ogan_bench.evaluation.conditional.conditional import Labelled, conditional_rows
from ogan_bench.evaluation.coverage.classes import coverage_rows
from ogan_bench.evaluation.fidelity.fidelity import fidelity_rows, reconstruction_distance_rows
from ogan_bench.evaluation.fidelity.labels import extractor_label, warned
from ogan_bench.evaluation.rows import Row, attempt
from ogan_bench.features.channel_classifier import ChannelClassifier
from ogan_bench.features.classifier import Classifier
from ogan_bench.metrics.conditional import CONDITIONAL
from ogan_bench.metrics.coverage import CLASSES, RECONSTRUCTIONS
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.metrics.feature_spaces import names_in
from ogan_bench.metrics.fidelity import QUANTITIES
from ogan_bench.sampling.context import ImageContext, ModelContext


def space_rows(context: ImageContext, space: SpaceName, facts: dict[str, Any]) -> list[Row]:
    """What is always measured in a space; one that cannot be had is a note in all its rows.

    Args:
        context: What is measured.
        space: One of ``evaluation.extractors``.
        facts: Gets the name of the extractor, and the accuracy of a classifier.
    """

    def measure() -> list[Row]:
        extractor = context.extractor(space)
        facts[space] = extractor.name
        generated, training = (context.features(space, of) for of in ("generated", "train"))
        rows = fidelity_rows(generated, training, space, context.settings.seed)
        if isinstance(extractor, Classifier | ChannelClassifier):
            facts["classifier_test_accuracy"] = extractor.test_accuracy
            rows += _classifier_rows(context)
        return warned(rows, extractor)

    metrics = list(names_in(space, QUANTITIES, always=True).values())
    if space == "classifier":
        metrics += _classifier_metrics(context)
    return attempt(
        metrics,
        measure,
        n_samples=len(context.images("generated")),
        split="train",
        extractor=extractor_label(space, context.dataset),
    )


def _classifier_metrics(context: ImageContext) -> list[str]:
    """Of the rows without value where there is no classifier."""
    metrics = [*CLASSES]
    if isinstance(context, ModelContext):
        metrics += RECONSTRUCTIONS
        metrics += CONDITIONAL if context.samples.swapped is not None else ()
    return metrics


def _classifier_rows(context: ImageContext) -> list[Row]:
    """What takes the classes of the dataset."""
    generated, training = (context.features("classifier", of) for of in ("generated", "train"))
    rows = coverage_rows(generated, training)
    if not isinstance(context, ModelContext):
        return rows
    own, test = (context.features("classifier", of) for of in ("reconstructions", "test"))
    rows += reconstruction_distance_rows(own, test)
    samples, dataset = context.samples, context.dataset
    if samples.swapped is not None:
        assert samples.labels is not None
        assert samples.swapped_labels is not None
        rows += conditional_rows(
            Labelled(generated, samples.labels),
            Labelled(context.features("classifier", "swapped"), samples.swapped_labels),
            Labelled(test, dataset.test.known_labels.cpu()),
            Labelled(training, context.reference.known_labels.cpu()),
        )
    return rows
