"""Published pictures as the site shows them: grids of images with words on them."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.results import StudyResults
from ogan_bench.report.image_grids import grid_words, with_labels
from ogan_bench.study.yaml_errors import read_yaml


def copy_picture(root: Path, picture: Path, target: Path) -> None:
    """Copy a picture of a published study; one of a trial gets labels.

    Args:
        root: The repository.
        picture: The file, in its results/reference.
        target: The file to write.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if picture.suffix != ".png":
        shutil.copyfile(picture, target)
        return
    study, arm, seed = picture.parts[-4:-1]
    title = marked_title(root, study, arm)
    number = int(seed.removeprefix("seed-"))
    target.write_bytes(with_labels(picture.read_bytes(), study, title, number, grid_words(picture)))


def study_file(root: Path, name: str) -> Path:
    """The file of a published study; a scale other than the default is named after a dash."""
    return root / "studies" / f"{name.partition('-')[0].removesuffix('_tuning')}.yaml"


def marked_title(root: Path, study: str, arm: str) -> str:
    """The title of a published arm in its study's file, and whether its trials failed."""
    return titles(study_file(root, study)).get(arm, arm) + _published(root, study).mark(arm)


@functools.cache
def titles(study: Path) -> dict[str, str]:
    """Titles of the arms of a study file."""
    arms = read_yaml(study)["arms"].items()
    return {arm: str((settings or {}).get("title", arm)) for arm, settings in arms}


@functools.cache
def _published(root: Path, study: str) -> StudyResults:
    return load_results(root / "results" / "reference", study)
