"""Figures of claims over many settings: factors, their mean, and what is to be expected."""

from __future__ import annotations

from ogan_bench.report import figures
from ogan_bench.report.figures.style import DECISIONS
from tests.unit.report.figures.drawn_parts import drawn, segments, words, xs
from tests.unit.report.figures.figure_cases import CASES, wider


def test_claims_show_factors_their_mean_and_what_is_to_be_expected() -> None:
    claim = wider(CASES["normal"])
    (axes,) = drawn(figures.claims_figure(claim)).axes
    assert axes.get_xscale() == "log"
    ends = [[x for x, _ in line] for line in segments(axes)]
    wanted = [*(setting.factor for setting in claim.settings), claim.factor, claim.new_setting]
    assert ends == [[one.low, one.high] for one in wanted]
    marks = [(xs(line)[0], line.get_marker()) for line in axes.lines
             if len(xs(line)) == 1]  # fmt: skip
    shapes = [DECISIONS[setting.decision][1] for setting in claim.settings]
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
