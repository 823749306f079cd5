"""A step with nets compiled by ``torch.compile`` against the same step without, on a CPU.

A plain alternating step (hinge loss, Adam) on the DCGAN pair, whose nets are compiled whole, with
``fullgraph=True``, or are not. Both take turns of four steps.

Run it as ``python benchmarks/compiled_step.py``; it prints a table in Markdown. It needs a C++
compiler.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch.nn.functional import relu

from ogan_bench.data.base import ImageShape
from ogan_bench.models.initialisation import initialise
from ogan_bench.models.layout import channels_last, reorder
from ogan_bench.study.parts import build, component_of

BATCH = 64
TURN = 4
SETTINGS = [(16, 16, 32, 1), (32, 32, 64, 3)]
"""Resolution, width, z_dim, channels."""
PARTS = {"adversarial": "hinge", "readout": "avg", "consistency": "none", "penalty": "none"}


def plain_step(
    resolution: int, width: int, z_dim: int, channels: int, *, backend: str | None
) -> Callable[[], None]:
    """One step of new nets, compiled by a backend or not."""
    shape = ImageShape(channels, resolution, resolution)
    model = {"name": "dcgan", "width": width, "z_dim": z_dim}
    objective = build("objectives", component_of("objectives", PARTS))
    nets = objective.build(build("models", component_of("models", model), shape, 0))
    for net in nets.named().values():
        initialise(net, torch.Generator().manual_seed(0))
        reorder(net)
    D, G = nets.encoder.train(), nets.generator.train()
    for_d, for_g = (torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in (D, G))
    run_d, run_g = (
        torch.compile(net, fullgraph=True, backend=backend) if backend else net for net in (D, G)
    )
    x = channels_last(torch.rand(BATCH, *shape) * 2 - 1)

    def step() -> None:
        D.zero_grad()
        fake = run_g(torch.randn(BATCH, z_dim)).detach()
        (relu(1 + run_d(x).mean(1)) + relu(1 - run_d(fake).mean(1))).mean().backward()
        for_d.step()
        G.zero_grad()
        run_d(run_g(torch.randn(BATCH, z_dim))).mean().backward()
        for_g.step()

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--backend", default="inductor")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    out = sys.stdout.write
    out(f"Batch {BATCH}, CPU, one thread, torch {torch.__version__}, {arguments.backend}, ")
    out(f"CPU time, median of {arguments.rounds} rounds of {TURN} steps.\n\n")
    out("| resolution, width, z, channels | not compiled | compiled | ratio | of all rounds ")
    out("| first step |\n|---|---|---|---|---|---|\n")
    for setting in SETTINGS:
        plain = plain_step(*setting, backend=None)
        compiled = plain_step(*setting, backend=arguments.backend)
        started = time.perf_counter()
        compiled()
        first = time.perf_counter() - started
        times: list[tuple[float, float]] = []
        for index in range(arguments.rounds + 1):
            pair = seconds_of(plain), seconds_of(compiled)
            if index:  # the first round allocates memory and may compile again
                times.append(pair)
        before, after = (1000 * statistics.median(values) for values in zip(*times, strict=True))
        ratios = [a / b for a, b in times]
        out(f"| {', '.join(map(str, setting))} | {before:.1f} ms | {after:.1f} ms ")
        out(f"| {statistics.median(ratios):.2f}x as fast | {min(ratios):.2f} to {max(ratios):.2f} ")
        out(f"| {first:.0f} s |\n")
        sys.stdout.flush()


def seconds_of(step: Callable[[], None]) -> float:
    """CPU time of a step, mean of a turn."""
    started = time.process_time()
    for _ in range(TURN):
        step()
    return (time.process_time() - started) / TURN


if __name__ == "__main__":
    main()
