"""``ogan-bench verify``: do the metrics find what they should, where the truth is known?"""

from __future__ import annotations

from typing import Annotated

import typer

from ogan_bench.cli.options import Json
from ogan_bench.cli.output import print_json, print_text, say

POINTS = 1_000
"""Points of each set."""
LARGE = 10_000


def verify(
    quick: Annotated[
        bool, typer.Option("--quick", help="Two repeats of 300 points, and no smallest defects.")
    ] = False,
    large: Annotated[
        bool,
        typer.Option("--large", help="Smallest defects also for 10,000 points: minutes more."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Test every metric of fidelity and diversity on synthetic features with known defects.

    Prints Markdown: what each metric does with each defect, whether that is what it should do, and
    the smallest defect that it finds with at most 5 % false alarms.

    \b
    Example:
      ogan-bench verify --quick
    """
    import dataclasses

    from ogan_bench.evaluation.verification.tables import limit_table, outcome_tables
    from ogan_bench.evaluation.verification.verify import limits, outcomes

    found = outcomes(300, 2, progress=say) if quick else outcomes(POINTS, progress=say)
    sizes = (*(() if quick else (POINTS,)), *((LARGE,) if large else ()))
    least = [limit for n in sizes for limit in limits(n, progress=say)]
    if as_json:
        print_json(
            {
                "outcomes": [dataclasses.asdict(outcome) for outcome in found],
                "limits": [dataclasses.asdict(limit) for limit in least],
            }
        )
        return
    print_text(outcome_tables(found))
    if least:
        print_text("\n" + limit_table(least))
