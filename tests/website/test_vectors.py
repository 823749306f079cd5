"""Every metric has a test vector with the value that arithmetic gives, or says why it has none."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ogan_bench.metrics.formulas import FORMULAS
from website.metrics import metric_pages
from website.vectors import Vector, reasons, vectors

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.metrics[0])
def test_the_tool_gives_what_is_worked_out_by_hand(vector: Vector) -> None:
    assert vector.computed() == pytest.approx(vector.expected(), rel=1e-6, abs=1e-6)


def test_every_metric_has_one_or_a_reason() -> None:
    named = [name for vector in vectors() for name in vector.metrics] + list(reasons())
    assert Counter(named) == Counter(FORMULAS.keys())


def test_the_arithmetic_calls_nothing_of_the_tool() -> None:
    with pytest.raises(NameError):
        Vector(("fd",), "evaluation.fidelity.frechet", "1.", "frechet_distance", "").expected()


def test_the_site_shows_input_value_and_arithmetic() -> None:
    page = metric_pages(ROOT)["metrics/fidelity.md"]
    entry = next(part for part in page.split("\n## ") if "| `fid` |" in part)
    assert "tensor([[0.], [0.], [0.], [6.]]))  # 5\n" in entry
    assert "\n  (0.5 - 1.5)**2 + 1 + 9 - 2*sqrt(1*9)  # by hand\n" in entry
    assert "* no test vector: it needs images of 16 × 16 pixels" in page
