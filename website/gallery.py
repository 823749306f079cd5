"""The gallery: what the arms that published studies compare make, side by side, from one seed.

``python -m website.gallery REFERENCE NAME...`` prints the paths of what it shows of published
studies. With ``--from RESULTS``, the results that they were published from, it copies what it is to
show first.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.verdicts import judge
from ogan_bench.report.image_grids import GRIDS, grid_words
from ogan_bench.study.shipped import read_question
from website.markdown import code, heading, markdown
from website.pictures import copy_picture, marked_title, study_file, titles
from website.reports import REPORT, published

MOST_ARMS = 8
"""Arms of a study that are shown."""

DECIDED = ("supported", "refuted", "equivalent")


def gallery_page(root: Path, target: Path) -> str:
    """The page; copies the pictures that it shows.

    Args:
        root: The repository.
        target: The folder of the site's sources.
    """
    reference = root / "results" / "reference"
    page = heading(1, "Gallery")
    page += (
        "Pictures of published trials, one beside the other for each arm that a decided hypothesis "
        f"of the study compares, for the first {MOST_ARMS} of them. All are of one seed, the first "
        "of which all these arms have pictures; where there is no such seed, each is of its own "
        "first one. An arm without published pictures is left out. The numbers are in the "
        "reports.\n\n"
    )
    for name in published(reference):
        pictures = shown(reference, name)
        kinds = "".join(
            _grid(root, name, [path for path in pictures if path.name == file], target)
            for file in GRIDS
        )
        if kinds:
            page += heading(2, markdown(name)) + markdown(_question(root, name)) + " "
            page += f'<a href="reports/{name}/{REPORT}">Report</a>.\n\n{kinds}'
    return page


def compared_arms(reference: Path, name: str) -> list[str]:
    """The arms that decided hypotheses of a published study compare; the first of them.

    Args:
        reference: The published results.
        name: Name of the study.
    """
    decided = [each for each in judge(load_results(reference, name)) if each.decision in DECIDED]
    return list(dict.fromkeys(arm for each in decided for arm in each.finding.arms))[:MOST_ARMS]


def shown(reference: Path, name: str) -> list[Path]:
    """The published pictures of a study that the gallery shows.

    Args:
        reference: The published results.
        name: Name of the study.
    """
    arms = compared_arms(reference, name)
    return [path for file in GRIDS for path in _of_one_seed(reference / name, arms, file)]


def publish(reference: Path, results: Path, name: str) -> None:
    """Copy the pictures that the gallery is to show from the results that were published.

    Args:
        reference: The published results.
        results: Those that the study was published from.
        name: Name of the study.
    """
    arms = compared_arms(reference, name)
    for file in GRIDS:
        for path in _of_one_seed(results / name, arms, file):
            target = reference / path.relative_to(results)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _of_one_seed(study: Path, arms: Sequence[str], file: str) -> list[Path]:
    """The pictures of one kind of these arms, of the first seed of which all have one.

    Without such a seed, each of its own first one. Arms that have none at all do not count.
    """
    found = {arm: _by_seed(study.glob(f"{arm}/seed-*/{file}")) for arm in arms}
    found = {arm: of for arm, of in found.items() if of}
    common = set.intersection(*map(set, found.values())) if found else set()
    return [of[min(common or of)] for of in found.values()]


def _by_seed(paths: Iterable[Path]) -> dict[int, Path]:
    return {int(path.parent.name.removeprefix("seed-")): path for path in paths}


def _question(root: Path, name: str) -> str:
    scale = name.partition("-")[2]
    return read_question(study_file(root, name)) + (f" (scale {scale})" if scale else "")


def _grid(root: Path, name: str, pictures: Sequence[Path], target: Path) -> str:
    """The pictures of one kind, in the order of the study's arms."""
    if not pictures:
        return ""
    named = titles(study_file(root, name))
    order = list(named)
    shown, kinds = "", dict[str, None]()
    for picture in sorted(pictures, key=lambda path: order.index(path.parts[-3])):
        arm, seed, file = picture.parts[-3:]
        inner = Path(name) / arm / seed / file
        copy_picture(root, picture, target / "pictures" / inner)
        title, words = marked_title(root, name, arm), grid_words(picture)
        kinds[words] = None
        caption = markdown(title) + (f" ({code(arm)})" if named.get(arm, arm) != arm else "")
        shown += (
            f"```{{figure}} /pictures/{inner.as_posix()}\n:alt: {words}, {title}\n\n"
            f"{caption}, {seed.replace('-', ' ')}\n```\n"
        )
    return f"{'; '.join(kinds)}:\n\n````{{container}} gallery\n{shown}````\n\n"


def main(words: Sequence[str]) -> None:
    """See the top of this file."""
    parser = argparse.ArgumentParser("python -m website.gallery")
    parser.add_argument("reference", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--from", type=Path, dest="results")
    given = parser.parse_intermixed_args(words)
    for name in given.names:
        if given.results is not None:
            publish(given.reference, given.results, name)
        sys.stdout.writelines(f"{path}\n" for path in shown(given.reference, name))


if __name__ == "__main__":
    main(sys.argv[1:])
