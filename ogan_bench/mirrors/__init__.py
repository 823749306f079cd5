"""Mirrors: copies of the training logs in experiment trackers, written and never read.

The results folder stays the only source of truth. A mirror's local files and its progress are in
``<results>/mirrors``; without that folder a mirror starts again::

    <results>/mirrors/tensorboard/<study>/<arm>/seed-0/   event files
                     /mlflow.db                           unless MLFLOW_TRACKING_URI is set
                     /wandb/                              runs, offline ones wait for `wandb sync`
                     /<study>.<mirror>.json               what has been written
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ogan_bench.errors import UserError, did_you_mean
from ogan_bench.mirrors.base import FOLDER, Mirror
from ogan_bench.mirrors.mlflow import MLflow
from ogan_bench.mirrors.tensorboard import TensorBoard
from ogan_bench.mirrors.wandb import WandB

MIRRORS: dict[str, Callable[[Path], Mirror]] = {
    "tensorboard": TensorBoard,
    "mlflow": MLflow,
    "wandb": WandB,
}
"""Name -> mirror, given the folder for its local files."""


def open_mirrors(names: Sequence[str], results: Path) -> list[Mirror]:
    """Mirrors ready to be written to; no server has been contacted yet.

    Args:
        names: Keys of :data:`MIRRORS`; duplicates are opened once.
        results: The results folder.

    Raises:
        UserError: There is no such mirror, or its package is not installed.
    """
    mirrors = []
    for name in dict.fromkeys(names):
        if name not in MIRRORS:
            raise UserError(f"no mirror {name!r}.{did_you_mean(name, MIRRORS)}")
        try:
            mirrors.append(MIRRORS[name](results / FOLDER))
        except ImportError as error:
            raise UserError(
                f"the mirror {name} needs a package that is not installed ({error}): "
                "pip install 'ogan-bench[loggers]'"
            ) from None
    return mirrors
