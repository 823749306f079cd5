"""``ogan-bench power``: how many seeds would settle a study's hypotheses?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ogan_bench.cli.options import Json, Scale, Set, StudyPath, read_study
from ogan_bench.cli.output import print_json, print_table, print_text

if TYPE_CHECKING:
    from ogan_bench.analysis.power import Assumed, Plan
    from ogan_bench.analysis.results import StudyResults

COUNTS = "3,5,8,10,15,20"


Pilot = Annotated[
    Path | None,
    typer.Option(
        metavar="RESULTS/STUDY",
        help="Stored trials whose estimates are taken as the truth, of this study or of "
        "another of its scales.",
    ),
]
Spread = Annotated[
    float | None,
    typer.Option(
        min=0, help="Without a pilot: standard deviation over seeds, as a share of the mean."
    ),
]
Effect = Annotated[
    float | None,
    typer.Option(
        help="Without a pilot: true advantage in claims of superiority, as a share of the "
        "control's mean."
    ),
]
Correlation = Annotated[
    float,
    typer.Option(min=-0.99, max=0.99, help="Without a pilot: between arm and control over seeds."),
]


def power(
    study: StudyPath,
    pilot: Pilot = None,
    spread: Spread = None,
    effect: Effect = None,
    correlation: Correlation = 0.0,
    counts: Annotated[
        str, typer.Option("--seeds", metavar="N,N", help="Numbers of seeds per arm to show.")
    ] = COUNTS,
    scale: Scale = None,
    override: Set = None,
    as_json: Json = False,
) -> None:
    """Show how likely a verdict on each hypothesis is, and how many seeds it would take.

    The error level is the strictest: that of the claim that Holm's procedure tests first.

    \b
    Examples:
      ogan-bench power mse_vs_pearson --pilot results/mse_vs_pearson-smoke
      ogan-bench power mse_vs_pearson --spread 0.1 --effect 0.2
    """
    from ogan_bench.analysis.power import plan
    from ogan_bench.study.procedure import seeds_for_ranks

    statement, _ = read_study(study, scale, None, None, override)
    numbers = _counts(counts)
    plans = plan(statement, basis_of(pilot, spread, effect, correlation), numbers)
    ranks = seeds_for_ranks(len(statement.hypotheses), statement.alpha)
    if as_json:
        rows = [
            {
                "id": entry.hypothesis.id,
                "test": entry.hypothesis.test,
                "level": entry.level,
                "chances": entry.chances,
                "seeds_needed": entry.needed,
                "seeds_for_ranks": ranks,
                "note": entry.note,
            }
            for entry in plans
        ]
        print_json(rows)
        return
    _print(plans, numbers)
    print_text(
        "Where a training fails or values are counts, tests are by ranks; these take "
        f"{ranks} seeds to decide any one of the hypotheses first."
    )


def _counts(text: str) -> list[int]:
    from ogan_bench.errors import UserError

    try:
        numbers = [int(piece) for piece in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 2:
        raise UserError(f"--seeds: {text!r} is not a list of numbers of seeds, such as 3,5,10")
    return numbers


def basis_of(
    pilot: Path | None, spread: float | None, effect: float | None, correlation: float
) -> StudyResults | Assumed:
    """What a power analysis takes as true, from its options.

    Raises:
        UserError: They say both or neither, or there is no such pilot.
    """
    from ogan_bench.analysis.loading import load_results
    from ogan_bench.analysis.power import Assumed
    from ogan_bench.errors import UserError

    if pilot is not None:
        if spread is not None or effect is not None:
            raise UserError("--pilot says what --spread and --effect would assume; give one")
        return load_results(pilot.resolve().parent, pilot.name)
    if spread is None or effect is None:
        raise UserError(
            "give --pilot RESULTS/STUDY, or what to assume: --spread 0.1 --effect 0.2 (shares of "
            "the control's mean)"
        )
    return Assumed(spread, effect, correlation)


def _print(plans: list[Plan], counts: list[int]) -> None:
    from ogan_bench.analysis.verdicts import ENOUGH, MOST_SEEDS

    header = ["hypothesis", "test", *(f"n={n}" for n in counts), f"{100 * ENOUGH:.0f} % at"]
    rows = []
    for entry in plans:
        needed = f"{entry.needed} seeds" if entry.needed else f"over {MOST_SEEDS:,}"
        rows.append(
            [
                entry.hypothesis.id,
                entry.hypothesis.test,
                *("–" if p != p else f"{100 * p:.0f} %" for p in entry.chances.values()),
                entry.note or needed,
            ]
        )
    print_table(header, rows)
