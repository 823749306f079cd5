"""Where trials run: one protocol for processes of this machine, Slurm's jobs and Ray's actors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self, TypeVar, get_args

from ogan_bench.errors import UserError

T = TypeVar("T")

Kind = Literal["local", "slurm", "ray"]

KINDS: tuple[Kind, ...] = get_args(Kind)


class WorkerDiedError(Exception):
    """The process of a call died while working; the text says of what."""


class Executor(Protocol):
    """Calls functions in other processes.

    Used as a context: at its end nothing of it is left running.
    """

    where: str
    """For the user: where the calls are made, such as ``2 x cpu``."""

    def submit(self, fn: Callable[..., T], /, *args: object) -> Future[T]:
        """Call ``fn(*args, device=...)`` as soon as there is room.

        The function and its arguments are pickled. It gets the torch device that it may use.

        Returns:
            A future that raises :class:`WorkerDiedError` if the process dies, and that is cancelled
            if the call was never made.
        """

    def interrupt(self) -> None:
        """Cancel what has not begun, and ask running trials to save their state and stop."""

    def kill(self) -> None:
        """End all processes at once."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None: ...


@dataclass(frozen=True)
class Place:
    """Where a user wants trials to run.

    Args:
        kind: Which executor.
        device: ``auto``, ``cpu``, ``cuda`` (all GPUs) or ``cuda:N``.
        workers: Trials at a time; ``None``: what the machine or cluster has room for.
        parameters: What a job asks of Slurm or Ray.
    """

    kind: Kind = "local"
    device: str = "auto"
    workers: int | None = None
    parameters: Mapping[str, str | int | float] = field(default_factory=dict)

    def open(self, trials: int, root: Path) -> Executor:
        """An executor with room for this many trials.

        Args:
            trials: How many there are.
            root: The results folder.

        Raises:
            UserError: There is no such device or cluster, its library is not installed, or it has
                no such parameter.
        """
        if self.kind == "slurm":
            from ogan_bench.runner.slurm import SlurmExecutor

            return SlurmExecutor(root / "slurm", self.parameters, self.device, self.workers)
        if self.kind == "ray":
            from ogan_bench.runner.ray_cluster import RayExecutor

            return RayExecutor(self.parameters, self.device, self.workers, trials)
        if self.parameters:
            raise UserError("--job is for --executor slurm or ray; here nothing is asked for")
        from ogan_bench.runner.devices import slots
        from ogan_bench.runner.workers import LocalExecutor

        return LocalExecutor(slots(self.device, self.workers, trials))
