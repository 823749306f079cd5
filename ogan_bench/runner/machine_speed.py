"""How fast a machine trains, as ``ogan-bench bench`` measured it, and what follows for a study."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

from ogan_bench.errors import UserError
from ogan_bench.files import Record, read_json, write_json

FORMAT = 1

SAME_COST = 0.01
"""Steps whose FLOPs differ by less than this share are taken to be the same step."""

WORTH_A_WORKER = 0.97
"""Fewer workers are recommended if they reach this share of the highest speed."""


@dataclass(frozen=True)
class Machine:
    """What a measurement is valid for.

    Args:
        device: Name of the processor or GPU.
        torch: Version of torch.
        threads: Hardware threads that the process may use.
    """

    device: str
    torch: str
    threads: int


@dataclass(frozen=True)
class NetSpeed:
    """Speed of one worker, training one pair of nets.

    Args:
        model: Name of the architecture.
        resolution: Pixels a side.
        batch_size: Images per step.
        step_flops: FLOPs of a step.
        seconds_per_step: Measured.
    """

    model: str
    resolution: int
    batch_size: int
    step_flops: int
    seconds_per_step: float

    def seconds_of(self, step_flops: int) -> float:
        """Seconds of a step of other cost at the same FLOPs per second."""
        return self.seconds_per_step * step_flops / self.step_flops


@dataclass(frozen=True)
class StepTime:
    """Seconds of a training step, and whether they were measured or estimated from FLOPs."""

    seconds: float
    is_estimate: bool


@dataclass(frozen=True)
class MachineSpeed:
    """A measurement of a machine.

    Args:
        machine: What was measured.
        measured_at: Date and time in ISO format.
        nets: Speed of one worker, for several nets.
        workers: Number of workers to the steps per second of all of them together, training the
            same nets.
    """

    machine: Machine
    measured_at: str
    nets: tuple[NetSpeed, ...]
    workers: dict[int, float]

    @property
    def recommended_workers(self) -> int:
        """The smallest number of workers that is about as fast as the fastest."""
        fast = WORTH_A_WORKER * max(self.workers.values())
        return min(count for count, speed in self.workers.items() if speed >= fast)

    def speedup(self, workers: int) -> float:
        """How many times as fast as one worker; of the next smaller number that was measured."""
        known = max(count for count in self.workers if count <= max(workers, min(self.workers)))
        return self.workers[known] / self.workers[min(self.workers)]

    def step_time(self, model: str, resolution: int, step_flops: int) -> StepTime:
        """Time of a step: as measured if these nets were, else scaled by FLOPs.

        The scale is set by the same model at the same resolution, else by the same model, else by
        another one at the same resolution, else by any; among these, by the nearest in FLOPs.

        Args:
            model: Name of the architecture.
            resolution: Pixels a side.
            step_flops: FLOPs of the step, see :func:`ogan_bench.training.cost.step_cost`.
        """

        def distance(net: NetSpeed) -> tuple[bool, bool, float]:
            off = abs(math.log(step_flops / net.step_flops))
            return net.model != model, net.resolution != resolution, off

        net = min(self.nets, key=distance)
        is_same = (net.model, net.resolution) == (model, resolution) and (
            abs(step_flops / net.step_flops - 1) < SAME_COST
        )
        return StepTime(net.seconds_of(step_flops), not is_same)

    def record(self) -> Record:
        """As plain data; :func:`read_speed` reads it."""
        return {
            "format": FORMAT,
            **dataclasses.asdict(self.machine),
            "measured_at": self.measured_at,
            "nets": [dataclasses.asdict(net) for net in self.nets],
            "workers": [
                {"workers": count, "steps_per_second": speed}
                for count, speed in self.workers.items()
            ],
            "recommended_workers": self.recommended_workers,
        }


def write_speed(folder: Path, speed: MachineSpeed) -> Path:
    """Store a measurement in place of the last one of the same machine.

    Args:
        folder: Cache folder.
        speed: The measurement.

    Raises:
        UserError: The folder cannot be written.
    """
    path = _path(folder, speed.machine)
    write_json(path, speed.record(), durable=False)
    return path


def read_speed(folder: Path, machine: Machine) -> MachineSpeed | None:
    """The measurement of a machine; ``None`` if there is none of this format.

    Raises:
        UserError: The file is damaged.
    """
    path = _path(folder, machine)
    record = read_json(path)
    if record is None or record.get("format") != FORMAT:
        return None
    try:
        return MachineSpeed(
            machine,
            record["measured_at"],
            tuple(NetSpeed(**net) for net in record["nets"]),
            {row["workers"]: row["steps_per_second"] for row in record["workers"]},
        )
    except (KeyError, TypeError) as error:
        raise UserError(f"{path}: damaged ({error}); `ogan-bench bench` writes it again") from None


def _path(folder: Path, machine: Machine) -> Path:
    key = json.dumps(dataclasses.asdict(machine), sort_keys=True)
    return folder / "speed" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
