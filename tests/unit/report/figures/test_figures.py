"""Figures of every kind: the same bytes again, harmless texts, odd inputs that do no harm."""

from __future__ import annotations

import itertools
import re
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from ogan_bench.report import figures
from ogan_bench.report.figures import Drawing
from tests.unit.report.figures.drawn_parts import drawn, words
from tests.unit.report.figures.figure_cases import CASES, HOSTILE, KINDS, LONG, levels, wider

NAMING = ("seeds", "curves", "plane")
"""Kinds that name all arms."""


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
        content = figures.render(first, form)
        assert content.startswith(start)
        assert content == figures.render(first, form) == figures.render(second, form)
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
    assert drawing.svg == drawing.svg == figures.render(drawing, "svg")
    assert len(calls) == 1
    assert figures.render(drawing, "png") != drawing.svg
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


def texts(figure: Figure) -> list[Text]:
    """All that are on paper; matplotlib's own axes are hidden."""
    hidden: list[Any] = [
        text
        for panel in figure.axes
        for axis in (panel.xaxis, panel.yaxis)
        for text in axis.findobj(Text)
    ]
    found: list[Any] = figure.findobj(Text)
    return [one for one in found if one.get_text() and one.get_visible() and one not in hidden]


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
                if text in axes.texts and text.get_transform() == axes.get_xaxis_transform()
            ]
            places.sort(key=lambda place: place.x0)
            assert all(a.x1 < b.x0 for a, b in itertools.pairwise(places))
            assert kind == "forest" or len(places) > 1
