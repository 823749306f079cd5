"""What a mirror must know how to do, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

FOLDER = "mirrors"
"""Of a results folder, for what mirrors keep."""


@dataclass(frozen=True)
class Mirrored:
    """A trial as a mirror sees it.

    Args:
        id: ``study/arm/seed-0``.
        study: Name of the study's folder.
        settings: The configuration, flat: ``training.steps`` to its value.
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
        seconds: Of training so far.
        values: ``train/rho``, ``test/fd_classifier``, ... to a finite number.
    """

    step: int
    seconds: float
    values: dict[str, float]


class MirrorRun(Protocol):
    """The place of one trial in a mirror."""

    @property
    def id(self) -> str:
        """Finds the run again, see :meth:`Mirror.begin`."""

    def log(self, points: list[Point]) -> None:
        """Add values; they have reached the mirror when this returns, as far as one can know."""

    def finish(self, final: Point, outcome: str) -> None:
        """Write the metrics of the result, in place of those of an earlier one, and close."""

    def close(self) -> None:
        """The trial has no result yet; it may go on another time."""


class Mirror(Protocol):
    """A place that shows the logs of trials.

    Every exception that a mirror raises switches it off and harms nothing else.

    Attributes:
        name: As in the command line.
        address: Where it writes; what has been written is remembered per address.
    """

    name: str
    address: str

    def begin(self, trial: Mirrored, known: str | None) -> MirrorRun:
        """The run of a trial.

        Args:
            trial: What is mirrored.
            known: Identifier of the run that holds the trial's earlier values. A run with
                another identifier than this one is empty and is given everything again.
        """
