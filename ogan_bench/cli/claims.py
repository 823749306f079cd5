"""``ogan-bench claims``: one claim, many settings."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from ogan_bench.cli.options import RESULTS, Json, Results

if TYPE_CHECKING:
    from ogan_bench.analysis.meta_analysis import Claim
    from ogan_bench.statistics import Interval


def claims(results: Results = RESULTS, as_json: Json = False) -> None:
    """Show every wider claim with its verdict in each study, and what they say together.

    Hypotheses belong together where they name the same wider claim (`part_of`).
    """
    from ogan_bench.analysis.analyse import survey
    from ogan_bench.errors import UserError

    found = survey(results).claims
    if not found:
        raise UserError(
            f"{results}: no stored hypothesis says which wider claim it is part of; "
            "`part_of: ...` in the study file does"
        )
    if as_json:
        rows = [_record(claim) for claim in found]
        sys.stdout.write(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
        return
    for claim in found:
        sys.stdout.write(_text(claim) + "\n\n")


def _text(claim: Claim) -> str:
    from ogan_bench.analysis.formatting import ratio_interval

    lines = [claim.claim]
    for setting in claim.settings:
        factor = ratio_interval(setting.factor) if not setting.note else setting.note
        lines.append(
            f"  {setting.decision:<12}  {setting.study} ({setting.dataset}), "
            f"{setting.hypothesis}: {factor}"
        )
    return "\n".join([*lines, f"  {claim.sentence}"])


def _record(claim: Claim) -> dict[str, Any]:
    from ogan_bench.analysis.formatting import ratio_interval

    return {
        "claim": claim.claim,
        "shown": ratio_interval(claim.factor),
        "verdicts": dict(claim.verdicts),
        "factor": _bounds(claim.factor),
        "new_setting": _bounds(claim.new_setting),
        "tau2": _finite(claim.summary.tau2),
        "i2": _finite(claim.summary.i2),
        "settings": [
            {
                "study": setting.study,
                "dataset": setting.dataset,
                "hypothesis": setting.hypothesis,
                "claim": setting.claim,
                "decision": setting.decision,
                "factor": _bounds(setting.factor),
                "note": setting.note,
            }
            for setting in claim.settings
        ],
    }


def _bounds(value: Interval) -> list[float | None]:
    return [_finite(end) for end in value]


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
