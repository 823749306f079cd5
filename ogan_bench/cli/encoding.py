"""Output to a terminal that is not UTF-8: what it cannot show is spelt in ASCII."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

NAME = "ogan_bench.ascii"

SPELT = {
    "–": "-", "—": "-", "−": "-", "…": "...", "→": "->", "←": "<-", "↑": "up", "↓": "down",
    "↕": "|",
    "“": '"', "”": '"', "‘": "'", "’": "'", "†": "+", "‡": "++", "§": "section ", "•": "*",
    "×": "x", "·": "*", "⊙": "*", "∘": "o", "±": "+-", "√": "sqrt", "∇": "grad ", "Σ": "sum",
    "Π": "prod", "∞": "inf", "‖": "||", "⟨": "<", "⟩": ">", "⁄": "/", "°": " deg", "∅": "{}",
    "≤": "<=", "≥": ">=", "≪": "<<", "≫": ">>", "≠": "!=", "≈": "~", "∝": " prop. to ",
    "ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "━": "-", "╺": "-", "╸": "-", "✓": "yes", "✗": "no",
    "λ": "lambda", "Λ": "Lambda", "∈": " in ", "∪": "union",
}  # fmt: skip
"""Characters to what they are read as; others by their decomposition, Greek letters by name."""

SHIFTED = {"<super>": "^", "<sub>": "_"}
"""Kinds of decompositions to the sign before the character, as in ``x^2``."""


def in_ascii(character: str) -> str:
    """A character in ASCII.

    >>> [in_ascii(character) for character in "√−ρ²é₁語"]
    ['sqrt', '-', 'rho', '^2', 'e', '_1', '?']
    """
    if character in SPELT:
        return SPELT[character]
    shift = unicodedata.decomposition(character).partition(" ")[0]
    plain = unicodedata.normalize("NFKD", character)
    plain = "".join(SPELT.get(part, part) for part in plain if not unicodedata.combining(part))
    if plain.isascii():
        return SHIFTED.get(shift, "") + plain
    name = unicodedata.name(plain[0])
    if name.startswith("GREEK"):
        letter = name.split("LETTER ")[-1].split()[-1].lower()
        return letter.capitalize() if "CAPITAL" in name else letter
    return "?"


def substitute_unprintable() -> None:
    """From now on, printing what the terminal's encoding lacks is no error."""
    codecs.register_error(NAME, _substitute)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=NAME)


def _substitute(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if "\udc80" <= character <= "\udcff":  # a byte of a file's name that is not valid text
        return bytes([ord(character) - 0xDC00]), error.start + 1
    return in_ascii(character), error.start + 1
