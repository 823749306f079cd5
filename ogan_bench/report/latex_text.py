"""Text in LaTeX: escaped, breakable, and how wide it is at most."""

from __future__ import annotations

import unicodedata

_SIGNS = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "[": "{[}", "*": "{*}",  # an argument of the \\ before them otherwise
    "<": "$<$", ">": "$>$", "|": "$|$", '"': "''", "−": "$-$", "–": "--", "—": "---",
    "±": r"$\pm$", "×": r"$\times$", "·": r"$\cdot$", "→": r"$\to$", "↓": r"$\downarrow$",
    "↑": r"$\uparrow$", "≤": r"$\leq$", "≥": r"$\geq$", "≈": r"$\approx$", "∞": r"$\infty$",
    "‖": r"$\|$", "…": r"\ldots{}", "“": "``", "”": "''", "‘": "`", "’": "'", "§": r"\S{}",
    "ß": r"\ss{}", "ø": r"\o{}", "ł": r"\l{}", "æ": r"\ae{}", "å": r"\aa{}",
    "ς": r"$\varsigma$", "†": r"$^\dagger$", "‡": r"$^\ddagger$", "\N{NO-BREAK SPACE}": "~",
}  # fmt: skip

NARROW = frozenset("fijlrst.,;:()[]|!'’I ")
WIDE = frozenset("mwMW%±−=+<>→↓↑×≤≥≈∞–—")


def escaped(text: object) -> str:
    """Text on one line, with all LaTeX syntax escaped; pdfLaTeX sets every character.

    Signs that it has no glyph for are given by their code point.
    """
    return "".join(map(_sign, " ".join(str(text).split())))


def breakable(text: object, width: float, size: float) -> str:
    """The same, with a place to break at least once in every ``width`` points.

    Args:
        text: The text.
        width: Of the column.
        size: Of the font, in points.
    """
    parts, run = [], ""
    for sign in " ".join(str(text).split()):
        run = "" if sign == " " else run + sign
        parts.append(_sign(sign))
        if sign in "_-/.,=():→@" or measure(run, size) > width - 1.2 * size:
            parts.append(r"\allowbreak{}")
            run = ""
    return "".join(parts)


def measure(text: str, size: float) -> float:
    """Upper bound of the width of text in Computer Modern, in points.

    By the widest sign of a class at the smallest size used, 7 points, where signs are relatively
    widest: 0.45 em for narrow signs such as i and t, 1.2 em for wide ones such as m and ±, 0.9 em
    for other capitals, and 0.65 em for the rest, bold digits included.
    """
    return size * sum(
        0.45 if sign in NARROW else 1.2 if sign in WIDE else 0.9 if sign.isupper() else 0.65
        for sign in text
    )


def _sign(sign: str) -> str:
    if sign in _SIGNS:
        return _SIGNS[sign]
    if sign.isascii():
        return sign if sign.isprintable() else ""
    name = unicodedata.name(sign, "")
    kind, _, letter = name.rpartition(" ")
    if kind in ("GREEK SMALL LETTER", "GREEK CAPITAL LETTER"):
        return _greek(letter.lower(), capital="CAPITAL" in kind)
    plain = unicodedata.normalize("NFKC", sign)
    if name.startswith("SUPERSCRIPT ") and plain.isascii():
        return f"$^{{{plain}}}$"
    if name.startswith("SUBSCRIPT ") and plain.isascii():
        return f"$_{{{plain}}}$"
    base = unicodedata.normalize("NFD", sign)
    if name.startswith("LATIN ") and len(base) == 2 and base[0].isascii() and base[1] in _ACCENTS:
        return rf"\{_ACCENTS[base[1]]}{{{base[0]}}}"
    return rf"\texttt{{U+{ord(sign):04X}}}"


_ACCENTS = {
    "\N{COMBINING ACUTE ACCENT}": "'", "\N{COMBINING GRAVE ACCENT}": "`",
    "\N{COMBINING DIAERESIS}": '"', "\N{COMBINING CIRCUMFLEX ACCENT}": "^",
    "\N{COMBINING TILDE}": "~", "\N{COMBINING CARON}": "v ", "\N{COMBINING CEDILLA}": "c ",
}  # fmt: skip

_LATIN_CAPITALS = {
    "alpha": "A", "beta": "B", "epsilon": "E", "zeta": "Z", "eta": "H", "iota": "I", "kappa": "K",
    "mu": "M", "nu": "N", "rho": "P", "tau": "T", "chi": "X",
}  # fmt: skip


def _greek(letter: str, *, capital: bool) -> str:
    """A Greek letter; those that look like Latin ones have no command of their own."""
    letter = "lambda" if letter == "lamda" else letter
    if letter == "omicron":
        return "$O$" if capital else "$o$"
    if not capital:
        return rf"$\{letter}$"
    return (
        f"$\\mathrm{{{_LATIN_CAPITALS[letter]}}}$"
        if letter in _LATIN_CAPITALS
        else (rf"$\{letter.capitalize()}$")
    )
