"""One claim over its settings: the ratio to control in each, and on average."""

from __future__ import annotations

import math
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ogan_bench.analysis.claim_setting import ClaimSetting
from ogan_bench.analysis.formatting import number, ratio_interval
from ogan_bench.analysis.meta_analysis import LEAST_CLUSTERS, Claim
from ogan_bench.report.figures.drawing import INK, SOFT, Drawing
from ogan_bench.report.figures.panels import ON_WHITE, WIDTH, finite, fitted, frame, scaled
from ogan_bench.report.figures.style import DECISIONS
from ogan_bench.statistics import Interval

_ROW, _RIGHT = 30.0, 92.0
_ASIDE = 0.2
"""Offset of a name from the middle of its row, and of the factor in the other direction."""

FURTHEST = 30.0
"""How far beyond the estimates an axis extends to show their intervals, as a factor."""


FEW = f"fewer than {LEAST_CLUSTERS} independent settings"


def claims_figure(claim: Claim) -> Drawing:
    """Ratio to control in every setting with its interval, then their mean.

    A ratio above 1 means that the arm is better than its control. The diamond is the mean over
    settings; the thin line below it is the prediction interval for a new setting.

    Args:
        claim: A wider claim with its settings.
    """
    said = "; ".join(
        f"{_name(setting)}: {setting.note or ratio_interval(setting.factor)}, {setting.decision}"
        for setting in claim.settings
    )
    mean, new = claim.factor, claim.new_setting
    average = f"; mean ratio {ratio_interval(mean)}" if math.isfinite(mean.estimate) else ""
    low, high = (number(end, ".3g") for end in new[1:])
    more = (
        f"; prediction interval for a new setting [{low}, {high}]" if math.isfinite(new.low) else ""
    )
    what = claim.claim.rstrip(".")
    return Drawing(
        f"{what}: ratio to control in each setting (above 1 is better)",
        f"{what}: {said}{average}{more}.",
        partial(_plot, claim),
    )


def _plot(claim: Claim) -> Figure:
    n, factors = len(claim.settings), [setting.factor for setting in claim.settings]
    figure, (axes,) = frame(1, height=_ROW * (n + 1) + 36, left=14, right=_RIGHT, top=4)
    middles = finite([1.0, claim.factor.estimate, *(factor.estimate for factor in factors)])
    ends = finite([*factors, claim.factor, claim.new_setting])
    low = max(min([*middles, *ends]), middles.min() / FURTHEST)
    high = min(max([*middles, *ends]), middles.max() * FURTHEST)
    axes.set(xscale="log", xlim=(low / 1.15, high * 1.15), ylim=(n + 0.5, -0.5))
    axes.yaxis.set_visible(False)
    axes.axvline(1, color=INK, linewidth=0.8)
    for row, (setting, factor) in enumerate(zip(claim.settings, factors, strict=True)):
        _row(axes, row, _name(setting), factor, *DECISIONS[setting.decision], setting.note)
    _row(axes, n, "mean over settings", claim.factor, INK, "D", FEW)
    axes.hlines(n + 0.4, *claim.new_setting[1:], INK, linewidth=0.8)
    axes.axhline(n - 0.5, color=SOFT, linewidth=0.7)
    scaled(axes, "x", (low, high))
    axes.set_xlabel("ratio to control (above 1 is better)")
    return figure


def _row(
    axes: Axes, row: int, name: str, factor: Interval, colour: str, marker: str, note: str
) -> None:
    """A factor with its interval, clipped with an arrow where it leaves the axis."""
    across, y = axes.get_yaxis_transform(), row + _ASIDE
    axes.text(0, row - _ASIDE, fitted(name, WIDTH - 20), transform=across, fontsize=9, **ON_WHITE)
    if not math.isfinite(factor.estimate):
        axes.text(0.02, y, note, transform=across, color=SOFT, **ON_WHITE)
        return
    axes.hlines(y, *factor[1:], colour, linewidth=2)
    axes.plot(factor.estimate, y, marker, color=colour, markersize=5.5)
    left, right = axes.get_xlim()
    for is_off, edge, arrow in ((factor.low < left, left, "<"), (factor.high > right, right, ">")):
        if is_off:
            axes.plot(edge, y, arrow, color=colour, markersize=5, clip_on=False)
    axes.text(1.03, y, ratio_interval(factor), transform=across, va="center")


def _name(setting: ClaimSetting) -> str:
    return f"{setting.hypothesis} ({setting.study}, {setting.dataset})"
