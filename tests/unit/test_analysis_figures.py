"""Figures: the same bytes again, true intervals, and odd inputs that do no harm."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ogan_bench.analysis.meta_analysis import WiderClaim, settings_of, wider_claims
from ogan_bench.analysis.results import MEASURED, StudyResults
from ogan_bench.analysis.sweeps import find_series
from ogan_bench.analysis.verdicts import Verdict, judge
from ogan_bench.report import figures
from ogan_bench.report.figures import Drawing
from ogan_bench.report.figures.drawing import STYLE
from ogan_bench.report.figures.panels import fitted, spans_decades
from ogan_bench.report.figures.style import OUTCOMES, looks
from ogan_bench.statistics import mean_interval

FD, PRECISION, RECALL = "fd_classifier", "precision_classifier", "recall_classifier"
PART = "The term keeps the quality."
LONG = "a_long_name_of_an_arm_" * 12
HOSTILE = ["$x$", "$\\frac{", "<script>alert(1)</script>", "a & b -- c", "_hidden", "名前", LONG]
Values = dict[str, list[float]]

CASES: dict[str, Values] = {
    "normal": {"none": [30.0, 31.0, 29.0], "pearson": [10.0, 11.0, 13.0]},
    "one seed": {"none": [30.0], "pearson": [10.0]},
    "without values": {"none": [30.0, 31.0], "empty": []},
    "nothing at all": {"none": [], "empty": []},
    "25 arms": {f"arm_{i}": [float(i + 1), i + 2.0] for i in range(25)},
    "decades": {"none": [0.0, 0.5, 1.0], "pearson": [900.0, 1000.0, 1100.0]},
    "equal": {"none": [3.0, 3.0, 3.0], "pearson": [3.0, 3.0, 3.0]},
    "huge and tiny": {"none": [1e12, 2e12], "pearson": [1e-12, -1e-12]},
    "hostile": {name: [float(i), i + 1.0] for i, name in enumerate(HOSTILE)},
}


def study(values: Values, *claims: dict[str, Any], floor: float = math.nan) -> StudyResults:
    """Three metrics with the same values; each arm of a level of its own."""
    rows = [
        {"arm": arm, "seed": seed, "metric": metric, "value": value, "floor": floor}
        for metric in (FD, PRECISION, RECALL)
        for arm, column in values.items()
        for seed, value in enumerate(column)
    ]
    record: dict[str, Any] = {
        "folder": "made_up",
        "arms": {
            arm: {"data": {"name": "digits"}, "consistency": {"weight": level**3}}
            for level, arm in enumerate(values)
        },
        "seeds": list(range(max(map(len, values.values())))),
        "metrics": [FD],
        "hypotheses": list(claims),
        "alpha": 0.05,
    }
    frame = pd.DataFrame([{**dict.fromkeys(MEASURED), **row} for row in rows], columns=[*MEASURED])
    frame = frame.astype({"value": float, "floor": float})
    trials = [
        {"arm": arm, "seed": seed, "outcome": "ok"} for arm in values for seed in record["seeds"]
    ]
    return StudyResults(
        Path(), record, frame, pd.DataFrame(trials, columns=["arm", "seed", "outcome"]), {}, ()
    )


def claims(arm: str, control: str) -> list[dict[str, Any]]:
    tests: dict[str, dict[str, Any]] = {
        "superiority": {},
        "non_inferiority": {"margin": 2},
        "equivalence": {"margin": "50%"},
    }
    return [
        {"id": f"by_{test}", "claim": "c", "test": test, "metric": FD, "arm": arm,
         "control": control, "part_of": PART, **more}
        for test, more in tests.items()
    ]  # fmt: skip


def verdicts(values: Values) -> list[Verdict]:
    first, second = list(values)[:2]
    return judge(study(values, *claims(second, first)))


def wider(values: Values) -> WiderClaim:
    first, second = list(values)[:2]
    results = study(values, *claims(second, first))
    (claim,) = wider_claims(settings_of(results, judge(results)))
    return claim


def course(values: Values) -> pd.DataFrame:
    """A log in which every value is reached in five steps, the third of which is not known."""
    steps = [(arm, seed, step) for arm, row in values.items() for seed in range(len(row))
             for step in range(5)]  # fmt: skip
    log = pd.DataFrame(steps, columns=["arm", "seed", "step"])
    ends = [values[arm][seed] * step / 4 if step != 2 else math.nan for arm, seed, step in steps]
    return log.assign(rho=np.array(ends, float), gap=-np.array(ends, float), seconds=log["step"])


def curves(values: Values) -> Drawing:
    columns = {"rho": "ρ", "gap": "a < b & $c$", "step": "step"}
    return figures.curves_figure(course(values), columns, list(values), "Curves")


def levels(values: Values) -> Drawing:
    """Of three arms at least, for fewer make no series."""
    more: Values = {f"more_{i}": [1.0, 2.0] for i in range(3 - len(values))}
    results = study(values | more)
    return figures.levels_figure(results, FD, find_series(results))


KINDS: dict[str, Callable[[Values], Drawing]] = {
    "seeds": lambda values: figures.seeds_figure(study(values, floor=2.0), FD),
    "curves": curves,
    "plane": lambda values: figures.plane_figure(study(values), RECALL, PRECISION),
    "forest": lambda values: figures.forest_figure(verdicts(values)),
    "claims": lambda values: figures.claims_figure(wider(values)),
    "levels": levels,
}
NAMING = ("seeds", "curves", "plane")
"""Kinds that name all arms."""


def drawn(drawing: Drawing) -> Figure:
    """The objects behind a figure, with limits as they are on paper."""
    with mpl.rc_context(STYLE):
        figure = drawing.plot()
        figure.draw_without_rendering()
    return figure


def segments(axes: Axes) -> list[list[list[float]]]:
    """All lines of collections that can be seen."""
    known = [one for one in axes.collections if isinstance(one, LineCollection)]
    return [np.asarray(line).tolist() for one in known for line in one.get_segments() if len(line)]


def xs(line: Line2D) -> list[float]:
    return [float(x) for x in np.asarray(line.get_xdata())]


def ys(line: Line2D) -> list[float]:
    return [float(y) for y in np.asarray(line.get_ydata())]


def words(svg: bytes) -> list[str]:
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()) for text in found]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_is_drawn_of_every_kind_of_data(kind: str, case: str) -> None:
    drawing = KINDS[kind](CASES[case])
    assert words(drawing.svg) or (kind, case) == ("levels", "nothing at all")
    assert drawing.title
    assert drawing.alt.endswith(".")


@pytest.mark.parametrize("kind", KINDS)
def test_same_bytes_again_and_no_state_is_left(kind: str) -> None:
    before = dict(mpl.rcParams)
    state: Any = np.random.get_state()  # noqa: NPY002
    first, second = KINDS[kind](CASES["normal"]), KINDS[kind](CASES["normal"])
    for form, start in {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}.items():
        content = figures.paint(first, form)
        assert content.startswith(start)
        assert content == figures.paint(first, form) == figures.paint(second, form)
        assert not re.search(rb"Date|dc:date|Matplotlib v", content)
    assert first.svg != KINDS[kind](CASES["decades"]).svg
    assert dict(mpl.rcParams) == before
    after: Any = np.random.get_state()  # noqa: NPY002
    assert (after[1] == state[1]).all()


@pytest.mark.parametrize("kind", NAMING)
def test_names_of_arms_are_text_in_the_svg(kind: str) -> None:
    found = words(KINDS[kind](CASES["hostile"]).svg)
    assert set(HOSTILE[:-1]) <= set(found)
    (short,) = [text for text in found if "…" in text]
    assert (LONG[:6], LONG[-6:]) == (short[:6], short[-6:])


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_drawn_when_it_is_asked_for_and_once(kind: str) -> None:
    made = KINDS[kind](CASES["normal"])
    calls: list[int] = []

    def plot() -> Figure:
        calls.append(1)
        return made.plot()

    drawing = Drawing(made.title, made.alt, plot)
    assert not calls
    assert drawing.svg == drawing.svg == figures.paint(drawing, "svg")
    assert len(calls) == 1
    assert figures.paint(drawing, "png") != drawing.svg
    assert len(calls) == 2


def test_the_other_text_says_the_numbers() -> None:
    normal = CASES["normal"]
    said = {kind: draw(normal).alt for kind, draw in KINDS.items()}
    assert "none 30.0 (n = 3), pearson 11.3 (n = 3); lower is better" in said["seeds"]
    assert "ρ: none 30, pearson 11.3; a < b & $c$: none −30, pearson −11.3" in said["curves"]
    assert "none 30.000 and 30.000, pearson 11.333 and 11.333" in said["plane"]
    assert "pearson − none −18.7 [−22.6, −14.8], supported" in said["forest"]
    factor = wider(normal).settings[0].factor
    assert f"by_superiority (made_up, digits): {factor.estimate:.3g}" in said["claims"]
    assert "empty no value" in KINDS["seeds"](CASES["without values"]).alt
    assert "weight: 0 1.5, 1 2.5, 8 3.5" in levels({"a": [1, 2], "b": [2, 3], "c": [3, 4]}).alt


def test_seeds_and_intervals_are_those_of_the_statistics() -> None:
    for case in ("normal", "one seed", "25 arms", "decades", "without values"):
        values = CASES[case]
        (axes,) = drawn(KINDS["seeds"](values)).axes
        points = {line.get_label(): xs(line) for line in axes.lines}
        assert all(list(points[arm]) == row for arm, row in values.items())
        means = [mean_interval(row) for row in values.values()]
        known = [[mean.low, mean.high] for mean in means if math.isfinite(mean.low)]
        assert [[x for x, _ in line] for line in segments(axes)] == known
        (middles,) = [one for one in axes.collections if not isinstance(one, LineCollection)]
        shown = np.ma.getdata(middles.get_offsets())[:, 0]
        assert shown == pytest.approx([mean.estimate for mean in means], nan_ok=True)
        left, right = axes.get_xlim()
        seen = [end for pair in known for end in pair] + [x for row in values.values() for x in row]
        assert left <= min(seen) <= max(seen) <= right


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1.0, 29.0], "linear"), ([0.0, 1.0, 29.0], "linear"), ([-1.0, 1.0, 99.0], "linear"),
        ([31.0] * 9 + [1.0], "log"), ([0.0, 1.0, 31.0], "symlog"),
    ],
)  # fmt: skip
def test_scales_where_values_span_decades(values: list[float], scale: str) -> None:
    arms = {f"arm_{i}": [value, value] for i, value in enumerate(values)}
    (axes,) = drawn(figures.seeds_figure(study(arms), FD)).axes
    assert axes.get_xscale() == scale
    assert spans_decades(np.array(values)) == (scale == "log")
    assert axes.get_xlim()[0] <= min(values)


def test_an_interval_below_zero_is_seen_beside_values_that_span_decades() -> None:
    (axes,) = drawn(figures.seeds_figure(study({"a": [1.0, 2.0, 5000.0]}), FD)).axes
    low = mean_interval([1.0, 2.0, 5000.0]).low
    assert axes.get_xscale() == "symlog"
    assert axes.get_xlim()[0] < low < 0


@pytest.mark.parametrize(
    ("values", "floor", "note"),
    [([5.0, 6.0], 4.5, "dashed"), ([5.0, 6.0], 0.5, "off the axis"),
     ([0.5, 60.0], 0.05, "dashed"), ([0.9999, 0.9998], 100.0, "off the axis")],
)  # fmt: skip
def test_noise_floor_is_a_line_where_values_can_still_be_told_apart(
    values: list[float], floor: float, note: str
) -> None:
    (axes,) = drawn(figures.seeds_figure(study({"a": values}, floor=floor), FD)).axes
    assert axes.get_title("right") == f"noise floor {floor:.4g}, {note}"
    lines = [line for line in axes.lines if xs(line) == [floor, floor]]
    assert len(lines) == (note == "dashed")


def test_curves_have_a_line_per_seed_and_their_mean() -> None:
    (axes, *_) = drawn(curves(CASES["normal"])).axes
    steps = np.array([0.0, 1.0, 3.0, 4.0])
    ends = [30.0, 31.0, 29.0, 10.0, 11.0, 13.0]
    lines = [np.stack([steps, end * steps / 4], axis=1) for end in [*ends, 30.0, 34 / 3]]
    assert np.array(segments(axes)) == pytest.approx(np.array(lines))
    thin, thick = (np.max(one.get_linewidth()) for one in axes.collections)
    assert thin < thick


def test_many_long_curves_are_thinned_with_their_ends() -> None:
    log = pd.DataFrame({"arm": "a", "seed": np.repeat(np.arange(100), 1000),
                        "step": np.tile(np.arange(1000), 100), "rho": 0.5})  # fmt: skip
    (axes,) = drawn(figures.curves_figure(log, {"rho": "ρ"}, ["a"], "T")).axes
    lines = segments(axes)
    assert len(lines) == 100 + 1
    assert {len(line) for line in lines} == {200}
    assert {(line[0][0], line[-1][0]) for line in lines} == {(0.0, 999.0)}


def test_levels_show_every_seed_and_the_intervals() -> None:
    values: Values = {"a": [1.0, 2.0], "b": [2.0, 4.0], "c": [3.0, 5.0]}
    (axes,) = drawn(levels(values)).axes
    points, means = axes.lines
    assert [xs(points), ys(points)] == [
        [0, 0, 1, 1, 8, 8], [1, 2, 2, 4, 3, 5],
    ]  # fmt: skip
    known = [mean_interval(row) for row in values.values()]
    assert ys(means) == [mean.estimate for mean in known]
    assert [[y for _, y in line] for line in segments(axes)] == [[m.low, m.high] for m in known]
    low, high = axes.get_ylim()
    assert low < min(mean.low for mean in known) < max(mean.high for mean in known) < high


def test_forest_shows_estimates_intervals_and_where_claims_hold() -> None:
    found = verdicts(CASES["normal"])
    panels = drawn(figures.forest_figure(found)).axes
    assert len(panels) == 3
    for axes, verdict in zip(panels, found, strict=True):
        estimate, low, high = verdict.finding.estimate
        left, right = axes.get_xlim()
        (area,) = axes.patches
        shaded = area.get_window_extent().transformed(axes.transData.inverted())
        region = [min(max(edge, left), right) for edge in verdict.finding.region]
        assert [shaded.x0, shaded.x1] == pytest.approx(region)
        lines = [xs(line) for line in axes.lines]
        assert [low, high] in lines
        assert [estimate] in lines
        dashed = {xs(line)[0] for line in axes.lines if line.get_linestyle() == "--"}
        assert dashed == {edge for edge in verdict.finding.region if math.isfinite(edge)} - {0.0}
        colour, marker = OUTCOMES[verdict.outcome]
        (mark,) = [line for line in axes.lines if line.get_marker() == marker]
        assert to_rgba(mark.get_color()) == to_rgba(colour)
        assert axes.get_title("right") == verdict.outcome


def test_hypotheses_without_values_say_so() -> None:
    assert (
        words(figures.forest_figure(verdicts(CASES["without values"])).svg).count("no values") == 3
    )


def test_claims_show_factors_their_mean_and_what_is_to_be_expected() -> None:
    claim = wider(CASES["normal"])
    (axes,) = drawn(figures.claims_figure(claim)).axes
    assert axes.get_xscale() == "log"
    ends = [[x for x, _ in line] for line in segments(axes)]
    wanted = [*(setting.factor for setting in claim.settings), claim.factor, claim.new_setting]
    assert ends == [[one.low, one.high] for one in wanted]
    marks = [(xs(line)[0], line.get_marker()) for line in axes.lines
             if len(xs(line)) == 1]  # fmt: skip
    shapes = [OUTCOMES[setting.outcome][1] for setting in claim.settings]
    assert marks == [
        *((setting.factor.estimate, shape) for setting, shape in zip(claim.settings, shapes,
                                                                     strict=True)),
        (claim.factor.estimate, "D"),
    ]  # fmt: skip
    assert [1, 1] in [xs(line) for line in axes.lines]


def test_settings_without_a_factor_show_why() -> None:
    claim = wider({"none": [1.0, -2.0], "pearson": [1.0, 2.0]})
    found = words(figures.claims_figure(claim).svg)
    assert claim.settings[0].note
    assert found.count(claim.settings[0].note) == 3
    assert "by_superiority (made_up, digits)" in found


def test_intervals_that_leave_the_axis_of_factors_end_in_arrows() -> None:
    claim = wider({"none": [1.0, 30.0], "pearson": [25.0, 2.0]})
    (axes,) = drawn(figures.claims_figure(claim)).axes
    assert claim.settings[0].factor.high > axes.get_xlim()[1]
    arrows = [line for line in axes.lines if line.get_marker() in ("<", ">")]
    assert {xs(line)[0] for line in arrows} == set(axes.get_xlim())


def test_verdicts_are_told_apart_by_shape_as_well() -> None:
    assert len({colour for colour, _ in OUTCOMES.values()}) == 3
    assert len({marker for _, marker in OUTCOMES.values()}) == 3


def test_arms_keep_their_looks_and_no_two_of_32_look_the_same() -> None:
    arms = [f"arm_{i}" for i in range(32)]
    known = looks(arms)
    assert len({(look.colour, look.marker) for look in known.values()}) == 32
    assert len({(look.colour, look.dash) for look in known.values()}) == 32
    assert looks(arms[:3])["arm_1"] == known["arm_1"]


def texts(figure: Figure) -> list[Text]:
    """All that are on paper; ticks beyond the limits are not."""
    axes = [axis for panel in figure.axes for axis in (panel.xaxis, panel.yaxis)]
    unseen = [
        label
        for axis in axes
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)
        if not axis.get_visible()
        or not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    ]
    found: list[Any] = figure.findobj(Text)
    return [one for one in found if one.get_text() and one.get_visible() and one not in unseen]


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", ["normal", "25 arms", "decades", "hostile", "huge and tiny"])
def test_texts_lie_within_the_figure(kind: str, case: str) -> None:
    figure = drawn(KINDS[kind](CASES[case]))
    page = figure.bbox
    for text in texts(figure):
        box = text.get_window_extent()
        assert page.x0 <= box.x0 < box.x1 <= page.x1, text
        assert page.y0 <= box.y0 < box.y1 <= page.y1, text


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("case", [*CASES, "below zero"])
def test_numbers_at_the_ticks_do_not_touch(case: str) -> None:
    below = {"a": [0.003, 0.01, 0.3], "b": [1.0, 2.0, 1.5]}
    values = CASES.get(case, below)
    for kind in ("seeds", "forest"):
        figure = drawn(KINDS[kind](values))
        for axes in figure.axes:
            places = [
                text.get_window_extent()
                for text in texts(figure)
                if text in axes.xaxis.get_majorticklabels()
            ]
            places.sort(key=lambda place: place.x0)
            assert all(a.x1 < b.x0 for a, b in itertools.pairwise(places))
            assert kind == "forest" or len(places) > 1


@pytest.mark.parametrize("text", ["", "a", "name_of_an_arm", LONG])
def test_texts_are_fitted(text: str) -> None:
    short = fitted(text, 100)
    assert len(short) <= 100 / (0.65 * 9)
    assert short == text or (short[:4], short[-4:]) == (text[:4], text[-4:])
