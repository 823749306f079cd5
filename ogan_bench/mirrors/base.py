"""The interface of a mirror, and the data that it receives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

FOLDER = "mirrors"
"""Folder in a results folder for the files of mirrors."""


@dataclass(frozen=True)
class MirroredTrial:
    """What a mirror shows of a trial besides its logs.

    Args:
        id: ``study/arm/seed-0``.
        study: Name of the study's folder.
        settings: The configuration, flat: key such as ``training.steps`` -> value.
        config_hash: Identity of the configuration.
        started: When its first attempt began, in seconds since 1970.
    """

    id: str
    study: str
    settings: dict[str, Any]
    config_hash: str
    started: float


@dataclass(frozen=True)
class Point:
    """Values of one training step.

    Args:
        step: Updates of both nets so far.
        seconds: Training time so far.
        values: Name such as ``train/rho`` or ``test/fd_classifier`` -> finite number.
    """

    step: int
    seconds: float
    values: dict[str, float]


class MirrorRun(Protocol):
    """The run of one trial in a mirror."""

    @property
    def id(self) -> str:
        """Identifies the run, see :meth:`Mirror.begin`."""

    def log(self, points: list[Point]) -> None:
        """Add values; they have reached the mirror when this returns, as far as it can tell."""

    def finish(self, final: Point, outcome: str) -> None:
        """Write the metrics of the result, replacing those of an earlier one, and close."""

    def close(self) -> None:
        """Close the run of a trial that has no result yet and may be resumed."""


class Mirror(Protocol):
    """An experiment tracker that shows the logs of trials.

    An exception that a mirror raises switches it off and affects nothing else.

    Attributes:
        name: Name on the command line.
        address: Where it writes; progress is stored per address.
    """

    name: str
    address: str

    def begin(self, trial: MirroredTrial, known: str | None) -> MirrorRun:
        """The run of a trial.

        Args:
            trial: The trial.
            known: Identifier of the run that holds the trial's earlier values. A returned run with
                another identifier is empty and is sent everything again.
        """
