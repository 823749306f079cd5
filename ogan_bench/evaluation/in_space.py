"""Rows of one feature space, whether its extractor is available or not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from ogan_bench.evaluation.ensemble import Context, in_each_member
from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.reference import Reference
from ogan_bench.evaluation.rows import Row, attempt
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.sampling.context import ImageContext


def comparison_in(context: ImageContext, space: SpaceName) -> Comparison:
    """The samples and the real images in a space; the same object for all metrics.

    Raises:
        NoValueError: The extractor is unavailable.
    """

    def make() -> Comparison:
        samples, real = (context.features(space, of).features for of in ("generated", "reference"))
        reference = Reference(real, context.device, reused=not context.is_part)
        dataset = context.dataset
        split = context.reference_split
        of_training = split == "train"
        return Comparison(
            samples.to(reference.features),
            reference,
            context.settings.seed,
            dataset.trained_on if of_training else None,
            (lambda: context.features(space, "test").features) if of_training else None,
            split,
        )

    return context.once(f"comparison in {space}", make)


def rows_in_space(
    context: Context,
    space: SpaceName,
    metrics: Sequence[str],
    measure: Callable[[Context], list[Row]],
) -> list[Row]:
    """Rows measured in a space; if its extractor is unavailable, every row says why.

    In a space with several extractors, values are means over them.

    Args:
        context: What is measured.
        space: One of ``evaluation.extractors``.
        metrics: The metrics that ``measure`` returns.
        measure: Computes the rows with a single extractor. Their notes begin with any warning about
            it.
    """
    adapter = FEATURE_SPACES[space]

    def rows() -> list[Row]:
        warning = adapter.warning(context.extractor(space))
        return [
            dataclasses.replace(row, note="; ".join(filter(None, (warning, row.note))) or None)
            for row in in_each_member(context, space, measure)
        ]

    return attempt(
        metrics,
        rows,
        n_samples=len(context.images("generated")),
        split=context.reference_split,
        extractor=adapter.label(context.dataset),
    )
