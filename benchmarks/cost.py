"""What all shipped studies cost at their scale ``paper``, on 1, 8 and 64 GPUs.

Counted: the FLOPs of one training step of every arm, on the meta device, where nothing is
computed: matrix products and convolutions with their backward passes, a multiply-add as two.
Assumed: how many of them a GPU does in a second, as a share of its peak, until ``--flops`` gives a
measured number; and that each GPU takes the longest trial that is left. Studies at 128 pixels run
on several datasets, others on their own.

Evaluations, data preparation and start-up are left out. Beside it stands what published trials did
on a CPU, which was measured.

Run it as ``python benchmarks/cost.py [--seeds 10] [--datasets 4] [--peak 156] [--flops TFLOPS]``;
it prints tables in Markdown.
"""

from __future__ import annotations

import argparse
import heapq
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch

from ogan_bench.data.base import Dataset, ImageShape, Split
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.settings import Settings
from ogan_bench.study.shipped import shipped_studies
from ogan_bench.study.trial import Trial
from ogan_bench.training.cost import FlopCounter
from ogan_bench.training.setup import build_training

SCALE = "paper"
GPUS = (1, 8, 64)
SHARES = (0.1, 0.2, 0.4)
"""Assumed shares of the peak that a training reaches."""

PEAK = 156.0
"""TFLOP/s, dense TF32 on tensor cores of an NVIDIA A100, from its data sheet of 2021."""

IMAGES = 1_000
CLASSES = 10
PIXELS = 128
"""Studies of this resolution run on several datasets."""

GREY = ("digits", "fashion_mnist", "mnist")
REFERENCE = Path(__file__).parent.parent / "results" / "reference"
HOUR = 3600.0


@dataclass(frozen=True)
class Arm:
    """An arm at the scale.

    Args:
        study: Its study.
        resolution: Of its images.
        step: FLOPs of a training step.
        steps: Number of steps.
        trials: Number of its trials.
    """

    study: str
    resolution: int
    step: int
    steps: int
    trials: int

    @property
    def flops(self) -> float:
        """Of the training of one trial."""
        return float(self.step) * self.steps


def shape_of(settings: Settings) -> ImageShape:
    """Shape of the images; points in the plane have no resolution."""
    resolution = settings.data.parameters().get("resolution")
    if resolution is None:
        return ImageShape(2, 1, 1)
    return ImageShape(1 if settings.data.name in GREY else 3, resolution, resolution)


def black(shape: ImageShape) -> Dataset:
    """Images of a shape, all black, which take the memory of one; points where it is one pixel."""
    kind = torch.float32 if shape[1:] == (1, 1) else torch.uint8
    labels = torch.arange(IMAGES) % CLASSES
    split = Split(torch.zeros(1, *shape, dtype=kind).expand(IMAGES, -1, -1, -1), labels)
    return Dataset("black", split, split, tuple(map(str, range(CLASSES))), "none")


def step_flops(trial: Trial, dataset: Dataset) -> int:
    """FLOPs of a training step, without computing it."""
    meta = torch.device("meta")
    setup = build_training(trial, dataset.to(meta), meta)
    batches = setup.draw(0)
    with FlopCounter() as counter:
        setup.update(batches)
    return int(counter.total)


def arms_of(name: str, seeds: int, datasets: int) -> Iterator[Arm]:
    """The arms of a shipped study at the scale."""
    study = load_study(shipped_studies()[name], scale=SCALE)
    for arm, settings in study.arms.items():
        shape = shape_of(settings)
        step = step_flops(Trial(name, arm, 0, settings), black(shape))
        trials = seeds * (datasets if shape.height == PIXELS else 1)
        yield Arm(name, shape.height, step, settings.training.steps, trials)


def hours(seconds: Sequence[float], gpus: int) -> float:
    """Until the last of some trials ends, if each GPU takes the longest that is left.

    >>> hours([3600, 3600, 7200], 2)
    2.0
    """
    ends = [0.0] * gpus
    for duration in sorted(seconds, reverse=True):
        heapq.heappush(ends, heapq.heappop(ends) + duration)
    return max(ends) / HOUR


