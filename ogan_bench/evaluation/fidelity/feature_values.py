"""Every quantity of two sets of features, by name, without images and without rows."""

from __future__ import annotations

import functools
from collections.abc import Container

import torch
from torch import Tensor

from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.diversity import MEASURES
from ogan_bench.evaluation.fidelity.fidelity import fidelity_rows
from ogan_bench.evaluation.fidelity.quantities import DEFINITIONS, quantity_rows
from ogan_bench.metrics.feature_spaces import CLASSIFIER, names_in

NEED_CLASSES = ("isc",)
"""Quantities of class probabilities, which features alone do not have."""


def quantities() -> list[str]:
    """Names of the quantities that :func:`feature_values` knows."""
    return [
        quantity
        for always in (True, False)
        for quantity in names_in(CLASSIFIER, DEFINITIONS, always=always)
        if quantity not in NEED_CLASSES and (always or quantity in MEASURES)
    ]


def feature_values(compared: Comparison, without: Container[str] = ()) -> dict[str, float | None]:
    """Maps each quantity to its value; ``None`` where it cannot be computed.

    Args:
        compared: The samples and the reference.
        without: Quantities to leave out, except those that are always measured.
    """
    always = names_in(CLASSIFIER, DEFINITIONS, always=True)
    further = names_in(CLASSIFIER, DEFINITIONS, always=False)
    logits: Tensor = torch.zeros(len(compared.samples), 2)
    rows = fidelity_rows(compared, logits, CLASSIFIER, "features")
    rows += quantity_rows(
        {
            name: functools.partial(measure, compared)
            for name, measure in MEASURES.items()
            if name in further and name not in without
        },
        further,
        n_samples=len(compared.samples),
        split=compared.split,
        extractor="features",
    )
    quantity_of = {metric: quantity for quantity, metric in {**always, **further}.items()}
    found = {quantity_of[row.metric]: row.value for row in rows}
    return {name: value for name, value in found.items() if name not in NEED_CLASSES}
