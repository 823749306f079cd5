"""The protocol as Markdown: what a study says of itself stays text."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from ogan_bench.analysis.protocol import protocol
from ogan_bench.report.protocol import protocol_text
from ogan_bench.study.hypotheses import Hypothesis
from tests.unit.analysis.stored_study import HOSTILE

RECORD: dict[str, Any] = {
    "folder": "demo", "question": HOSTILE, "source": "", "alpha": 0.05, "seeds": [0, 1],
    "metrics": ["latent_rho"], "hypotheses": [],
    "arms": {arm: {"training": {"steps": steps, "batch_size": 64}}
             for arm, steps in (("a", 10), ("b", 2000))},
}  # fmt: skip
REGISTERED = {
    "sha256": "0" * 64, "procedure": 7, "tool": {"ogan_bench": "1.2", "git_commit": None}
}  # fmt: skip


def test_all_that_was_planned_is_stated_and_harmless() -> None:
    adapter: TypeAdapter[Hypothesis] = TypeAdapter(Hypothesis)
    one = adapter.validate_python(
        {"id": "h", "claim": HOSTILE, "part_of": "It works.", "test": "superiority",
         "metric": "latent_rho", "arm": "a", "control": "b", "margin": 0.1,
         "margin_reason": "Half of the best.", "where_works": ["b"]}
    )  # fmt: skip
    text = protocol_text(protocol(RECORD, REGISTERED, [one], seconds=7200))
    assert "<script>" not in text
    assert "![x]" not in text
    for part in (
        "0" * 64,
        "version 7 of the rules",
        "ogan_bench\n1.2.\n",
        "- Test: superiority, two-sided.",
        "Reason for the margin: Half of the best.",
        "Says something only where these arms work: b.",
        "Part of the wider claim: It works.",
        "α = 0.05 over 1 hypothesis, for the claims and, apart from them, for their opposites.",
        "latent round trip ρ**, higher is better (protocol 1): Pearson correlation",
        "| training.steps: 10 → 2000 | 2,000 | 128,000 |",
        "4 trials: 2 arms with the training seeds 0, 1.",
        "about 2 h",
        "No power was computed.",
        "There is no interim look.",
    ):
        assert part in text, part


TUNE = {
    "seeds": [900, 901],
    "searches": [
        {"arms": ["a", "b"], "candidates": {"training.batch_size": [8, 16]},
         "metric": "latent_rho", "target": 0.9},
        {"arms": ["b"], "candidates": {"training.steps": [1, 2], "training.ema": [0.9]},
         "metric": "fd_classifier", "target": None},
    ],
}  # fmt: skip


def test_the_tuning_is_stated() -> None:
    text = protocol_text(protocol({**RECORD, "tune": TUNE}, REGISTERED, []))
    assert "## Tuning" in text
    assert (
        "- a and b are tuned alike: of the candidates training.batch\\_size: 8, 16, each has the "
        "one whose mean latent round trip ρ over training seeds 900, 901, which no verdict uses, "
        "is nearest to 0.9, among those whose every training ended well."
    ) in text
    assert "- b is tuned: of the candidates training.steps: 1, 2; training.ema: 0.9, each" in text
    assert "which no verdict uses, is best, among" in text
    assert "## Tuning" not in protocol_text(protocol(RECORD, REGISTERED, []))


def test_a_study_without_hypotheses_says_so() -> None:
    text = protocol_text(protocol(RECORD, REGISTERED, []))
    assert "None: the study describes, and decides nothing." in text
    assert "Their cost is not known" in text
