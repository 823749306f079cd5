"""Mirrors: copies of the training logs where people already look, written and never read.

The results folder stays the only source of truth. What a mirror keeps on this machine, and how far
it has been written, lies in ``<results>/mirrors``; without that folder a mirror starts anew::

    <results>/mirrors/tensorboard/<study>/<arm>/seed-0/   event files
                     /mlflow.db                           where MLFLOW_TRACKING_URI names no server
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
"""Name to what makes a mirror of the folder for its local files."""


def open_mirrors(names: Sequence[str], results: Path) -> list[Mirror]:
    """Mirrors that are ready to be written to; no server has been asked yet.

    Args:
        names: Of :data:`MIRRORS`; one that is named twice is opened once.
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
                f"the mirror {name} needs a package that is not here ({error}): "
                "pip install 'ogan-bench[loggers]'"
            ) from None
    return mirrors
