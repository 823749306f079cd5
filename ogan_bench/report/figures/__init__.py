"""Reproducible figures of a study.

Every seed is shown; intervals are those of the tables (Student's t, paired or Welch's), never those
of a plotting library.
"""

from __future__ import annotations

from ogan_bench.report.figures.curves import CODES, CURVES, curves_figure
from ogan_bench.report.figures.drawing import FORMATS, Drawing, render
from ogan_bench.report.figures.forest import differences_figure, forest_figure
from ogan_bench.report.figures.meta_analysis import claims_figure
from ogan_bench.report.figures.overlap import overlap_figure
from ogan_bench.report.figures.scatter import plane_figure
from ogan_bench.report.figures.seeds import seeds_figure, seeds_of_studies_figure
from ogan_bench.report.figures.sweeps import levels_figure

__all__ = [
    "CODES",
    "CURVES",
    "FORMATS",
    "Drawing",
    "claims_figure",
    "curves_figure",
    "differences_figure",
    "forest_figure",
    "levels_figure",
    "overlap_figure",
    "plane_figure",
    "render",
    "seeds_figure",
    "seeds_of_studies_figure",
]
