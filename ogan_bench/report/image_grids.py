"""Stored images side by side: median and worst seeds, the same z, and training steps.

Trials store pictures without words; what is shown of them says itself what it is.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ogan_bench.analysis.analyse import Analysis
from ogan_bench.analysis.results import StudyResults
from ogan_bench.files import Record
from ogan_bench.report.picture_labels import labelled
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

OF_POINTS = {
    "samples.png": "Density of test points, left, and of generated points, right",
    "reconstructions.png": "Density of test points, left, and of their reconstructions, right",
}
"""The same of points in the plane."""

SIZE_OF_POINTS = (520, 256)
"""Width and height of a picture of points, which no grid of images has."""

MOST_BYTES = 3 * 2**20
"""Limit on the pictures in a report; above it, those of the worst seeds are left out."""

MOST_STEPS = 12


def grid_words(path: Path) -> str:
    """What a stored picture shows.

    Args:
        path: ``samples.png`` of a trial, or another of the :data:`GRIDS`.
    """
    name = path.name
    return OF_POINTS[name] if name in OF_POINTS and _is_of_points(path) else GRIDS[name]


def with_labels(stored: bytes, study: str, arm: str, seed: int, words: str) -> bytes:
    """A stored picture that says itself which trial it is of and what it shows.

    Args:
        stored: The file; a damaged one is returned as it is.
        study: Name of the study.
        arm: Title of the arm.
        seed: Training seed.
        words: What it shows, see :func:`grid_words`.
    """
    return labelled(stored, f"{study}: {words}", f"{arm}, seed {seed}") or stored


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
    groups = [_group(results, chosen, file, folder) for file in GRIDS]
    shared = _shared_seed(analysis)
    if shared is not None:
        trials = [(arm, "same z", results.trial(arm, shared)) for arm in analysis.arms]
        group = _group(results, trials, "samples.png", folder, ", of the same z in every arm")
        groups.insert(1, group)
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
        what = OF_POINTS if _is_of_points(known[common[0]]) else GRIDS
        pictures = [
            _picture(
                results, trial, known[step], f"{what['samples.png']}, at step {step:,}", folder
            )
            for step in common
        ]
        rows.append({"arm": arm, "seed": trial["seed"], "pictures": pictures})
    return {"steps": common, "arms": rows}


def _group(
    results: StudyResults,
    chosen: Sequence[tuple[str, str, Record]],
    file: str,
    folder: Path,
    more: str = "",
) -> Record:
    """The pictures of one kind, under what they show."""
    rows: list[Record] = []
    for arm, which, trial in chosen:
        path = results.folder(trial["path"]).path / file
        if path.exists():
            picture = _picture(results, trial, path, grid_words(path) + more, folder)
            rows.append({"arm": arm, "seed": trial["seed"], "which": which, "picture": picture})
    titles = dict.fromkeys(row["picture"].title for row in rows)
    return {"title": "; ".join(titles), "rows": rows}


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
    """A picture of a trial, linked from the folder of the report; in the page it has labels."""
    arm, seed = results.marked_title(trial["arm"]), trial["seed"]
    shown = with_labels(path.read_bytes(), results.name, arm, seed, title)
    link = Path(os.path.relpath(path, folder)).as_posix()
    return Picture(title, f"{title}, arm {arm}, seed {seed}", data_uri(shown, "png"), link)


def _is_of_points(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return image.size == SIZE_OF_POINTS
    except Exception:  # what Pillow's decoders raise is not documented
        return False
