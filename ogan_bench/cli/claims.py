"""``ogan-bench claims``: one claim, many settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ogan_bench.cli.options import RESULTS, Json, Results, stored_studies
from ogan_bench.cli.output import print_json, print_table, print_text, say

if TYPE_CHECKING:
    from ogan_bench.analysis.meta_analysis import Claim


Pages = Annotated[
    Path | None, typer.Option("--out", help="Write a Markdown page for each claim to this folder.")
]


def claims(results: Results = RESULTS, out: Pages = None, as_json: Json = False) -> None:
    """Answer every wider claim from its verdicts in all studies, with a meta-analysis over them.

    Hypotheses belong to the same wider claim if they name it (`part_of`).

    \b
    Example:
      ogan-bench claims --results results/reference --out claims
    """
    from ogan_bench.analysis.analyse import survey
    from ogan_bench.errors import UserError

    stored_studies(results)
    surveyed = survey(results)
    for problem in surveyed.studies.values():
        if isinstance(problem, str):
            say(f"Left out: {problem}")
    found = surveyed.claims
    if not found and not surveyed.studies:
        raise UserError(
            f"{results}: only {', '.join(surveyed.smoke)} is stored here; the scale smoke tests "
            "that a study runs, and belongs to no claim: run the study at another scale"
        )
    if not found:
        raise UserError(
            f"{results}: no stored hypothesis says which wider claim it is part of; "
            "`part_of: ...` in the study file does"
        )
    if out is not None:
        from ogan_bench.report.claim_pages import write_claim_pages

        write_claim_pages(results, found, out)
    if as_json:
        print_json([_record(claim) for claim in found])
        return
    for claim in found:
        _print(claim)
    if out is not None:
        print_text(f"Pages: {out}")


def _print(claim: Claim) -> None:
    from ogan_bench.analysis.formatting import ratio_interval

    print_text(f"{claim.claim}\n{claim.answer}\n{claim.sentence}")
    rows = [
        [
            setting.decision,
            setting.study,
            setting.standing.text,
            setting.dataset,
            setting.hypothesis,
            setting.note or ratio_interval(setting.factor),
            setting.rests_on or setting.left_out,
        ]
        for setting in claim.settings
    ]
    print_table(
        (
            *("verdict", "study", "standing", "data", "hypothesis"),
            *("ratio to control (above 1 is better)", ""),
        ),
        rows,
    )
    print_text("")


def _record(claim: Claim) -> dict[str, Any]:
    from ogan_bench.analysis.formatting import ratio_interval

    return {
        "claim": claim.claim,
        "page": f"{claim.slug}.md",
        "answer": claim.answer,
        "shown": ratio_interval(claim.factor),
        "verdicts": claim.verdicts,
        "factor": claim.factor,
        "new_setting": claim.new_setting,
        "tau2": claim.summary.tau2,
        "i2": claim.summary.i2,
        "settings": [
            {
                "study": setting.study,
                "standing": setting.standing.record(),
                "rests_on": setting.rests_on,
                "left_out": setting.left_out,
                "dataset": setting.dataset,
                "hypothesis": setting.hypothesis,
                "claim": setting.claim,
                "decision": setting.decision,
                "reason": setting.reason,
                "n": setting.n,
                "factor": setting.factor,
                "note": setting.note,
            }
            for setting in claim.settings
        ],
    }
