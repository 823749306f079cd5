"""How far the trials of a study are, and how it stands, without its tables.

Each file is read once and nothing of it is kept but what the standing rests on: of ten thousand
trials the tables take a minute to make, and most of a gigabyte.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ogan_bench.analysis.registration import Standing, standing_of
from ogan_bench.analysis.trial_rows import FINISHED, read_statement, run_of, trial_row
from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.store.preregistration import registration
from ogan_bench.store.trial_folder import TrialFolder, TrialSnapshot
from ogan_bench.store.trial_store import TrialStore

RELIED_ON = ("attempts", "provenance", "registered")
"""Keys of ``run.json`` that a standing rests on."""


@dataclass(frozen=True)
class TrialState:
    """How far a trial is.

    Args:
        state: As :meth:`~ogan_bench.store.trial_folder.TrialFolder.state` says, or ``damaged``.
        outcome: Of a trial with a result, as the study's report judges it.
        step: Training steps so far, where known.
        seconds: Of training so far, and of evaluation once it is over, where known.
        silent_seconds: Of a running trial: seconds since its last sign of life.
        problem: What is damaged, and the mend.
    """

    state: str
    outcome: str | None = None
    step: int | None = None
    seconds: float | None = None
    silent_seconds: float | None = None
    problem: str | None = None


def states(
    store: TrialStore, study: str, wanted: Mapping[str, TrialFolder]
) -> tuple[Standing, dict[str, TrialState]]:
    """The standing of a study, as its report says, and the states of some trials.

    Args:
        store: The results.
        study: Name of the study's folder; if nothing is stored there, the standing says whether it
            is registered.
        wanted: Trials of the study, by any name; they need not be started.

    Raises:
        UserError: A file of the study itself is damaged.
    """
    if study not in store.studies():
        registered = registration(store, study)
        known = None if registered is None else str(registered["sha256"])
        found = {name: _state(folder.snapshot()) for name, folder in wanted.items()}
        return Standing(known, complete=False), found
    record = read_statement(store, study)
    evidence = _Evidence(record)
    others = {folder.path: folder for folder in store.folders(study)}
    found = {}
    for name, folder in wanted.items():
        trial = folder.snapshot()
        found[name] = _state(trial)
        if others.pop(folder.path, None) is not None:
            judged = evidence.add(store, trial)
            if judged is not None and found[name].outcome is not None:
                found[name] = replace(found[name], outcome=judged)
    for folder in others.values():
        evidence.add(store, folder.snapshot())
    return evidence.standing(store, study), found


class _Evidence:
    """What a standing rests on, of the trials that have been read so far.

    Args:
        record: ``study.json``.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._planned = {(arm, seed) for arm in record["arms"] for seed in record["seeds"]}
        self._runs: dict[tuple[str, int], Record] = {}
        self._protocols: dict[str, set[str]] = {}
        self._ended = 0

    def add(self, store: TrialStore, trial: TrialSnapshot) -> str | None:
        """Note a trial that has been started; a damaged one is no evidence.

        Returns:
            How the report judges it; ``None`` if it is damaged or not of the plan.
        """
        arm, seed = trial.path.parent.name, int(trial.path.name.removeprefix("seed-"))
        row: Record = {}
        try:
            run = run_of(trial)
            if (arm, seed) in self._planned:
                row = trial_row(store.root, trial, run, self._record["arms"][arm])
        except UserError:
            return None
        self._runs[arm, seed] = {key: run[key] for key in RELIED_ON if key in run}
        self._ended += row.get("outcome") in FINISHED
        for entry in row.get("measured", ()):
            if entry["value"] is not None and entry.get("protocol") is not None:
                self._protocols.setdefault(entry["metric"], set()).add(entry["protocol"])
        return row.get("outcome")

    def standing(self, store: TrialStore, study: str) -> Standing:
        """How the study stands; trials are named in the order of its report."""
        arms = {arm: index for index, arm in enumerate(self._record["arms"])}

        def place(trial: tuple[str, int]) -> tuple[bool, int, str, int]:
            arm, seed = trial
            return trial not in self._planned, arms.get(arm, 0), arm, seed

        runs = {
            f"{arm}/seed-{seed}": self._runs[arm, seed]
            for arm, seed in sorted(self._runs, key=place)
        }
        complete = self._ended == len(self._planned)
        return standing_of(
            store, study, self._record, runs, {}, self._protocols, complete=complete
        )[0]


def _state(trial: TrialSnapshot) -> TrialState:
    beat = trial.read_heartbeat() or {}
    try:
        state, result = trial.state(), trial.read("result.json")
    except UserError as error:
        return TrialState("damaged", step=beat.get("step"), problem=str(error))
    if result is None:
        step, seconds = beat.get("step"), beat.get("seconds")
    else:
        training = result.get("training") or {}
        step, seconds = training.get("steps"), training.get("seconds")
        if seconds is not None:
            seconds += result.get("evaluation_seconds") or 0.0
    return TrialState(
        state,
        outcome=None if result is None else result["outcome"],
        step=step,
        seconds=seconds,
        silent_seconds=_silent(beat) if state == "running" else None,
    )


def _silent(beat: Record) -> float | None:
    """Seconds since a trial gave a sign of life, by this machine's clock."""
    then = beat.get("time")
    return max(0.0, time.time() - then) if isinstance(then, int | float) else None
