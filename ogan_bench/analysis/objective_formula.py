"""An objective as a formula, from what its parts say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ogan_bench.analysis.ablation import compact
from ogan_bench.files import Record
from ogan_bench.study.catalogue import parts
from ogan_bench.study.parts import IMPLIED_OBJECTIVE

SYMBOLS = {
    "adversarial": ("f, g, h", "adversarial"),
    "readout": ("s", "readouts"),
    "consistency": ("c", "consistency"),
    "consistency_weight": ("w", "schedules"),
    "penalty": ("p", "penalties"),
    "penalty_schedule": ("q", "schedules"),
}
"""Key of an objective to the symbol in the formula, and the kind of the part."""


@dataclass(frozen=True)
class Formula:
    """What E and G minimise.

    Args:
        lines: The losses of E and of G; empty for a system that is not composed of parts.
        symbols: Symbol, or what is described, to its meaning in the control.
        others: Symbol and name of a part of another arm to its meaning.
    """

    lines: list[str]
    symbols: dict[str, str]
    others: dict[str, str]


def formula(control: Record, arms: Iterable[Record] = ()) -> Formula:
    """The formula of an objective, as in :mod:`ogan_bench.objectives.composed`.

    Args:
        control: Settings with all defaults, as ``study.json`` has them.
        arms: The objectives of other arms.
    """
    own = _parts(control)
    symbols = {symbol: _meaning(kind, part) for symbol, (kind, part) in own.items()}
    others = {
        f"{symbol} = {part['name']}": _meaning(kind, part)
        for arm in arms
        for symbol, (kind, part) in _parts(arm).items()
        if "name" in part and part["name"] != own.get(symbol, ("", {}))[1].get("name")
    }
    lines = []
    if "objective" not in own and own:
        penalty = "q·p" if "q" in own else "p"
        lines = [f"E: min f(s(x)) + g(s(G(z))) + w·c + {penalty}", "G: min h(s(G(z))) + w·c"]
    return Formula(lines, symbols, others)


def _parts(objective: Record) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Symbol to kind and settings of its part; ``objective`` is a system as a whole."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    if objective.get("name", IMPLIED_OBJECTIVE) != IMPLIED_OBJECTIVE:
        whole = {key: value for key, value in objective.items() if key not in SYMBOLS}
        found["objective"] = ("objectives", whole)
    for key, (symbol, kind) in SYMBOLS.items():
        if isinstance(objective.get(key), Mapping):
            found[symbol] = (kind, objective[key])
    return found


def _meaning(kind: str, part: Mapping[str, Any]) -> str:
    """What a part says of itself, with its parameters; its name alone if it is not shipped."""
    if part.get("name") == "constant" and "weight" in part:
        return f"{part['weight']:g}"
    known = parts(kind).get(str(part.get("name")))
    if known is None:
        return compact(part)
    settings = compact({key: value for key, value in part.items() if key != "name"})
    text = known.summary.rstrip(".")
    return f"{text}; {settings}." if len(part) > 1 else f"{text}."
