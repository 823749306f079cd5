"""Text in LaTeX: what is escaped, where it may break, and how wide it is at most."""

from __future__ import annotations

import pytest

from ogan_bench.report.latex_text import breakable, escaped, measure


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("50%_a & b", r"50\%\_a \& b"),
        ("\\x{y}", r"\textbackslash{}x\{y\}"),
        ("ρ₂² β Γ Ρ", r"$\rho$$_{2}$$^{2}$ $\beta$ $\Gamma$ $\mathrm{P}$"),
        ("λ ς ο", r"$\lambda$ $\varsigma$ $o$"),
        ("é ß 中", r"\'{e} \ss{} \texttt{U+4E2D}"),
        ("two\n lines\x07", "two lines"),
        ("−1 → [a]*", r"$-$1 $\to$ {[}a]{*}"),
    ],
)
def test_every_sign_is_escaped_or_named(text: str, latex: str) -> None:
    assert escaped(text) == latex


def test_text_may_break_within_every_column_width() -> None:
    broken = breakable("x" * 50 + " a_b", 40.0, 8.0)
    parts = broken.split(r"\allowbreak{}")
    assert max(measure(part, 8.0) for part in parts) <= 40
    assert broken.replace(r"\allowbreak{}", "") == "x" * 50 + r" a\_b"
    assert r"a\_\allowbreak{}b" in broken


def test_the_bound_of_widths_holds_for_computer_modern() -> None:
    """Against widths of cmr7, the relatively widest font in use, in thousandths of an em."""
    cmr7 = {
        "i": 323.4, "l": 323.4, "t": 451.8, "r": 453.7, "s": 457.9, "f": 354.5, "1": 569.5,
        "a": 569.5, "n": 631.8, "o": 569.5, "d": 631.8, "m": 944.2, "w": 819.3, "M": 1042.0,
        "W": 1162.0, "Q": 884.1, "G": 893.0, "N": 849.5, "H": 849.5, "(": 446.4, ".": 323.4,
    }  # fmt: skip
    for sign, em in cmr7.items():
        assert measure(sign, 7.0) >= 7.0 * em / 1000 - 0.15, sign
