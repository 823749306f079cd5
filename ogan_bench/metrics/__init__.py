"""Names, directions and definitions of all metrics, shared by evaluation and analysis.

A metric's name fixes its protocol. The evaluation writes rows only under these names, and the
analysis looks up here which direction is better. Does not import torch.
"""

from __future__ import annotations

import dataclasses

from ogan_bench.errors import PluginError
from ogan_bench.metrics.cautions import caution_for
from ogan_bench.metrics.conditional import CONDITIONAL
from ogan_bench.metrics.coverage import COVERAGE
from ogan_bench.metrics.definition import Direction, Metric
from ogan_bench.metrics.factors import FACTORS
from ogan_bench.metrics.feature_spaces import SPACES
from ogan_bench.metrics.fidelity import FIDELITY
from ogan_bench.metrics.formulas import formula_for
from ogan_bench.metrics.interpolation import INTERPOLATION
from ogan_bench.metrics.inversion import INVERSION
from ogan_bench.metrics.latent import LATENT
from ogan_bench.metrics.mechanism import MECHANISM
from ogan_bench.metrics.primary import PRIMARY, primary_for
from ogan_bench.metrics.reconstruction import RECONSTRUCTION
from ogan_bench.metrics.separability import SEPARABILITY
from ogan_bench.metrics.training_cost import TRAINING


def _in_its_space(metric: Metric) -> Metric:
    """The metric with the protocol of its space, if that is the later one."""
    if metric.extractor is None:
        return metric
    protocol = max(metric.protocol, SPACES[metric.extractor].protocol, key=int)
    return dataclasses.replace(metric, protocol=protocol)


_DEFINED: dict[str, Metric] = {
    **RECONSTRUCTION,
    **LATENT,
    **INTERPOLATION,
    **INVERSION,
    **SEPARABILITY,
    **FACTORS,
    **FIDELITY,
    **COVERAGE,
    **CONDITIONAL,
    **MECHANISM,
    **TRAINING,
}
METRICS = {name: _in_its_space(metric) for name, metric in _DEFINED.items()}


def add_metric(name: str, better: Direction | None, definition: str, source: str) -> None:
    """Register a plug-in's metric; a built-in one is never replaced.

    Raises:
        PluginError: A metric of that name already exists.
    """
    new = Metric(name.replace("_", " "), better, definition, source)
    if METRICS.setdefault(name, new).source != source:
        raise PluginError(f"{source}: there is a metric {name!r} already")


__all__ = [
    "METRICS",
    "PRIMARY",
    "Direction",
    "Metric",
    "add_metric",
    "caution_for",
    "formula_for",
    "primary_for",
]
