"""The fields of a metric's definition, and the papers cited by several definitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["lower", "higher"]
SpaceName = str
"""A feature space, a key of :data:`~ogan_bench.metrics.feature_spaces.SPACES`."""
Group = Literal[
    "diversity",
    "reconstruction",
    "codes",
    "interpolation",
    "inversion",
    "probes",
    "factors",
    "mechanism",
    "fisher",
]
"""Groups of optional metrics: the choices of ``evaluation.groups``."""


@dataclass(frozen=True)
class Metric:
    """The definition of a metric.

    Args:
        title: Name in tables and figures.
        better: Which direction is better; ``None`` for baselines and diagnostics.
        definition: One sentence, with unit and range.
        source: Where the definition comes from.
        format: Format specification for printing.
        extractor: Required feature space, one of ``evaluation.extractors``.
        group: One of ``evaluation.groups``, if it is measured only on demand.
        protocol: Version of the computation; numbers of two versions are not comparable.
    """

    title: str
    better: Direction | None
    definition: str
    source: str
    format: str = ".4g"
    extractor: SpaceName | None = None
    group: Group | None = None
    protocol: str = "1"


FRECHET = "Heusel et al., 2017, arXiv 1706.08500"
KERNEL = "Bińkowski et al., 2018, arXiv 1801.01401"
SCORE = "Salimans et al., 2016, arXiv 1606.03498"
MANIFOLD = "Kynkäänniemi et al., 2019, arXiv 1904.06991"
PROBE = "Alain and Bengio, 2016, arXiv 1610.01644"
OGAN = "Su, 2019, arXiv 1903.01931"
BIGAN = "Donahue et al., 2017, arXiv 1605.09782"
PACGAN = "Lin et al., 2018, arXiv 1712.04086"
ACGAN = "Odena et al., 2017, arXiv 1610.09585"
ICGAN = "Perarnau et al., 2016, arXiv 1611.06355"
PROJECTION = "Miyato and Koyama, 2018, arXiv 1802.05637"
STYLEGAN = "Karras et al., 2019, arXiv 1812.04948"
VEEGAN = "Srivastava et al., 2017, arXiv 1705.07761"
OWN = "own definition"
