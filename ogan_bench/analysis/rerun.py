"""How to run a stored study again, and how far the means of a rerun may lie from its own."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ogan_bench.analysis.formatting import MISSING, estimate, metric_info, number, precision
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.summary import main_metrics
from ogan_bench.files import Record
from ogan_bench.statistics import rerun_interval
from ogan_bench.store.provenance import PACKAGES

TOLERANCE = (
    "Mean ± tolerance: of reruns with n other seeds, 95 % have a mean within it, "
    "t(n − 1) · sd · √(2/n) of the n stored values, if these are normal. On the same processor and "
    "with the same versions, a rerun of the same seeds on the CPU gives the same values."
)

SPEED = "Speeds and memory depend on the machine."


@dataclass(frozen=True)
class Rerun:
    """What a rerun takes and what it should give.

    Args:
        lines: Shell commands: the code, its environment, the run and the comparison.
        environment: Where the trials ran, in words; most of them, if they differ.
        arms: The command that retrains and measures each arm, and nothing else: ``arm`` and
            ``command``.
        metrics: Those that hypotheses are about.
        expected: One row per arm: ``arm`` and ``cells``, for each metric mean and tolerance as
            text.
        rule: How the tolerance is computed.
    """

    lines: list[str]
    environment: str
    arms: list[Record]
    metrics: list[str]
    expected: list[Record]
    rule: str


def rerun(results: StudyResults) -> Rerun:
    """How to run a study again."""
    metrics = main_metrics(results)
    measured = any(metric_info(metric).source == "measured" for metric in metrics)
    return Rerun(
        lines=_lines(results),
        environment=_environment(results),
        arms=_arms(results),
        metrics=metrics,
        expected=[
            {"arm": arm, "cells": [_expected(results, arm, metric) for metric in metrics]}
            for arm in results.arms
        ],
        rule=f"{TOLERANCE} {SPEED}" if measured else TOLERANCE,
    )


def _lines(results: StudyResults) -> list[str]:
    commit = _fact(results, "git_commit")
    versions = {name: _fact(results, name).partition("+")[0] for name in PACKAGES}
    pins = [f"{name}=={version}" for name, version in versions.items() if version]
    lines = [f"git checkout {shlex.quote(commit)}"] if commit else []
    if pins:
        lines.append(f"pip install -e . {shlex.join(pins)}")
    name = shlex.quote(results.name)
    lines += [
        str(results.record["command"]),
        f"ogan-bench report {name} --against FOLDER_OF_THESE_RESULTS",
    ]
    return [" ".join(line.split()) for line in lines]


def _environment(results: StudyResults) -> str:
    """``Python 3.12.1, Linux x86_64, cpu; torch 2.15.0``; empty if nothing is stored."""
    facts = {
        "Python ": "python", "ogan_bench ": "ogan_bench", "": "platform", "on ": "device.name",
    }  # fmt: skip
    known = [f"{word}{found}" for word, key in facts.items() if (found := _fact(results, key))]
    if device := _fact(results, "device"):
        known.append(f"on {device}")
    if not known:
        return ""
    text = ", ".join(known)
    dirty = [
        trial for trial, facts in results.provenance.items() if facts.get("git_dirty") == "True"
    ]
    if dirty:
        text += f"; {len(dirty)} of {len(results.provenance)} trials with changes not committed"
    commits = Counter(facts.get("git_commit", "") for facts in results.provenance.values())
    if len(commits) > 1:
        most = commits.most_common(1)[0][1]
        text += f"; {most} of {len(results.provenance)} trials ran at this commit, see Provenance"
    return text


def _fact(results: StudyResults, key: str) -> str:
    """The value that most trials state; empty if none does."""
    stated = Counter(
        facts[key] for facts in results.provenance.values() if facts.get(key, "None") != "None"
    )
    return stated.most_common(1)[0][0] if stated else ""


def _arms(results: StudyResults) -> list[Record]:
    command, seeds = results.record["command"], seed_ranges(results.record["seeds"])
    return [
        {"arm": arm, "command": f"{command} --arms {shlex.quote(arm)} --seeds {seeds}"}
        for arm in results.arms
    ]


def _expected(results: StudyResults, arm: str, metric: str) -> str:
    """``0.0136 ± 0.0012``."""
    found = rerun_interval(results.values(arm, metric))
    if math.isnan(found.estimate):
        return MISSING
    spec = metric_info(metric).format
    if math.isnan(found.low):
        return number(found.estimate, spec)
    half = number((found.high - found.low) / 2, precision(found, spec))
    return f"{estimate(found, spec)} ± {half}"


def seed_ranges(seeds: Sequence[int]) -> str:
    """Seeds as the command line takes them.

    >>> seed_ranges([0, 1, 2, 7])
    '0-2,7'
    """
    runs: list[list[int]] = []
    for seed in sorted(seeds):
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ",".join(f"{run[0]}-{run[-1]}" if run[1:] else str(run[0]) for run in runs)
