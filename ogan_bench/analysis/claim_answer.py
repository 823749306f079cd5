"""A claim's answer in words, from the decisions of its settings alone, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence

from ogan_bench.analysis.claim_setting import ClaimSetting
from ogan_bench.analysis.formatting import join_words, pluralise
from ogan_bench.analysis.verdicts import DECIDED


def answer(settings: Sequence[ClaimSetting]) -> str:
    """Whether the claim holds, where, at how many seeds, and how surely.

    Settings that are preliminary or deviate from what was registered are listed, but answer
    nothing.
    """
    counted = [setting for setting in settings if _counts(setting)]
    decided = [setting for setting in counted if setting.decision in DECIDED]
    parts = [_opening(decided, len(counted))]
    for word in DECIDED:
        found = [setting for setting in decided if setting.decision == word]
        if found:
            parts.append(f"{word.capitalize()}: {_places(found)}.")
    if decided:
        parts.append(f"Robust: {_robust(decided)} of {len(decided)}.")
    for word in ("inconclusive", "uninformative"):
        found = [setting for setting in counted if setting.decision == word]
        if found:
            parts.append(f"{word.capitalize()}: {_places(found)}.")
    aside = len(settings) - len(counted)
    if aside:
        parts.append(f"{pluralise(aside, 'setting')} preliminary or deviated, not counted.")
    return " ".join(parts)


def what_would_change(settings: Sequence[ClaimSetting]) -> list[str]:
    """What the answer rests on, and which data would move it, a sentence each."""
    counted = [setting for setting in settings if _counts(setting)]
    found = [
        f"{_name(setting)} {setting.rests_on}: otherwise it is not {setting.decision}."
        for setting in counted
        if setting.rests_on not in ("", "robust")
    ]
    if names := _names(counted, "inconclusive"):
        found.append(f"More seeds, where the data decide neither way: {names}.")
    if names := _names(counted, "uninformative"):
        found.append(f"Contrasts that can decide something; these could not: {names}.")
    unregistered = [setting for setting in counted if setting.standing.registered is None]
    if unregistered:
        found.append(
            f"Registered repeats: {len(unregistered)} of {pluralise(len(counted), 'setting')} were "
            "not registered before their trials."
        )
    datasets = list(dict.fromkeys(setting.dataset for setting in settings))
    found.append(f"Other data: all settings are on {join_words(datasets)}.")
    return found


def _counts(setting: ClaimSetting) -> bool:
    return setting.standing.complete and not setting.standing.deviations


def _opening(decided: Sequence[ClaimSetting], counted: int) -> str:
    held = sum(setting.decision == "supported" for setting in decided)
    if not decided:
        return "Open: no setting decides it."
    if held == len(decided):
        words = "it holds wherever the data decide"
    elif not held:
        words = "it fails wherever the data decide"
    else:
        words = "it holds in some settings and fails in others"
    if not _robust(decided):
        words += ", but no decision is robust"
    if 2 * len(decided) < counted:
        words = f"mostly open: {words}"
    return f"{words[0].upper()}{words[1:]}."


def _robust(decided: Sequence[ClaimSetting]) -> int:
    return sum(setting.rests_on == "robust" for setting in decided)


def _places(settings: Sequence[ClaimSetting]) -> str:
    """``4 on digits at 16 (n = 5), 1 on ring (n = 3 to 10)``."""
    by_dataset: dict[str, list[int]] = {}
    for setting in settings:
        by_dataset.setdefault(setting.dataset, []).append(setting.n)
    return ", ".join(
        f"{len(seeds)} on {dataset} (n = {_span(seeds)})" for dataset, seeds in by_dataset.items()
    )


def _span(seeds: Sequence[int]) -> str:
    low, high = min(seeds), max(seeds)
    return str(low) if low == high else f"{low} to {high}"


def _names(settings: Sequence[ClaimSetting], decision: str) -> str:
    return join_words([_name(setting) for setting in settings if setting.decision == decision])


def _name(setting: ClaimSetting) -> str:
    return f"{setting.study}/{setting.hypothesis}"
