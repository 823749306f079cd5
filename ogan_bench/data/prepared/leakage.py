"""Images that stand in the training and in the test split, under whatever names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ogan_bench.data.prepared.store import Prepared, readable
from ogan_bench.errors import UserError

MAX_LISTED = 5
"""Pairs that a message lists, at most."""


def leaked(images: Prepared, n_train: int) -> list[tuple[int, int]]:
    """The first training image that equals a test image, and that test image, by their indices.

    Args:
        images: All images of a source.
        n_train: How many are training images: the first ones.
    """
    return [
        (group[0], i)
        for group in images.repeated
        if group[0] < n_train
        for i in group
        if i >= n_train
    ]


def treatment_and_leakage(images: Prepared, n_train: int) -> str:
    """What rows say of the images of a source; empty if there is nothing to say.

    A published dataset is what it is, so its leakage is told and not refused.

    Args:
        images: As of :func:`leaked`, like the next.
        n_train: Likewise.
    """
    pairs = leaked(images, n_train)
    plural = "images are" if len(pairs) > 1 else "image is"
    told = f"{len(pairs)} test {plural} also among the training images" if pairs else ""
    return ", ".join(filter(None, (images.treatment, told)))


def refuse_leakage(images: Prepared, names: Sequence[str], n_train: int, place: Path) -> None:
    """Reject a source in which a test image equals a training image once both are prepared.

    Args:
        images: All images of the source.
        names: Their names.
        n_train: How many are training images: the first ones.
        place: The source.

    Raises:
        UserError: There is such an image.
    """
    pairs = leaked(images, n_train)
    if not pairs:
        return
    lines = [
        f"  {readable(names[test])} is {readable(names[train])}"
        for train, test in pairs[:MAX_LISTED]
    ]
    if len(pairs) > MAX_LISTED:
        lines.append(f"  and {len(pairs) - MAX_LISTED} more")
    plural = "images are" if len(pairs) > 1 else "image is"
    raise UserError(
        "\n".join([f"{place}: {len(pairs)} test {plural} also among the training images:", *lines])
        + "\nRemove them from one split, or set duplicates=keep."
    )
