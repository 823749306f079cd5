"""A planned study, its running trials, and what stands in for its report."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore


def plan(root: Path, study: str = "study", arms: tuple[str, ...] = ("none", "pearson")) -> None:
    record = {"format": 1, "folder": study, "arms": {arm: {} for arm in arms}, "seeds": [0, 1]}
    TrialStore(root).write_study(study, record)


def trial(root: Path, name: str = "pearson/seed-0") -> TrialFolder:
    folder = TrialFolder(root / "study" / name)
    folder.write("run.json", {"format": 1})
    return folder


class Maker:
    """Stands in for the report: counts, and says how many results there are."""

    def __init__(self) -> None:
        self.made = 0
        self.problem: Exception | None = None

    def __call__(self, root: Path, study: str) -> bytes:
        self.made += 1
        if self.problem is not None:
            raise self.problem
        results = len(list((root / study).glob("*/seed-*/result.json")))
        return f'<html><body><main id="m"><p>{results} results</p></main></body></html>'.encode()