def published(root: Path) -> Iterator[tuple[str, str, int, float]]:
    """Study, net, number of trials and median FLOP/s of its published trainings on a CPU."""
    store = TrialStore(root)
    for study in store.studies():
        rates, nets = [], set()
        for folder in store.folders(study):
            run, result = folder.read("run.json"), folder.read("result.json")
            training = (result or {}).get("training") or {}
            rate, flops = training.get("images_per_second"), training.get("step_flops")
            if run is None or not rate or not flops or run["provenance"].get("device") != "cpu":
                continue
            nets.add(run["config"]["model"]["name"])
            rates.append(flops * rate / run["config"]["training"]["batch_size"])
        if rates:
            yield study, ", ".join(sorted(nets)), len(rates), median(rates)


def table_of_studies(arms: Sequence[Arm], rate: float) -> Iterator[str]:
    """What each study costs at a number of FLOP/s."""
    yield "| study | pixels | arms | trials | TFLOPs a step | EFLOPs | GPU-hours |"
    yield "|---|---|---|---|---|---|---|"
    for study in dict.fromkeys(arm.study for arm in arms):
        own = [arm for arm in arms if arm.study == study]
        steps = [arm.step / 1e12 for arm in own]
        total = sum(arm.flops * arm.trials for arm in own)
        pixels = ", ".join(str(size) for size in sorted({arm.resolution for arm in own}))
        yield (
            f"| {study} | {pixels} | {len(own)} | {sum(arm.trials for arm in own):,} | "
            f"{min(steps):.3g} to {max(steps):.3g} | {total / 1e18:.3g} | "
            f"{total / rate / HOUR:,.0f} |"
        )


def table_of_gpus(arms: Sequence[Arm], rates: dict[str, float]) -> Iterator[str]:
    """Days until all trials have ended, for several numbers of GPUs and of FLOP/s."""
    yield f"| a GPU does | GPU-hours | {' | '.join(f'{n} GPUs, days' for n in GPUS)} |"
    yield f"|---|---|{'---|' * len(GPUS)}"
    for label, rate in rates.items():
        seconds = [arm.flops / rate for arm in arms for _ in range(arm.trials)]
        days = (f"{hours(seconds, n) / 24:,.1f}" for n in GPUS)
        yield f"| {label} | {sum(seconds) / HOUR:,.0f} | {' | '.join(days)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--datasets", type=int, default=4, help="Image folders for each study.")
    parser.add_argument("--peak", type=float, default=PEAK, help="TFLOP/s of the GPU at most.")
    parser.add_argument("--flops", type=float, help="TFLOP/s that a training was measured to do.")
    parser.add_argument("--study", action="append", help="[default: all]")
    arguments = parser.parse_args()
    out = sys.stdout.write
    names = arguments.study or list(shipped_studies())
    arms = [arm for name in names for arm in arms_of(name, arguments.seeds, arguments.datasets)]
    if arguments.flops is not None:
        rates = {f"{arguments.flops:g} TFLOP/s, measured": arguments.flops * 1e12}
    else:
        rates = {
            f"{share:.0%} of {arguments.peak:g} TFLOP/s, assumed": share * arguments.peak * 1e12
            for share in SHARES
        }
    label, rate = list(rates.items())[len(rates) // 2]
    out(f"FLOPs counted with torch {torch.__version__}; GPU-hours at {label}.\n\n")
    out("\n".join(table_of_studies(arms, rate)) + "\n\n")
    out("Each GPU takes the longest trial that is left, so there is no waiting before the last ")
    out("trials:\n\n" + "\n".join(table_of_gpus(arms, rates)) + "\n\n")
    out("What published trials did on a CPU, as their records state it:\n\n")
    out("| published study | nets | trials | GFLOP/s, measured on a CPU |\n|---|---|---|---|\n")
    for study, nets, trials, measured in published(REFERENCE):
        out(f"| {study} | {nets} | {trials} | {measured / 1e9:.1f} |\n")


if __name__ == "__main__":
    main()
