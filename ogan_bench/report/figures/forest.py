"""Forest plots: estimates, their intervals, and where the claims hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ogan_bench.analysis.ablation import Difference
from ogan_bench.analysis.formatting import interval, metric_info
from ogan_bench.analysis.verdicts import Verdict
from ogan_bench.report.figures.drawing import SOFT, Drawing
from ogan_bench.report.figures.panels import ON_WHITE, WIDTH, finite, fitted, frame, scaled
from ogan_bench.report.figures.style import DECISIONS
from ogan_bench.statistics import Interval

_PANEL, _STRIP = 66.0, 18.0


@dataclass(frozen=True)
class _Strip:
    """An estimate with its interval, and the range of interest."""

    name: str
    quantity: str
    estimate: Interval
    region: tuple[float, float]
    word: str
    look: tuple[str, str]


def forest_figure(verdicts: Sequence[Verdict]) -> Drawing:
    """Estimate of every hypothesis with its interval.

    One panel per hypothesis, because their units differ. Shaded: where the claim holds; dashed: its
    bounds.
    """
    strips = [
        _Strip(
            name=verdict.hypothesis.claim.rstrip("."),
            quantity=verdict.finding.quantity,
            estimate=verdict.finding.estimate,
            region=verdict.finding.region,
            word=verdict.decision,
            look=DECISIONS[verdict.decision],
        )
        for verdict in verdicts
    ]
    return _drawing("Estimates of the hypotheses with their intervals and margins", strips)


def differences_figure(
    metric: str, control: str, studies: Mapping[str, Sequence[Difference]]
) -> Drawing:
    """Difference of every arm to a control, with its 95 % interval.

    Shaded: where an arm is better. The intervals are not adjusted for the number of arms; the words
    are, see :data:`~ogan_bench.analysis.marks.BETTER`.

    Args:
        metric: Name of the metric.
        control: What the arms are compared with.
        studies: Name of a study to the differences in it; several studies are named.
    """
    info = metric_info(metric)
    region = {"higher": (0.0, math.inf), "lower": (-math.inf, 0.0)}.get(
        info.better or "", (math.nan, math.nan)
    )
    strips = []
    for study, differences in studies.items():
        for change in differences:
            word, look = _WORDS[change.is_better]
            quantity = f"{info.title}, {change.arm} − {change.control}"
            name = change.arm if len(studies) == 1 else f"{study}: {change.arm}"
            strips.append(_Strip(name, quantity, change.interval, region, word, look))
    return _drawing(f"{info.title}: differences to {control} with 95 % intervals", strips)


_WORDS: dict[bool | None, tuple[str, tuple[str, str]]] = {
    True: ("better", DECISIONS["supported"]),
    False: ("worse", DECISIONS["refuted"]),
    None: ("open", DECISIONS["inconclusive"]),
}


def _drawing(title: str, strips: Sequence[_Strip]) -> Drawing:
    said = "; ".join(
        f"{strip.name}: {strip.quantity} {interval(strip.estimate)}, {strip.word}"
        for strip in strips
    )
    return Drawing(title, f"{said}.", partial(_plot, strips))


def _plot(strips: Sequence[_Strip]) -> Figure:
    figure, panels = frame(
        len(strips), height=_PANEL, left=10, right=10, top=32, bottom=_PANEL - _STRIP - 32
    )
    for axes, strip in zip(panels, strips, strict=True):
        _panel(axes, strip)
    return figure


def _panel(axes: Axes, strip: _Strip) -> None:
    (colour, marker), (estimate, low, high) = strip.look, strip.estimate
    known = finite([0.0, *strip.region, *strip.estimate])
    reach = known.max() - known.min() or abs(known[0]) or 1.0
    axes.set_xlim(known.min() - 0.12 * reach, known.max() + 0.12 * reach)
    axes.set_ylim(-1, 1)
    left, right = axes.get_xlim()
    axes.axvspan(max(strip.region[0], left), min(strip.region[1], right),
                 color=DECISIONS["supported"][0], alpha=0.12, linewidth=0)  # fmt: skip
    for edge in {0.0, *finite(strip.region)}:
        axes.axvline(edge, color=SOFT, linewidth=0.8, linestyle="--" if edge else "-")
    if math.isfinite(estimate):
        axes.plot([low, high], [0, 0], color=colour, linewidth=2.4, solid_capstyle="butt")
        axes.plot(estimate, 0, marker, color=colour, markersize=5.5)
    else:
        axes.text(0.02, 0.5, "no values", transform=axes.transAxes, color=colour, **ON_WHITE)
    scaled(axes, "x", (), room=80)
    axes.yaxis.set_visible(False)
    axes.set_title(fitted(strip.name, WIDTH - 90), pad=16)
    axes.set_title(strip.word, loc="right", color=colour, pad=16)
    quantity = fitted(strip.quantity, WIDTH - 20, 8)
    axes.text(0, 1 + 5 / _STRIP, quantity, transform=axes.transAxes, color=SOFT)
