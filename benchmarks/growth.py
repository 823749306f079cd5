"""How time and memory grow with resolution, width, stored trials and samples.

Each part is a curve; the last row of its table is the log-log slope between the two largest sizes:
1 is linear, 2 quadratic. Times are CPU times, which other work on the machine hardly changes.
Memory is the peak above what the process held before.

Run it as ``python benchmarks/growth.py [--part trials] [--figure growth.svg]``; it prints tables in
Markdown, a part within a few minutes.
"""

from __future__ import annotations

import argparse
import functools
import math
import multiprocessing
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from many_trials import make_folder, trained_trial
from matplotlib.figure import Figure

from ogan_bench.data.base import Dataset, Split
from ogan_bench.evaluation.fidelity.frechet import frechet_distance
from ogan_bench.evaluation.fidelity.kernel import cmmd
from ogan_bench.evaluation.fidelity.kmeans_bins import centres, number_of_cells
from ogan_bench.evaluation.fidelity.manifolds import manifolds
from ogan_bench.evaluation.fidelity.sliced_wasserstein import sliced_wasserstein
from ogan_bench.evaluation.separability.linear_probe import linear_probe
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial
from ogan_bench.training.cost import step_cost
from ogan_bench.training.setup import build_training

RESOLUTIONS = (16, 32, 64, 128, 256)
WIDTHS = (8, 16, 32, 64, 128)
TRIALS = (10, 100, 1_000, 10_000)
STUDIES = (100, 1_000, 10_000)
SAMPLES = (1_000, 5_000, 20_000, 50_000)

BATCH = 16
DIMENSIONS = 64

COMMAND = """
import atexit, os, re, sys, time
from pathlib import Path

def report():
    peak = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]
    Path(os.environ["STATUS"]).write_text(f"{time.process_time()} {peak}")

atexit.register(report)
if "\\n" in sys.argv[1]:
    exec(sys.argv.pop(1))
else:
    from ogan_bench.cli import main
    main()
"""
"""The command line, or some Python, which at its end writes its CPU seconds and peak KiB to a file.

The peak that the system keeps of a child would include that of this process, which forked it.
"""

LOAD = """
from pathlib import Path
from ogan_bench.analysis.loading import load_results
load_results(Path(sys.argv[1]), sys.argv[2])
"""

PAGE = """
from pathlib import Path
from ogan_bench.report.live.page import Page
from ogan_bench.store.trial_store import TrialStore
page = Page(TrialStore(Path(sys.argv[1])), sys.argv[2], lambda *_: b"<main></main>")
page.html()
"""
"""One answer of the live page, without the report below it, which a thread makes."""

Measured = dict[str, float]
"""Name of a column, with its unit, to its value."""

Curve = dict[int, Measured]
"""Size to what was measured."""


