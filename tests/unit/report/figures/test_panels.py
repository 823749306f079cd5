"""Panels of figures: long texts are fitted."""

from __future__ import annotations

import pytest

from ogan_bench.report.figures.panels import fitted
from tests.unit.report.figures.figure_cases import LONG


@pytest.mark.parametrize("text", ["", "a", "name_of_an_arm", LONG])
def test_texts_are_fitted(text: str) -> None:
    short = fitted(text, 100)
    assert len(short) <= 100 / (0.65 * 9)
    assert short == text or (short[:4], short[-4:]) == (text[:4], text[-4:])
