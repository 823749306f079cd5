"""Splits as folders and files are named after them: ``train-00000-of-00003``, ``Validation_set``.

Where only some names mean a split, none is guessed at: the message says how to say what is meant.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from ogan_bench.errors import UserError

SplitName: TypeAlias = Literal["train", "validation", "test"]

KEYWORDS: dict[SplitName, tuple[str, ...]] = {
    "train": ("train", "training", "trainval", "trn", "训练"),
    "validation": (
        "val", "vals", "vali", "valid", "validate", "validation", "vld", "dev", "devel",
        "development", "验证",
    ),
    "test": (
        "test", "tests", "testing", "tst", "eval", "evals", "evaluation", "holdout", "holdouts",
        "heldout", "unseen", "测试",
    ),
}  # fmt: skip
"""Words for each split, those of Hugging Face's datasets among them."""
CONTAINERS = (
    "set", "sets", "data", "dataset", "split", "images", "image", "imgs", "img", "pictures",
    "photos", "samples", "files", "folder", "dir", "directory", "part", "sub", "subset", "集",
)  # fmt: skip
SPLIT_OF = {
    spelled: split
    for split, words in KEYWORDS.items()
    for word in words
    for container in ("", *CONTAINERS)
    for spelled in (f"{word}{container}", f"{container}{word}")
}
Meaning: TypeAlias = frozenset[SplitName | None]
ANY_SPLIT: Meaning = frozenset(KEYWORDS)
UNCLEAR: dict[str, Meaning] = {
    "tr": frozenset({"train", None}),
    "te": frozenset({"test", None}),
    "ts": frozenset({"test", None}),
    "va": frozenset({"validation", None}),
    "vl": frozenset({"validation", None}),
    "seen": frozenset({"train", None}),
    "devtest": frozenset({"validation", "test"}),
    **dict.fromkeys(("fold", "folds", "kfold", "cv", "cvfold", "split"), ANY_SPLIT),
}
"""Whole names, but for numbers, that are as often those of a class, or of any part of the data."""


@functools.lru_cache(maxsize=4096)
def meaning(name: str) -> Meaning:
    """The splits that the name of one folder or file may mean; ``None`` among them: none.

    >>> sorted(meaning("held_out_set")), sorted(meaning("train_test")), meaning("cats")
    (['test'], ['test', 'train'], frozenset({None}))
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()  # TrainImages
    joined = re.sub(r"(?<![a-z])(hold|held)[-_ ]?(outs?)(?![a-z])", r"\1\2", spaced)
    words = re.findall(r"[^\W\d_]+", joined)
    whole = "".join(word for word in words if word not in CONTAINERS) or "".join(words)
    if whole in UNCLEAR:
        return UNCLEAR[whole]
    return frozenset(SPLIT_OF[word] for word in words if word in SPLIT_OF) or frozenset({None})


def split_named(name: str) -> SplitName | None:
    """The split that the name of one folder or file means.

    Raises:
        UserError: It may mean more than one, or one or none.
    """
    found = meaning(name)
    if len(found) == 1:
        return next(iter(found))
    splits = " and ".join(split for split in KEYWORDS if split in found)
    like = f"a split, {splits}, or like none" if None in found else f"several splits, {splits}"
    raise UserError(f"{name}: named like {like}; {REMEDY}")


def files_of_splits(names: Sequence[str]) -> bool:
    """Whether every file is named after a split, and not all after the same."""
    found = set(map(_of_file, names))
    return len(found) > 1 and not any(None in splits for splits in found)


def _of_file(name: str) -> Meaning:
    return meaning(name.rpartition("/")[2].rpartition(".")[0])


def mixed_splits(names: Sequence[str]) -> list[str]:
    """A folder or file of each split that files are or may be of; empty if they can be one set.

    Args:
        names: Paths of files within a folder.
    """
    first: dict[SplitName | None, str] = {}
    for name in names:
        folders = name.split("/")[:-1]
        named = [i for i, folder in enumerate(folders) if meaning(folder) != {None}]
        shown = "/".join(folders[: named[0] + 1]) if named else name
        for split in {split for i in named for split in meaning(folders[i])} or {None}:
            first.setdefault(split, shown)
    if set(first) == {None} and files_of_splits(names):
        return list({_of_file(name): name for name in reversed(names)}.values())[::-1]
    return list(dict.fromkeys(first.values())) if len(first) > 1 else []


def refuse_mixed(names: Sequence[str], folder: Path) -> None:
    """Reject a folder of a published dataset that has a split of its own, or none.

    Args:
        names: Paths of its files within it.
        folder: The folder.

    Raises:
        UserError: Its files are or may be of different splits.
    """
    if mixed := mixed_splits(names):
        raise UserError(
            f"{folder}: {' and '.join(mixed)} are of different splits, which this dataset does not "
            "have in its folders; keep one of them there, or read the folder as image_folder, "
            "which keeps its splits"
        )


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
