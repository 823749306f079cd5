"""What a study has decided about one arm, as it goes along with the arm's trained nets."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.verdicts import judge
from ogan_bench.errors import UserError, in_one_line
from ogan_bench.files import Record
from ogan_bench.store.trial_store import find_stored


def verdicts_on_trial(folder: Path) -> Record | None:
    """The verdicts about the arm of a trial, see :func:`arm_verdicts`.

    Args:
        folder: The trial's folder.

    Returns:
        ``None`` if the folder is not in that of its study. If the results of the study cannot be
        read, ``none`` says so: that is no reason to withhold the nets.
    """
    try:
        store, study, trials = find_stored(folder)
    except UserError:
        return None
    if [trial.path.resolve() for trial in trials] != [folder.resolve()]:
        return None
    try:
        return arm_verdicts(load_results(store.root, study), folder.resolve().parent.name)
    except UserError as error:
        why = f"the results of the study cannot be read ({in_one_line(error)})"
        return {"standing": "", "verdicts": [], "none": why}


def arm_verdicts(results: StudyResults, arm: str) -> Record:
    """The verdicts on all hypotheses that name an arm, as plain data.

    Args:
        results: Of the study.
        arm: Name of the arm.

    Returns:
        ``standing``, such as ``preliminary; not registered``; ``verdicts``, each with ``claim``,
        ``decision``, ``reason`` (the numbers in words), ``n`` and ``rests_on`` (``robust``, or what
        the decision rests on; empty if none was made); and ``none``, why there are no verdicts.
    """
    verdicts = judge(results)
    about = [
        verdict
        for verdict in verdicts
        if arm in [named for _, named in verdict.hypothesis.named_arms]
    ]
    why = "no hypothesis of the study names this arm" if verdicts else "it states no hypotheses"
    return {
        "standing": results.standing.text,
        "verdicts": [
            {
                "claim": verdict.hypothesis.claim,
                "decision": verdict.decision,
                "reason": verdict.reason,
                "n": list(verdict.finding.n),
                "rests_on": "" if verdict.sensitivity is None else verdict.sensitivity.words,
            }
            for verdict in about
        ],
        "none": "" if about else why,
    }
