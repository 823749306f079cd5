"""Where a user's own data lie: paths that begin with ./ or ../ start at the study file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ogan_bench.errors import UserError
from ogan_bench.study.parts import Component


def starts_at_the_file(data: Component) -> bool:
    """Whether the ``path`` of a dataset is relative to the study file."""
    return _path(data).startswith(("./", "../"))


def located(data: Component, folder: Path | None) -> Component:
    """A dataset whose path is absolute, if it is relative to the study file.

    Settings keep the relative one, so that a trial's identity is the same on every machine.

    Args:
        data: Name and parameters of a dataset.
        folder: Of the study file, or where the command was given that names the dataset; ``None``:
            unknown.

    Raises:
        UserError: The folder is needed and unknown.
    """
    if not starts_at_the_file(data):
        return data
    if folder is None:
        raise UserError(
            f"{data.name}: {_path(data)} starts at the study file, and where that lies is not "
            "recorded; run the study from its file"
        )
    return data.model_copy(update={"path": os.path.normpath(folder / _path(data))})


def recorded_folder(data: Iterable[Component], folder: Path | None, root: Path) -> str | None:
    """The folder of the study file as a results folder records it, or ``None`` if nobody needs it.

    It is relative to the results, so that both may be moved together.

    Args:
        data: The datasets of all arms.
        folder: Folder of the study file.
        root: The results folder.
    """
    if folder is None or not any(map(starts_at_the_file, data)):
        return None
    return Path(os.path.relpath(folder, root.resolve())).as_posix()


def _path(data: Component) -> str:
    """Empty for a dataset that has no path."""
    path = data.parameters().get("path")
    return path if isinstance(path, str) else ""
