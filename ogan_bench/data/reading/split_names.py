"""Splits as folders and files are named after them: ``train-00000-of-00003``, ``Validation_set``.

Where only some names mean a split, none is guessed at: the message says how to say what is meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from ogan_bench.errors import UserError

SplitName: TypeAlias = Literal["train", "validation", "test"]

KEYWORDS: dict[SplitName, tuple[str, ...]] = {
    "train": ("train", "training", "trainval"),
    "validation": ("val", "valid", "validation", "dev", "development"),
    "test": ("test", "testing", "eval", "evaluation", "holdout", "heldout"),
}
"""Words for each split, those of Hugging Face's datasets among them."""
SPLIT_OF = {
    f"{word}{container}": split
    for split, words in KEYWORDS.items()
    for word in words
    for container in ("", "set", "data", "split", "images", "imgs")
}


def split_named(name: str) -> SplitName | None:
    """The split that the name of one folder or file has among its words.

    Raises:
        UserError: It names more than one.
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()  # TrainImages
    words = re.findall("[a-z]+", re.sub(r"\b(hold|held)[-_ ]out\b", "holdout", spaced))
    found = {SPLIT_OF[word]: None for word in words if word in SPLIT_OF}
    if len(found) > 1:
        raise UserError(f"{name}: named like two splits, {' and '.join(found)}; {REMEDY}")
    return next(iter(found), None)


REMEDY = (
    "set train and test to the folders or files of the splits, as train=NAME, test=NAME (* matches "
    "anything), or train=. if nothing is named after a split"
)


class Members(NamedTuple):
    """The images or files of a training and a test split.

    Args:
        train: Names, in the order of the source; of both splits if ``test`` is empty.
        test: Likewise; those of validation if nothing is named after test.
    """

    train: list[str]
    test: list[str]


def members(named: Sequence[tuple[str, SplitName | None]], place: Path) -> Members:
    """Names by the split that each belongs to: all or none must belong to one.

    Args:
        named: Names, and the split of each.
        place: Their folder.

    Raises:
        UserError: Some names have a split and some do not, or none is of training.
    """
    of: dict[SplitName | None, list[str]] = {}
    for name, split in named:
        of.setdefault(split, []).append(name)
    if None in of:
        others = [split for split in of if split is not None]
        if others:
            like = of[others[0]][0]
            raise UserError(
                f"{place}: {like} is named after a split and {of[None][0]} is not; {REMEDY}"
            )
        return Members(of[None], [])
    if named and "train" not in of:
        raise UserError(
            f"{place}: nothing is named after the training split, as {named[0][0]} is after "
            f"{named[0][1]}; {REMEDY}"
        )
    return Members(of.get("train", []), of.get("test") or of.get("validation", []))


def chosen(names: Sequence[str], train: str, test: str, place: Path) -> Members:
    """Names that the user's patterns assign to the splits.

    Args:
        names: Paths within the folder.
        train: Pattern of a folder or file; ``.`` matches everything.
        test: Likewise; empty: no test split.
        place: The folder.

    Raises:
        UserError: A pattern matches nothing, or both match the same name.
    """
    if not train:
        raise UserError(f"{place}: test={test} without train; {REMEDY}")
    found = Members(*([n for n in names if matches(n, p)] for p in (train, test)))
    for key, pattern, matched in (("train", train, found.train), ("test", test, found.test)):
        if pattern and not matched:
            raise UserError(f"{place}: {key}={pattern} matches nothing in it")
    both = set(found.train) & set(found.test)
    if both:
        raise UserError(f"{place}: {min(both)} matches both train={train} and test={test}")
    return found


def matches(name: str, pattern: str) -> bool:
    """Whether a path, or a folder that it lies in, matches a pattern."""
    if not pattern:
        return False
    return pattern == "." or fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}/*")
