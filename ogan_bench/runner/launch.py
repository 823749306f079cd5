"""Whether torchrun has started this process as one of several that train one trial together."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ogan_bench.errors import UserError
from ogan_bench.runner.executor import Place
from ogan_bench.study.trial import Trial

VARIABLES = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What torchrun sets for each process."""


@dataclass(frozen=True)
class Launch:
    """This process among those that torchrun has started.

    Args:
        rank: Which of all it is, from 0; the first does what a single one would do.
        local_rank: Which of those on this machine.
        processes: How many there are.
    """

    rank: int
    local_rank: int
    processes: int

    @property
    def is_first(self) -> bool:
        """Whether this process reads and writes results; the others help it to train."""
        return self.rank == 0

    def place(self, asked: Place) -> Place:
        """Where this process trains: on a GPU of its own, if there are any.

        Raises:
            UserError: There are fewer GPUs than processes, or the trial is to be handed on.
        """
        from ogan_bench.runner.devices import slots

        if asked.kind != "local":
            raise UserError(f"--executor {asked.kind}: torchrun already starts the processes")
        local = self.local_rank + 1
        devices = slots(asked.device, local, local)
        if devices[-1] != "cpu" and len(set(devices)) < local:
            raise UserError(
                f"--device {asked.device}: no GPU is left for process {self.local_rank} of this "
                "machine; start fewer, or give --device cpu"
            )
        return replace(asked, device=devices[-1], workers=1)


def launched(environment: Mapping[str, str] = os.environ) -> Launch | None:
    """This process among those of torchrun; ``None`` if it works alone."""
    if not all(environment.get(name) for name in VARIABLES):
        return None
    rank, local_rank, processes = (int(environment[name]) for name in VARIABLES[:3])
    return Launch(rank, local_rank, processes) if processes > 1 else None


def check_launch(trials: Sequence[Trial], launch: Launch | None) -> None:
    """Refuse to train trials in another number of processes than their settings say.

    Raises:
        UserError: Says how to start them.
    """
    if launch is not None and len(trials) != 1:
        raise UserError(
            f"torchrun trains one trial, and these are {len(trials)}: choose one by "
            "`--only ARM/seed-N`"
        )
    found = 1 if launch is None else launch.processes
    for trial in trials:
        wanted = trial.settings.training.processes
        if wanted != found:
            raise UserError(
                f"{trial.id}: training.processes is {wanted}, and {found} would train it: start it "
                f"by `{' '.join(program(trial))} run STUDY --only {trial.arm}/seed-{trial.seed}`"
            )


def program(trial: Trial) -> list[str]:
    """What starts ``ogan-bench`` with as many processes as a trial asks for."""
    processes = trial.settings.training.processes
    if processes == 1:
        return ["ogan-bench"]
    return ["torchrun", "--nproc-per-node", str(processes), "-m", "ogan_bench"]
