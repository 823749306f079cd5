"""Measures how fast this machine trains: several nets in one worker, then one in several workers.

Everything runs in worker processes as trials do, with as many threads, so that plans are made from
what a run will meet. Nothing is stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime

import torch

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.data.cores import usable_cores
from ogan_bench.runner.devices import slots
from ogan_bench.runner.machine_speed import Machine, MachineSpeed, NetSpeed
from ogan_bench.runner.workers import LocalExecutor
from ogan_bench.store.provenance import code_and_machine
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial
from ogan_bench.training.cost import step_cost
from ogan_bench.training.setup import build_training

IMAGES = 256
BATCH_SIZE = 64


@dataclass(frozen=True)
class Nets:
    """Nets to measure: an architecture at a resolution."""

    model: str
    resolution: int
    width: int


FEW_NETS = (Nets("mlp", 1, 128), Nets("dcgan", 16, 32), Nets("dcgan", 32, 32))

NETS = (*FEW_NETS, Nets("dcgan", 64, 32), Nets("resnet", 32, 16))
"""What is measured, cheapest first."""

OF_WORKERS = Nets("dcgan", 16, 32)
"""What several workers train at once."""

Say = Callable[[str, int, int], None]
"""Gets what was measured, how many measurements are done, and how many there are."""


@dataclass(frozen=True)
class Plan:
    """What is measured, and for how long.

    Args:
        nets: Nets to train in one worker.
        seconds: Seconds of each measurement, set-up excluded; at least 2 steps are done.
        most_workers: Highest number of workers; ``None``: a worker per usable core, or 4 per GPU.
    """

    nets: tuple[Nets, ...] = NETS
    seconds: float = 4.0
    most_workers: int | None = None


QUICK = Plan(FEW_NETS, 1.0)


def this_machine(device: str) -> Machine:
    """The machine that a torch device is on.

    Args:
        device: ``cpu`` or ``cuda:N``.
    """
    place = torch.device(device)
    is_cuda = place.type == "cuda"
    name = torch.cuda.get_device_name(place) if is_cuda else str(code_and_machine()["cpu"])
    return Machine(name, str(torch.__version__), usable_cores())


def measure_machine(device: str, plan: Plan, say: Say) -> MachineSpeed:
    """Measure this machine.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` (all GPUs) or ``cuda:N``.
        plan: What to measure.
        say: Is told about each measurement.

    Raises:
        UserError: The device does not exist on this machine.
        WorkerDiedError: A worker was killed, for example because memory ran out.
    """
    default = len(slots(device, None, usable_cores()))
    first = slots(device, 1, 1)[0]
    most = plan.most_workers or (default if first == "cpu" else 4 * default)
    devices = slots(device, most, most)
    counts = worker_counts(most)
    total = len(plan.nets) + len(counts)
    with LocalExecutor(devices) as executor:
        # Every worker gets one of these; it imports torch and builds the nets once.
        for future in [executor.submit(train_for, OF_WORKERS, 0.0) for _ in devices]:
            future.result()
        speeds = []
        for nets in plan.nets:
            steps, seconds = executor.submit(train_for, nets, plan.seconds).result()
            flops = executor.submit(flops_of, nets).result()
            speeds.append(NetSpeed(nets.model, nets.resolution, BATCH_SIZE, flops, seconds / steps))
            what = f"{nets.model} at {nets.resolution} px: {steps / seconds:.3g} steps/s"
            say(what, len(speeds), total)
        workers = {}
        for count in counts:
            at_once = [executor.submit(train_for, OF_WORKERS, plan.seconds) for _ in range(count)]
            workers[count] = sum(steps / seconds for steps, seconds in map(Future.result, at_once))
            say(
                f"{count} worker{'s' * (count > 1)}: {workers[count]:.3g} steps/s together",
                len(speeds) + len(workers),
                total,
            )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return MachineSpeed(this_machine(first), now, tuple(speeds), workers)


def worker_counts(most: int) -> Sequence[int]:
    """Numbers of workers that are tried: powers of two, and the highest.

    >>> worker_counts(6)
    [1, 2, 4, 6]
    """
    powers = [2**power for power in range(most.bit_length()) if 2**power < most]
    return [*powers, most]


def train_for(nets: Nets, seconds: float, device: str) -> tuple[int, float]:
    """Train for some time; runs in a worker.

    Returns:
        Number of steps, at least 2 after a warm-up step, and the seconds they took.
    """
    place = torch.device(device)
    if place.type == "cpu":
        torch.set_num_threads(1)
    setup = build_training(_trial(nets), _noise(nets, place), place)

    def wait() -> float:
        if place.type == "cuda":
            torch.cuda.synchronize(place)
        return time.perf_counter()

    setup.update(setup.draw(0))
    started, steps = wait(), 0
    while steps < 2 or wait() - started < seconds:
        steps += 1
        setup.update(setup.draw(steps))
    return steps, wait() - started


def flops_of(nets: Nets, device: str) -> int:
    """FLOPs of a step; runs in a worker."""
    place = torch.device(device)
    return step_cost(_trial(nets), _noise(nets, place), place).step_flops


def _trial(nets: Nets) -> Trial:
    """Training of O-GAN's own objective; the data are given separately."""
    settings = {
        "data": {"name": "ring"} if nets.model == "mlp" else {"name": "shapes"},
        "model": {"name": nets.model, "width": nets.width},
        "objective": {
            "name": "composed",
            "adversarial": "linear",
            "readout": "avg",
            "consistency": "pearson",
            "penalty": "quadratic_potential",
        },
        "training": {"steps": 1_000_000, "batch_size": BATCH_SIZE, "optimizer": "rmsprop"},
    }
    return Trial("speed", nets.model, 0, Settings.model_validate(settings))


def _noise(nets: Nets, device: torch.device) -> Dataset:
    """Random images, as fast to train on as any others."""
    if nets.model == "mlp":
        images = torch.rand(IMAGES, 2, 1, 1)
    else:
        size = (IMAGES, 3, nets.resolution, nets.resolution)
        images = torch.randint(256, size, dtype=torch.uint8)
    return Dataset("noise", Split(images), Split(images), (), "none: random").to(device)
