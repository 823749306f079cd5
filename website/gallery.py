"""The gallery: what each arm of the published studies makes, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ogan_bench.report.image_grids import GRIDS, grid_words
from ogan_bench.study.shipped import read_question
from website.markdown import code, heading, markdown
from website.pictures import copy_picture, marked_title, study_file, titles
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
        shown = "".join(_grid(root, reference / name, file, target) for file in GRIDS)
        if shown:
            page += heading(2, markdown(name)) + markdown(_question(root, name)) + " "
            page += f'<a href="reports/{name}/{REPORT}">Report</a>.\n\n{shown}'
    return page


def _question(root: Path, name: str) -> str:
    scale = name.partition("-")[2]
    return read_question(study_file(root, name)) + (f" (scale {scale})" if scale else "")


def _grid(root: Path, folder: Path, file: str, target: Path) -> str:
    """The pictures of one kind, in the order of the study's arms."""
    named = titles(study_file(root, folder.name))
    order = list(named)
    found = sorted(
        _pictures(folder, file),
        key=lambda arm_seed: (order.index(arm_seed[0]) if arm_seed[0] in order else 99, arm_seed),
    )
    if not found:
        return ""
    shown, kinds = "", dict[str, None]()
    for arm, seed in found:
        inner = Path(folder.name) / arm / seed / file
        picture = folder.parent / inner
        copy_picture(root, picture, target / "pictures" / inner)
        title, words = marked_title(root, folder.name, arm), grid_words(picture)
        kinds[words] = None
        caption = markdown(title) + (f" ({code(arm)})" if named.get(arm, arm) != arm else "")
        shown += (
            f"```{{figure}} /pictures/{inner.as_posix()}\n:alt: {words}, {title}\n\n"
            f"{caption}, {seed.replace('-', ' ')}\n```\n"
        )
    return f"{'; '.join(kinds)}:\n\n````{{container}} gallery\n{shown}````\n\n"


def _pictures(folder: Path, file: str) -> Iterator[tuple[str, str]]:
    """Arm and seed of the pictures of one kind."""
    for path in folder.glob(f"*/seed-*/{file}"):
        yield path.parent.parent.name, path.parent.name
