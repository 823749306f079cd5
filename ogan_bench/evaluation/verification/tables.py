"""The results of a verification as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from ogan_bench.evaluation.fidelity.quantities import DEFINITIONS
from ogan_bench.evaluation.verification.experiments import CHECKS, EXPERIMENTS
from ogan_bench.evaluation.verification.smallest_defect import FAMILIES
from ogan_bench.evaluation.verification.verify import Limit, Outcome, judged

MARKS = {True: "pass", False: "**fail**", None: ""}


def outcome_tables(outcomes: Sequence[Outcome]) -> str:
    """One table for each kind of quantity: experiments in rows, quantities in columns."""
    kinds, text = judged(), []
    for kind in ("fidelity", "diversity", "distance"):
        columns = [
            name
            for name in kinds
            if kinds[name] == kind and any(o.quantity == name for o in outcomes)
        ]
        if not columns:
            continue
        rows = []
        for name, experiment in EXPERIMENTS.items():
            desired = experiment.desired.get(kind)
            found = {o.quantity: o for o in outcomes if o.experiment == name}
            if desired is not None and found:
                cells = [_cell(found[column]) for column in columns]
                rows.append([experiment.title, desired, *cells])
        total = ["passed", ""]
        for column in columns:
            results = [o.passed for o in outcomes if o.quantity == column and o.passed is not None]
            total.append(f"{sum(results)} of {len(results)}")
        titles = [DEFINITIONS[column].title for column in columns]
        text.append(
            f"{kind.capitalize()}:\n\n" + _table(["defect", "should be", *titles], [*rows, total])
        )
    return "\n\n".join(text)


def check_table() -> str:
    """The checks of arXiv 2505.22450 and the experiments that ask about the same."""
    rows = [
        [check, "; ".join(EXPERIMENTS[name].title for name in names) or "none"]
        for check, names in CHECKS.items()
    ]
    return _table(["check of the paper", "here"], rows)


def limit_table(limits: Sequence[Limit]) -> str:
    """Quantities in rows, defects and sizes of the sets in columns."""
    columns = list(dict.fromkeys((limit.family, limit.n) for limit in limits))
    found = {(limit.quantity, limit.family, limit.n): limit.smallest for limit in limits}
    header = [f"{FAMILIES[family].title}, n = {n:,}" for family, n in columns]
    rows = []
    for quantity in dict.fromkeys(limit.quantity for limit in limits):
        cells = [found.get((quantity, *column)) for column in columns]
        rows.append(
            [DEFINITIONS[quantity].title, *("none" if c is None else f"{c:g}" for c in cells)]
        )
    return _table(["smallest defect found", *header], rows)


def _cell(outcome: Outcome) -> str:
    values = (outcome.base, outcome.defect)
    shown = [("-" if value is None else f"{value:.3g}") for value in values]
    return f"{shown[0]} → {shown[1]} {MARKS[outcome.passed]}".rstrip()


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
