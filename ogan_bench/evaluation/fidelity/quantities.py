"""Rows of the quantities defined in every feature space, under their metric names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.manifolds import expected_coverage
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.standard_error import Estimate
from ogan_bench.metrics.coverage import BINS
from ogan_bench.metrics.fidelity import QUANTITIES

DEFINITIONS = QUANTITIES | BINS


def manifold_value(compared: Comparison, quantity: str) -> Value:
    """A quantity of balls, with what perfect samples are expected to have where that is known."""
    points = compared.manifolds.points
    found: Estimate = getattr(compared.manifolds, quantity)
    note = f"against {points} reference images"
    if quantity == "coverage":
        note += f"; {expected_coverage(points, points):.3f} is expected for perfect samples"
    if quantity == "recall":
        note += "; the error is that of a share of these"
    return Value(found.value, note=note, n_samples=points, error=found.standard_error)


def quantity_rows(
    measures: Mapping[str, Callable[[], Value]],
    names: Mapping[str, str],
    *,
    n_samples: int,
    split: str,
    extractor: str,
) -> list[Row]:
    """A row for each quantity that has a metric name, in the order of the measures.

    Args:
        measures: Maps each quantity to the function that computes it.
        names: Maps each quantity to measure in a feature space to its metric.
        n_samples: Number of samples.
        split: What rows call the reference.
        extractor: Name of the feature space with the hash of its weights.
    """
    rows: list[Row] = []
    for quantity, measure in measures.items():
        if quantity in names:
            rows += measured_rows(
                {names[quantity]: measure},
                n_samples=n_samples,
                split="generated" if DEFINITIONS[quantity].alone else split,
                extractor=extractor,
            )
    return rows
