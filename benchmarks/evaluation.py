"""Cost of the metrics of one trial, relative to sampling and feature extraction.

Sampling (drawing, encoding and decoding) and one pass of all images through every feature space are
the minimum cost of an evaluation; the question is what the metrics add to it. Some draw samples of
their own: time in forward passes of nets is counted separately. Features of training images and
what depends only on them are in the cache, as for every trial of a dataset but the first. Times are
CPU times, so that other work on the machine does not count.

Run it as ``python benchmarks/evaluation.py [--scale fashion] [--spaces classifier
efficientnet_lite0] [--samples 2000]``; it prints a table in Markdown. Data, nets and the number of
samples are those of a scale of ``mse_vs_pearson``; the nets are untrained: metrics cost the same.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, get_args

import torch
from threadpoolctl import threadpool_limits
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from ogan_bench.evaluation.evaluate import GROUPS
from ogan_bench.evaluation.per_space import space_rows
from ogan_bench.evaluation.reconstruction.pixel_error import reconstruction_rows
from ogan_bench.evaluation.separability.linear_probe import separability_rows
from ogan_bench.metrics.definition import Group
from ogan_bench.runner.measure import pair
from ogan_bench.runner.preflight import load_dataset
from ogan_bench.sampling.context import ModelContext, Of
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.load import load_study
from ogan_bench.study.shipped import shipped_studies
from ogan_bench.study.trial import Trial
from ogan_bench.training.setup import build_nets

MAKING = ("sampling", "features")
"""Parts that are not metrics, but their input."""


def parts(context: ModelContext, groups: list[Group]) -> dict[str, Callable[[], object]]:
    """The parts of an evaluation, in their order."""
    of: tuple[Of, ...] = ("generated", "train", "test", "reconstructions")
    spaces, settings, dataset = context.settings.extractors, context.settings, context.dataset

    def reconstruct() -> object:
        samples = context.samples
        test, seed = dataset.test.images, settings.seed
        return reconstruction_rows(test, samples.reconstructions, samples.raw_reconstructions, seed)

    return {
        "sampling": lambda: context.samples,
        "features": lambda: [context.features(space, kind) for space in spaces for kind in of],
        "reconstruction, always": reconstruct,
        "linear probe, always": lambda: separability_rows(context.samples, dataset, settings),
        "fidelity, always": lambda: [space_rows(context, space, {}) for space in spaces],
        **{f"group {name}": lambda name=name: GROUPS[name](context) for name in groups},  # type: ignore[misc]
    }


@dataclass
class Passes:
    """CPU time of the forward passes through any net."""

    seconds: float = 0.0
    depth: int = 0
    started: float = 0.0

    def enter(self, *_: object) -> None:
        if not self.depth:
            self.started = time.process_time()
        self.depth += 1

    def leave(self, *_: object) -> None:
        self.depth -= 1
        if not self.depth:
            self.seconds += time.process_time() - self.started


class Cost(NamedTuple):
    """CPU time of a part in seconds, and how much of it was spent in nets."""

    whole: float
    nets: float


def measure(
    scale: str | None, spaces: list[str], samples: int | None, groups: list[Group]
) -> dict[str, Cost]:
    """Cost of each part with warm caches."""
    settings = load_study(shipped_studies()["mse_vs_pearson"], scale=scale).arms["pearson"]
    trial = Trial("benchmark", "pearson", 0, settings)
    dataset = load_dataset(trial, "cpu")
    nets = build_nets(trial, dataset)
    changes = {"extractors": spaces} | ({} if samples is None else {"samples": samples})
    evaluation = settings.evaluation.model_validate({**settings.evaluation.model_dump(), **changes})
    costs: dict[str, Cost] = {}
    passes = Passes()
    register_module_forward_pre_hook(passes.enter)
    register_module_forward_hook(passes.leave)
    for _ in range(2):  # the first fills the caches
        context = ModelContext(
            pair(trial, nets, dataset),
            UntrainedEncoder(copy.deepcopy(nets.encoder)),
            dataset,
            evaluation,
            torch.device("cpu"),
        )
        # One thread, as in a trial: threads that wait for each other cost CPU time. The limit
        # applies to libraries that are loaded, as all are in the second round.
        with threadpool_limits(1):
            for name, run in parts(context, groups).items():
                started, before = time.process_time(), passes.seconds
                run()
                costs[name] = Cost(time.process_time() - started, passes.seconds - before)
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scale")
    parser.add_argument("--spaces", nargs="+", default=["classifier"])
    parser.add_argument("--samples", type=int)
    parser.add_argument("--groups", nargs="*", default=list(get_args(Group)))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    costs = measure(arguments.scale, arguments.spaces, arguments.samples, arguments.groups)

    total = sum(cost.whole for cost in costs.values())
    making = sum(costs[name].whole for name in MAKING)
    slowest = max(set(costs) - set(MAKING), key=lambda name: costs[name].whole)
    others = sum(costs[name].nets for name in set(costs) - {slowest, *MAKING})
    lines = ["| part | CPU time | in nets | share |", "|---|---|---|---|"]
    for name, cost in costs.items():
        share = 100 * cost.whole / total
        lines.append(f"| {name} | {cost.whole:.2f} s | {cost.nets:.2f} s | {share:.0f} % |")
    least = making + costs[slowest].whole
    lines += [
        "",
        f"All together {total:.1f} s: {total / least:.2f} times sampling and features "
        f"({making:.1f} s) and the slowest part ({slowest}, {costs[slowest].whole:.1f} s); "
        f"{total / (least + others):.2f} times that and the forward passes of the other parts "
        f"({others:.1f} s).",
        "",
    ]
    sys.stdout.write("\n".join(lines))


if __name__ == "__main__":
    main()
