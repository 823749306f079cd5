"""What is always measured in a feature space: metrics for all spaces, and more with classes."""

from __future__ import annotations

from typing import Any

from ogan_bench.evaluation.conditional.conditional import Labelled, conditional_rows
from ogan_bench.evaluation.coverage.classes import coverage_rows
from ogan_bench.evaluation.fidelity.fidelity import fidelity_rows, reconstruction_distance_rows
from ogan_bench.evaluation.in_space import comparison_in, rows_in_space
from ogan_bench.evaluation.rows import Row
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.metrics.conditional import CONDITIONAL
from ogan_bench.metrics.coverage import CLASSES, RECONSTRUCTIONS
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.metrics.feature_spaces import CLASSIFIER, names_in
from ogan_bench.metrics.fidelity import QUANTITIES
from ogan_bench.sampling.context import ImageContext, ModelContext


def space_rows(context: ImageContext, space: SpaceName, facts: dict[str, Any]) -> list[Row]:
    """Metrics always measured in a space; if its extractor is unavailable, every row says why.

    Args:
        context: What is measured.
        space: One of ``evaluation.extractors``.
        facts: Receives the extractor's name and anything else a result states about it.
    """
    metrics = list(names_in(space, QUANTITIES, always=True).values())
    if space == CLASSIFIER:
        metrics += _class_metrics(context)

    def measure(member: ImageContext) -> list[Row]:
        whole = context.extractor(space)
        facts[space] = whole.name
        facts.update(FEATURE_SPACES[space].facts(whole))
        logits = member.features(space, "generated").logits
        name = member.extractor(space).name
        rows = fidelity_rows(comparison_in(member, space), logits, space, name)
        return rows + _class_rows(member) if space == CLASSIFIER else rows

    return rows_in_space(context, space, metrics, measure)


def _class_metrics(context: ImageContext) -> list[str]:
    """The metrics of :func:`_class_rows`, which have no value without a classifier."""
    metrics = [*CLASSES]
    if isinstance(context, ModelContext):
        metrics += RECONSTRUCTIONS
        metrics += CONDITIONAL if context.samples.swapped is not None else ()
    return metrics


def _class_rows(context: ImageContext) -> list[Row]:
    """Metrics that use the classes of the dataset."""
    generated, reference = (context.features(CLASSIFIER, of) for of in ("generated", "reference"))
    test, dataset = context.features(CLASSIFIER, "test"), context.dataset
    channels = 1 if dataset.channels_of is None else dataset.shape.channels
    labels = dataset.test.known_labels.cpu()
    split = context.reference_split
    rows = coverage_rows(generated, reference, test, labels, channels, split)
    if not isinstance(context, ModelContext):
        return rows
    rows += reconstruction_distance_rows(context.features(CLASSIFIER, "reconstructions"), test)
    samples = context.samples
    if samples.swapped is not None:
        assert samples.labels is not None
        assert samples.swapped_labels is not None
        rows += conditional_rows(
            Labelled(generated, samples.labels),
            Labelled(context.features(CLASSIFIER, "swapped"), samples.swapped_labels),
            Labelled(test, labels),
            Labelled(reference, context.reference.known_labels.cpu()),
            split,
        )
    return rows
