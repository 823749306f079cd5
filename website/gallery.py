"""The gallery: what each arm of the published studies makes, side by side."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterator
from pathlib import Path

from ogan_bench.report.image_grids import GRIDS
from ogan_bench.study.shipped import read_question
from ogan_bench.study.yaml_errors import read_yaml
from website.markdown import code, heading, markdown
from website.reports import REPORT, published


def gallery_page(root: Path, target: Path) -> str:
    """The page; copies the pictures that it shows.

    Args:
        root: The repository.
        target: The folder of the site's sources.
    """
    reference = root / "results" / "reference"
    page = heading(1, "Gallery")
    page += (
        "Pictures of published trials, one beside the other for each arm that the study's first "
        "hypothesis compares, and for those that a page shows. The numbers behind them are in the "
        "reports.\n\n"
    )
    for name in published(reference):
        titles = _titles(study_file(root, name))
        shown = "".join(_grid(reference / name, file, titles, target) for file in GRIDS)
        if shown:
            page += heading(2, markdown(name)) + markdown(_question(root, name)) + " "
            page += f'<a href="reports/{name}/{REPORT}">Report</a>.\n\n{shown}'
    return page


def study_file(root: Path, name: str) -> Path:
    """The file of a published study; a scale other than the default is named after a dash."""
    return root / "studies" / f"{name.partition('-')[0].removesuffix('_tuning')}.yaml"


def _question(root: Path, name: str) -> str:
    scale = name.partition("-")[2]
    return read_question(study_file(root, name)) + (f" (scale {scale})" if scale else "")


@functools.cache
def _titles(study: Path) -> dict[str, str]:
    """Titles of a study's arms."""
    arms = read_yaml(study)["arms"].items()
    return {arm: str((settings or {}).get("title", arm)) for arm, settings in arms}


def _grid(folder: Path, file: str, titles: dict[str, str], target: Path) -> str:
    """The pictures of one kind, in the order of the study's arms."""
    order = list(titles)
    found = sorted(
        _pictures(folder, file),
        key=lambda arm_seed: (order.index(arm_seed[0]) if arm_seed[0] in order else 99, arm_seed),
    )
    if not found:
        return ""
    shown = ""
    for arm, seed in found:
        inner = Path(folder.name) / arm / seed / file
        copied = target / "pictures" / inner
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder.parent / inner, copied)
        title = titles.get(arm, arm)
        named = markdown(title) + (f" ({code(arm)})" if title != arm else "")
        shown += (
            f"```{{figure}} /pictures/{inner.as_posix()}\n:alt: {GRIDS[file]}, {title}\n\n"
            f"{named}, {seed.replace('-', ' ')}\n```\n"
        )
    return f"{GRIDS[file]}:\n\n````{{container}} gallery\n{shown}````\n\n"


def _pictures(folder: Path, file: str) -> Iterator[tuple[str, str]]:
    """Arm and seed of the pictures of one kind."""
    for path in folder.glob(f"*/seed-*/{file}"):
        yield path.parent.parent.name, path.parent.name