def in_child(work: Callable[[], object], repeats: int = 1) -> tuple[float, float]:
    """CPU seconds (fastest repeat) and peak MiB of some work, in a process of its own."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def run() -> None:
        before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
        seconds = []
        for _ in range(repeats):
            started = time.process_time()
            work()
            seconds.append(time.process_time() - started)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        theirs.send((min(seconds), max(0, peak - before) / 2**20))

    process = context.Process(target=run)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"a measurement ended with exit code {process.exitcode}")
    found: tuple[float, float] = ours.recv()
    return found


def command(*arguments: str) -> tuple[float, float]:
    """CPU seconds and peak MiB of the command line or of some Python, start-up included."""
    with tempfile.NamedTemporaryFile() as status:
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments],
            env={**os.environ, "STATUS": status.name},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"ogan-bench {' '.join(arguments)}: exit code {done.returncode}")
        seconds, memory = Path(status.name).read_text().split()
    return float(seconds), float(memory) / 1024


def training(resolution: int, width: int) -> Measured:
    """A training step of the DCGAN pair."""
    objective = {"name": "composed", "adversarial": "linear", "readout": "avg",
                 "consistency": "pearson", "penalty": "quadratic_potential"}  # fmt: skip
    settings = Settings.model_validate(
        {
            "data": {"name": "shapes"},
            "model": {"name": "dcgan", "width": width, "z_dim": 64},
            "objective": objective,
            "training": {"steps": 1000, "batch_size": BATCH, "optimizer": "rmsprop"},
        }
    )
    trial, cpu = Trial("growth", "arm", 0, settings), torch.device("cpu")
    size = (BATCH, 3, resolution, resolution)
    split = Split(torch.zeros(size, dtype=torch.uint8))
    dataset = Dataset("black", split, split, (), "none")
    cost = step_cost(trial, dataset, cpu)
    setup = build_training(trial, dataset, cpu)
    seconds, _ = in_child(lambda: setup.update(setup.draw(0)), repeats=3)
    return {
        "step, s": seconds,
        "GFLOPs": cost.step_flops / 1e9,
        "activations, MiB": cost.activation_bytes / 2**20,
    }


def commands(root: Path, file: Path, arms: int) -> dict[str, tuple[str, ...]]:
    """Name to the command line, or to Python to be run, on a folder whose first study is named."""
    stored = ("--results", str(root))
    left = f"arm_{arms - 1}/seed-0"
    return {
        "plan": ("plan", str(file), "--no-measure", *stored),
        "status": ("status", str(file), *stored),
        "run": ("run", str(file), *stored),
        "run, one left": ("run", str(file), *stored, "--device", "cpu", "--only", left),
        "doctor": ("doctor", str(root)),
        "claims": ("claims", *stored),
        "load_results": (LOAD, str(root), file.stem),
        "live page": (PAGE, str(root), file.stem),
        "report": ("report", *stored),
    }


def stored_trials(
    count: int, studies: int, chosen: Sequence[str], rounds: int, original: TrialFolder
) -> Measured:
    """Commands on a folder of finished trials: medians over rounds, and their relative spread.

    Args:
        count: Number of trials in all.
        studies: Number of studies that they belong to.
        chosen: Commands to measure; none for all.
        rounds: How often each is measured.
        original: The trial that is copied.
    """
    each = count // studies
    arms = max(2, 10 ** (round(math.log10(each)) // 2))
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary) / "results"
        names = [f"study_{index}" for index in range(studies)]
        files = make_folder(root, original, names, arms, each // arms)
        (root / names[0] / "report.html").touch()  # a run with nothing to do has its report
        found: Measured = {}
        for name, line in commands(root, files[0], arms).items():
            if chosen and name not in chosen:
                continue
            measured = []
            for _ in range(rounds):
                if name == "run, one left":
                    shutil.rmtree(root / names[0] / line[-1])
                measured.append(command(*line))
            seconds, peaks = zip(*measured, strict=True)
            found |= {f"{name}, s": median(seconds), f"{name}, MiB": median(peaks)}
            if rounds > 1:
                found[f"{name}, spread"] = (max(seconds) - min(seconds)) / median(seconds)
        return found


def metrics(count: int) -> Measured:
    """Metrics of as many samples as reference images."""
    random = torch.Generator().manual_seed(0)
    samples, reference = (torch.randn(count, DIMENSIONS, generator=random) for _ in range(2))
    labels = torch.randint(10, (count,), generator=random)
    ways: dict[str, Callable[[], object]] = {
        "Fréchet": lambda: frechet_distance(samples, reference),
        "precision, ...": lambda: manifolds(samples, reference, 0),
        "CMMD": lambda: cmmd(samples, reference),
        "sliced W.": lambda: sliced_wasserstein(samples, reference, 0),
        "bins": lambda: centres(reference, number_of_cells(count, count), 0),
        "probe": lambda: linear_probe(samples, labels, reference, labels),
    }
    found: Measured = {}
    for name, way in ways.items():
        seconds, peak = in_child(way)
        found |= {f"{name}, s": seconds, f"{name}, MiB": peak}
    return found


PARTS: dict[str, tuple[str, Sequence[int], Callable[..., Measured]]] = {
    "resolution": ("resolution", RESOLUTIONS, functools.partial(training, width=16)),
    "width": ("width", WIDTHS, lambda width: training(32, width)),
    "trials": ("trials", TRIALS, functools.partial(stored_trials, studies=1)),
    "studies": ("trials of 10 studies", STUDIES, functools.partial(stored_trials, studies=10)),
    "samples": ("samples", SAMPLES, metrics),
}


def slope(curve: Curve, column: str) -> float:
    """Log-log slope between the two largest sizes; nan for a single size, or if a value is 0."""
    sizes = list(curve)[-2:]
    values = [curve[size][column] for size in sizes]
    if len(sizes) < 2 or min(values) <= 0:
        return math.nan
    return math.log(values[1] / values[0]) / math.log(sizes[1] / sizes[0])


def table(size: str, curve: Curve) -> Iterator[str]:
    """The curve as lines of a Markdown table."""
    columns = list(next(iter(curve.values())))
    yield f"| {size} | {' | '.join(columns)} |"
    yield f"|{'---|' * (len(columns) + 1)}"
    for count, row in curve.items():
        yield f"| {count:,} | {' | '.join(f'{row[column]:.3g}' for column in columns)} |"
    slopes = (f"{slope(curve, column):.1f}".replace("nan", "–") for column in columns)
    yield f"| exponent | {' | '.join(slopes)} |"


def figure(curves: dict[str, Curve]) -> Figure:
    """Times of all parts against their sizes, on log scales."""
    drawn = Figure((4 * len(curves), 3.5), layout="constrained")
    for axes, (name, curve) in zip(
        np.atleast_1d(drawn.subplots(1, len(curves))), curves.items(), strict=True
    ):
        for column in next(iter(curve.values())):
            if column.endswith(", s"):
                axes.loglog(list(curve), [row[column] for row in curve.values()], "o-",
                            label=f"{column[:-3]} ({slope(curve, column):.1f})")  # fmt: skip
        axes.set(xlabel=name, ylabel="CPU seconds")
        axes.legend()
    return drawn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--part", choices=PARTS, action="append", help="[default: all]")
    parser.add_argument("--most", type=int, help="Leave out larger sizes.")
    parser.add_argument("--least", type=int, default=0, help="Leave out smaller sizes.")
    parser.add_argument("--command", action="append", help="Of stored trials. [default: all]")
    parser.add_argument("--rounds", type=int, default=1, help="Of each command on stored trials.")
    parser.add_argument("--trial", type=Path, help="Stored trial to copy. [default: trains one]")
    parser.add_argument("--figure", type=Path, help="Also draw the times into this file.")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    out = sys.stdout.write
    out(f"{platform.machine()}, one thread, torch {torch.__version__}, CPU time.\n")
    curves: dict[str, Curve] = {}
    parts = arguments.part or list(PARTS)
    with tempfile.TemporaryDirectory() as temporary:
        of_trials: dict[str, Any] = {}
        if {"trials", "studies"} & set(parts):
            given = arguments.trial
            original = trained_trial(Path(temporary)) if given is None else TrialFolder(given)
            of_trials = {"chosen": arguments.command, "rounds": arguments.rounds}
            of_trials["original"] = original
        for part in parts:
            size, sizes, measure = PARTS[part]
            most = arguments.most or max(sizes)
            further = of_trials if part in ("trials", "studies") else {}
            chosen = [count for count in sizes if arguments.least <= count <= most]
            curves[part] = {count: measure(count, **further) for count in chosen}
            out("\n" + "\n".join(table(size, curves[part])) + "\n")
            sys.stdout.flush()
    if arguments.figure:
        figure(curves).savefig(arguments.figure)


if __name__ == "__main__":
    main()
