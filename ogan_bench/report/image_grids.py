"""Stored images side by side: median and worst seeds, the same z, and training steps."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ogan_bench.analysis.analyse import Analysis
from ogan_bench.analysis.results import StudyResults
from ogan_bench.files import Record
from ogan_bench.report.rendering import Picture, data_uri

GRIDS = {
    "samples.png": "Generated images",
    "reconstructions.png": "Test images, each followed by its reconstruction",
    "swapped.png": "Test images, each with its reconstruction and with that of another class",
    "neighbours.png": "Samples closest to training images, each followed by that image",
    "missing.png": "Test images farthest from any sample, each followed by the nearest sample",
    "invented.png": "Samples farthest from any test image, each followed by the nearest test image",
    "interpolations.png": "From one test image to another through their codes",
}

MOST_BYTES = 3 * 2**20
"""Limit on the pictures in a report; above it, those of the worst seeds are left out."""

MOST_STEPS = 12


def contact(analysis: Analysis, folder: Path) -> list[Record]:
    """For each kind of grid, the pictures of the median and the worst seed of every arm.

    Seeds are ordered by the first metric of the study for which the arm has values. Trials of one
    seed draw the same z in every arm, so samples of the lowest seed for which all arms have
    pictures form a separate group.

    Args:
        analysis: Of the study.
        folder: Where the report is, which links to the pictures.

    Returns:
        Groups with ``title`` and ``rows``: ``arm``, ``seed``, ``which`` (``median`` or ``worst``;
        ``same z`` in the group of one seed) and ``picture``.
    """
    results = analysis.results
    chosen = [
        (arm, which, trials[arm])
        for arm in analysis.arms
        for which, trials in (("median", analysis.median_trials), ("worst", analysis.worst_trials))
        if arm in trials
    ]
    groups: list[Record] = [
        {"title": title, "rows": _rows(results, chosen, file, title, folder)}
        for file, title in GRIDS.items()
    ]
    shared = _shared_seed(analysis)
    if shared is not None:
        title = f"{GRIDS['samples.png']}, of the same z in every arm"
        trials = [(arm, "same z", results.trial(arm, shared)) for arm in analysis.arms]
        rows = _rows(results, trials, "samples.png", title, folder)
        groups.insert(1, {"title": title, "rows": rows})
    if sum(len(row["picture"].uri) for group in groups for row in group["rows"]) > MOST_BYTES:
        for group in groups:
            group["rows"] = [row for row in group["rows"] if row["which"] != "worst"]
    return [group for group in groups if group["rows"]]


def steps(analysis: Analysis, folder: Path) -> Record:
    """Samples from fixed z during training, for each arm's median trial; see :func:`contact`.

    Returns:
        ``steps``, at most :data:`MOST_STEPS` of those for which all these trials have pictures,
        including the first and the last; and ``arms``, with ``arm``, ``seed`` and ``pictures``, one
        per step.
    """
    results = analysis.results
    trials = []
    for arm, trial in analysis.median_trials.items():
        paths = (results.folder(trial["path"]).path / "steps").glob("step-*.png")
        known = {int(path.stem.partition("-")[2]): path for path in paths}
        if known:
            trials.append((arm, trial, known))
    common = sorted(set.intersection(*(set(known) for _, _, known in trials))) if trials else []
    if len(common) > MOST_STEPS:
        last = len(common) - 1
        common = [common[round(i * last / (MOST_STEPS - 1))] for i in range(MOST_STEPS)]
    if not common:
        return {"steps": [], "arms": []}
    rows = []
    for arm, trial, known in trials:
        pictures = [
            _picture(results, trial, known[step], f"Generated images at step {step}", folder)
            for step in common
        ]
        rows.append({"arm": arm, "seed": trial["seed"], "pictures": pictures})
    return {"steps": common, "arms": rows}


def _rows(
    results: StudyResults,
    chosen: Sequence[tuple[str, str, Record]],
    file: str,
    title: str,
    folder: Path,
) -> list[Record]:
    rows: list[Record] = []
    for arm, which, trial in chosen:
        path = results.folder(trial["path"]).path / file
        if path.exists():
            picture = _picture(results, trial, path, title, folder)
            rows.append({"arm": arm, "seed": trial["seed"], "which": which, "picture": picture})
    return rows


def _shared_seed(analysis: Analysis) -> int | None:
    """The lowest seed for which every arm has samples."""
    results = analysis.results
    for seed in sorted(results.record["seeds"]):
        paths = [results.trial(arm, seed)["path"] for arm in analysis.arms]
        if all(isinstance(path, str) for path in paths) and all(
            (results.folder(path).path / "samples.png").exists() for path in paths
        ):
            return int(seed)
    return None


def _picture(results: StudyResults, trial: Record, path: Path, title: str, folder: Path) -> Picture:
    """A picture of a trial, linked from the folder of the report."""
    alt = f"{title}, arm {results.arm_title(trial['arm'])}, seed {trial['seed']}"
    link = Path(os.path.relpath(path, folder)).as_posix()
    return Picture(title, alt, data_uri(path.read_bytes(), "png"), link)
