"""A study's answer in words, from its decisions alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ogan_bench.analysis.claim_setting import dataset_name
from ogan_bench.analysis.formatting import join_words, pluralise
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.verdicts import DECISIONS, Decision, Verdict

WORDS: dict[Decision, tuple[str, str]] = {
    "supported": ("holds", "hold"),
    "refuted": ("fails", "fail"),
    "equivalent": ("fails since the arms do not differ", "fail since the arms do not differ"),
    "inconclusive": ("stays open", "stay open"),
    "uninformative": ("cannot be decided here", "cannot be decided here"),
}
"""Decision to what is said of one claim, and of several."""


@dataclass(frozen=True)
class Answer:
    """The answer to a study's question.

    Args:
        sentence: How many claims hold, how surely, on which data and at how many seeds; empty if
            the study has no hypotheses.
        groups: What is said of claims, with their texts.
    """

    sentence: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]


def study_answer(results: StudyResults, verdicts: Sequence[Verdict]) -> Answer:
    """The answer of a study's verdicts."""
    if not verdicts:
        return Answer("", ())
    groups: list[tuple[str, tuple[str, ...]]] = []
    counts: list[str] = []
    for decision in DECISIONS:
        found = [verdict for verdict in verdicts if verdict.decision == decision]
        if not found:
            continue
        one, several = WORDS[decision]
        groups.append((one.capitalize(), tuple(verdict.hypothesis.claim for verdict in found)))
        count = str(len(found))
        if not counts:
            count = _first_count(len(found), len(verdicts))
        counts.append(f"{count} {one if len(found) == 1 else several}{_surely(found)}")
    seeds = pluralise(len(results.record["seeds"]), "seed")
    sentence = f"On {join_words(_datasets(results))}, with {seeds} an arm, {join_words(counts)}."
    if not results.standing.complete:
        sentence = f"Preliminary: {sentence[0].lower()}{sentence[1:]}"
    return Answer(sentence, tuple(groups))


def _first_count(found: int, of: int) -> str:
    if found == of:
        return "the only claim" if of == 1 else f"all {of} claims"
    return f"{found} of {of} claims"


def _surely(found: Sequence[Verdict]) -> str:
    """How many of the decisions are robust, where the data have decided."""
    words = [verdict.sensitivity.words for verdict in found if verdict.sensitivity is not None]
    robust = words.count("robust")
    if not words:
        return ""
    if len(words) == 1:
        return " (robustly)" if robust else " (not robustly)"
    if robust in (0, len(words)):
        return " (all robustly)" if robust else " (none robustly)"
    return f" ({robust} robustly)"


def _datasets(results: StudyResults) -> list[str]:
    arms = results.record["arms"].values()
    return list(dict.fromkeys(dataset_name(arm["data"]) for arm in arms if arm.get("data")))
