"""The stored results of a study, as one row per trial and one per measurement."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ogan_bench.analysis.members import by_member, stacked
from ogan_bench.analysis.registration import Standing
from ogan_bench.analysis.trial_rows import FINISHED, identities_of
from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.statistics import Interval, difference_interval, mean_interval
from ogan_bench.store.outcomes import FAILURES
from ogan_bench.store.trial_folder import TrialFolder

OUTCOMES = (*FINISHED, "stopped", "failed", "unfinished", "missing")
"""Possible states of a planned trial: ``stopped`` by a budget, ``failed`` with an error, ..."""

PROTOCOL = ("extractor", "split", "protocol", "n_samples")
"""Values of a metric are comparable only if these agree."""

MEASURED = (
    "arm", "seed", "metric", "value", *PROTOCOL, "floor", "error", "members", "members_sd",
    "degenerate", "note", "curve",
)  # fmt: skip


@dataclass(frozen=True)
class StudyResults:
    """The stored results of a study.

    Args:
        root: The results folder.
        record: ``study.json``.
        metrics: One row per (arm, seed, metric) with the columns of :data:`MEASURED`.
        trials: One row per planned trial: arm, seed, outcome, reason, steps, seconds, the
            :data:`COSTS`, encoder_parameters, generator_parameters, evaluation_seconds,
            config_hash, path (relative to the root).
        provenance: Trial ("arm/seed-0") to the flattened provenance of its run.
        problems: Warnings for the reader: trials outside the plan or with other settings.
        standing: Whether it was registered before its first trial, how it deviates from that, and
            whether it is complete.
    """

    root: Path
    record: Record
    metrics: pd.DataFrame
    trials: pd.DataFrame
    provenance: dict[str, dict[str, str]]
    problems: tuple[str, ...]
    standing: Standing = field(default_factory=Standing)

    @property
    def name(self) -> str:
        """Name of the study's folder."""
        return str(self.record["folder"])

    @property
    def arms(self) -> list[str]:
        """Arms in the study's order."""
        return list(self.record["arms"])

    def arm_title(self, arm: str) -> str:
        """Name of an arm in figures, tables and reports: its title, else its id."""
        titles: dict[str, str] = self.record.get("arm_titles", {})
        return titles.get(arm, arm)

    def marked_title(self, arm: str) -> str:
        """Its title and its :meth:`mark`.

        What shows an arm's values or pictures, and has no mark of its own for each, names it so.
        """
        return self.arm_title(arm) + self.mark(arm)

    def mark(self, arm: str) -> str:
        """How many of an arm's finished trials failed, if any did: `` (collapsed 2/5)``."""
        ended = Counter(self.trials.loc[self.trials["arm"] == arm, "outcome"])
        finished = sum(ended[outcome] for outcome in FINISHED)
        failed = [f"{kind} {ended[kind]}/{finished}" for kind in FAILURES if ended[kind]]
        return f" ({', '.join(failed)})" if failed else ""

    @property
    def control(self) -> str:
        """The arm that all tables show differences to.

        The control of more than half of the hypotheses; else the arm that all of them compare,
        with different controls; else the control named most, or the first arm.
        """
        return self.control_and_rule[0]

    @cached_property
    def control_and_rule(self) -> tuple[str, str]:
        """The control of all tables, and why it is that one."""
        claims = [claim for claim in self.record["hypotheses"] if claim.get("control") is not None]
        if not claims:
            return self.arms[0], "the first arm"
        control, times = Counter(str(claim["control"]) for claim in claims).most_common(1)[0]
        compared = {claim.get("arm") for claim in claims}
        if 2 * times <= len(claims) and len(compared) == 1 and None not in compared:
            return str(compared.pop()), "the arm that all hypotheses compare with others"
        return control, "the control that most hypotheses name"

    @property
    def metric_names(self) -> list[str]:
        """The study's metrics, then all others that have been measured."""
        return list(dict.fromkeys([*self.record["metrics"], *self.metrics["metric"]]))

    def identity(self, arm: str) -> Record:
        """What identifies the trials of an arm, apart from their seeds."""
        identity: Record = identities_of(self.record)[arm]
        return identity

    def trial(self, arm: str, seed: int) -> Record:
        """Row of a planned trial."""
        return self._plan[arm, seed]

    @cached_property
    def planned(self) -> list[Record]:
        """Rows of all planned trials."""
        return records(self.trials)

    @cached_property
    def _plan(self) -> dict[tuple[str, int], Record]:
        return {(row["arm"], row["seed"]): row for row in self.planned}

    def folder(self, path: str) -> TrialFolder:
        """Folder of the trial with this path."""
        return TrialFolder(self.root / path)

    def values(self, arm: str, metric: str) -> NDArray[np.float64]:
        """Values of an arm's trials, in the order of seeds, omitting missing ones."""
        return np.array(list(self.by_seed(arm, metric).values()), np.float64)

    def sample(self, arm: str, metric: str) -> NDArray[np.float64]:
        """Values of an arm's trials for intervals and tests.

        Like :meth:`values`, shape (n,); if all were measured in the members of an ensemble, one
        value for each, shape (n, members).
        """
        return self._samples(metric, (arm, list(self.by_seed(arm, metric))))[0]

    def mean(self, arm: str, metric: str, confidence: float = 0.95) -> Interval:
        """Mean over an arm's trials with its t interval; nan without values."""
        return mean_interval(self.sample(arm, metric), confidence)

    def by_seed(self, arm: str, metric: str) -> dict[int, float]:
        """Seed to value of an arm's trials, in the order of seeds, omitting missing ones."""
        rows = self.measurements(metric, arm)
        return {row["seed"]: row["value"] for row in rows if math.isfinite(row["value"])}

    def pairs(
        self, arm: str, control: str, metric: str
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
        """Values of two arms for computing their difference, and whether they are paired.

        Arms of one study share their seeds by design: trials of a seed start from the same weights
        and see the same images and z in the same order. So values are paired on the seeds for which
        both arms have values, and the others are left out. With fewer than 2 common seeds, all
        values of each arm are returned unpaired. Paired values are those in the members of an
        ensemble, as in :meth:`sample`, if all were measured in one.
        """
        own, other = self.by_seed(arm, metric), self.by_seed(control, metric)
        common = [seed for seed in own if seed in other]
        if len(common) < 2:
            return self.values(arm, metric), self.values(control, metric), False
        first, second = self._samples(metric, (arm, common), (control, common))
        return first, second, True

    def _samples(self, metric: str, *chosen: tuple[str, list[int]]) -> list[NDArray[np.float64]]:
        """Values of each arm at its seeds, in the members of an ensemble if all have them."""
        found = []
        for arm, seeds in chosen:
            rows = {row["seed"]: row for row in self.measurements(metric, arm)}
            found += [rows[seed] for seed in seeds]
        values = iter(by_member(found))
        return [stacked([next(values) for _ in seeds]) for _, seeds in chosen]

    def difference(self, arm: str, control: str, metric: str, confidence: float = 0.95) -> Interval:
        """Arm minus control with its interval, paired by seed if :meth:`pairs` says so.

        All nan for an arm on different data from the control, and for the control itself.
        """
        if arm == control or control not in self.comparable(arm):
            return Interval(math.nan, math.nan, math.nan)
        own, other, paired = self.pairs(arm, control, metric)
        return difference_interval(own, other, confidence, paired=paired)

    def measurements(self, metric: str, arm: str | None = None) -> list[Record]:
        """Rows of a metric, of one arm or of all."""
        arms = self.arms if arm is None else [arm]
        return [row for name in arms for row in self._rows.get((metric, name), ())]

    @cached_property
    def _rows(self) -> dict[tuple[str, str], list[Record]]:
        """Metric and arm to rows of :attr:`metrics`."""
        rows: dict[tuple[str, str], list[Record]] = {}
        for row in records(self.metrics):
            rows.setdefault((row["metric"], row["arm"]), []).append(row)
        return rows

    @cached_property
    def _protocols(self) -> dict[tuple[str, str], dict[tuple[Any, ...], list[str]]]:
        """Metric and arm to the protocols under which it was measured, each with its trials."""
        ways: dict[tuple[str, str], dict[tuple[Any, ...], list[str]]] = {}
        for key, rows in self._rows.items():
            for row in rows:
                if math.isfinite(row["value"]):
                    way = tuple(row[name] for name in PROTOCOL)
                    ways.setdefault(key, {}).setdefault(way, []).append(trial_name(row))
        return ways

    def comparable(self, arm: str) -> list[str]:
        """Arms whose values are comparable with those of an arm: those on the same data."""
        data = {name: settings.get("data") for name, settings in self.record["arms"].items()}
        return [name for name in self.arms if data[name] == data[arm]]

    def protocol(self, metric: str, arm: str) -> dict[str, Any] | None:
        """The single protocol under which the values of a metric were measured on an arm's data.

        Raises:
            UserError: There are several, so the values cannot share a table.
        """
        kinds: dict[tuple[Any, ...], list[str]] = {}
        for name in self.comparable(arm):
            for kind, where in self._protocols.get((metric, name), {}).items():
                kinds.setdefault(kind, []).extend(where)
        if len(kinds) > 1:
            parts = [
                f"{', '.join(f'{key} {value}' for key, value in zip(PROTOCOL, kind, strict=True))} "
                f"({', '.join(where[:3])}{', ...' if len(where) > 3 else ''})"
                for kind, where in kinds.items()
            ]
            raise UserError(
                f"{self.name}: metric {metric!r} was measured under different protocols and cannot "
                f"be averaged: {'; '.join(parts)}. `ogan-bench evaluate` measures the odd ones "
                "again, without training."
            )
        return next((dict(zip(PROTOCOL, kind, strict=True)) for kind in kinds), None)


def records(frame: pd.DataFrame) -> list[Record]:
    """Rows as mappings from column to value."""
    names = [str(name) for name in frame.columns]
    columns = (frame[name].tolist() for name in frame.columns)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def runs(frame: pd.DataFrame) -> Iterator[tuple[str, int, slice]]:
    """Arm, seed and rows of each trial in a frame whose rows are grouped by trial."""
    if frame.empty:
        return
    arms, seeds = frame["arm"].to_numpy(object), frame["seed"].to_numpy(np.int64)
    changes = np.flatnonzero((arms[1:] != arms[:-1]) | (seeds[1:] != seeds[:-1])) + 1
    for start, end in zip([0, *changes.tolist()], [*changes.tolist(), len(frame)], strict=True):
        yield str(arms[start]), int(seeds[start]), slice(start, end)


def trial_name(row: Record) -> str:
    return f"{row['arm']}/seed-{row['seed']}"
