"""Diagrams show what the parts' own functions give, of every part that can be drawn."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from ogan_bench.study import catalogue
from website.diagrams import DIAGRAMS, EXPLAINED, diagram
from website.parts import part_pages, picture

WITHOUT = {
    "adversarial": set(),
    "readouts": {"head", "spare", "projection"},
    "consistency": {"none"},
    "penalties": {"none"},
    "schedules": {"gradient_share"},
    "objectives": set(),
}


@pytest.mark.parametrize("kind", DIAGRAMS)
def test_every_part_that_can_be_drawn_is_on_its_page(kind: str) -> None:
    page = part_pages()[f"parts/{kind}.md"]
    shown = re.findall(r"^```{image} /(\S+)\n:alt: (.+)$", page, re.MULTILINE)
    drawn = [name for name in catalogue.parts(kind) if name not in WITHOUT[kind]]
    assert [path for path, _ in shown] == [picture(kind, name) for name in drawn]
    assert "nan" not in "".join(alt for _, alt in shown)
    assert kind in EXPLAINED


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("adversarial", "hinge", "loss of E by score of a real image: 1 at −4, 2 at 0, 6 at 4"),
        ("adversarial", "hinge", "loss of G by score of a generated image: −4 at −4"),
        ("readouts", "norm", f"{math.hypot(1, 1):.3g} at e = (1, -1)"),
        # Pearson ignores scale and average; the squared error ties both, its centred form the scale
        ("consistency", "pearson", "loss by scale of the code: −0.5 at 0.2, −0.5 at 1.6"),
        ("consistency", "pearson", "loss by average of the code: −0.5 at −2, −0.5 at 0"),
        ("consistency", "mse", "loss by average of the code: 80 at −2, 16 at 0, 80 at 2"),
        ("consistency", "mse_centred", "loss by scale of the code: 0.84 at 0.2, 1.96 at 1.6"),
        ("consistency", "mse_centred", "loss by average of the code: 1 at −2, 1 at 0, 1 at 2"),
        ("penalties", "gradient_penalty", "40 at −3, 10 at 0, 40 at 3"),
        ("penalties", "r1", "45 at −3, 0 at 0, 45 at 3"),
        ("schedules", "cosine", "1 at 0, 0.5 at 0.5, 0 at 1"),
    ],
)
def test_the_words_of_a_diagram_are_those_of_the_formula(kind: str, name: str, said: str) -> None:
    drawing = diagram(kind, name)
    assert drawing is not None
    assert said in drawing.alt


def test_lines_and_contours_are_drawn(tmp_path: Path) -> None:
    for kind, name in (("adversarial", "relativistic"), ("readouts", "std")):
        drawing = diagram(kind, name)
        assert drawing is not None
        text = drawing.save(tmp_path / f"{name}.svg").read_text(encoding="utf-8")
        assert text.count("<path") > 3
        assert ">loss of E<" in text or "score of e" in text
