"""Speed-up by sharing one forward pass between the two losses, as a ratio within one run.

Compares, for the author's setting (linear scores, quadratic potential, Pearson, RMSprop):

* ``shared``: simultaneous update, one G pass, E(x) and E(G(z)) once, addressed gradients;
* ``combined``: the author's single loss with three encoder passes and one backward pass;
* ``alternating``: one encoder step, then one generator step with fresh z.

The variants are interleaved within every round, so that a busy machine slows all of them alike. Run
it as ``python benchmarks/update_step.py [--device cuda]``; it prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import torch

from ogan_bench.data.base import ImageShape
from ogan_bench.models.initialisation import initialise
from ogan_bench.objectives.base import Batch
from ogan_bench.objectives.parts.consistency import correlation
from ogan_bench.objectives.parts.penalties import quadratic_potential
from ogan_bench.study.parts import build, component_of
from ogan_bench.training.optimizers import rmsprop
from ogan_bench.training.updates import Trainables, alternating, simultaneous

BATCH = 64
SETTINGS = [  # resolution, width, z_dim, channels
    (16, 16, 32, 1),
    (32, 16, 64, 1),
    (32, 32, 64, 3),
    (64, 32, 128, 3),
]
OBJECTIVE = component_of(
    "objectives",
    {
        "adversarial": "linear",
        "readout": "avg",
        "consistency": "pearson",
        "penalty": "quadratic_potential",
    },
)


def variants(
    resolution: int, width: int, z_dim: int, channels: int, device: torch.device
) -> dict[str, Callable[[], None]]:
    """One step of each variant, on nets of its own."""
    shape = ImageShape(channels, resolution, resolution)
    random = torch.Generator().manual_seed(0)
    x = (torch.rand(BATCH, *shape, generator=random) * 2 - 1).to(device)
    z = torch.randn(BATCH, z_dim, generator=random).to(device)
    objective = build("objectives", OBJECTIVE)
    batch = Batch(x, z, None, None, 0.0)

    def trainables() -> Trainables:
        model = {"name": "dcgan", "z_dim": z_dim, "width": width}
        nets = objective.build(build("models", component_of("models", model), shape, 0))
        for net in nets.named().values():
            initialise(net, torch.Generator().manual_seed(0))
            net.to(device).train()
        optimizers = {name: rmsprop(list(net.parameters())) for name, net in nets.named().items()}
        return Trainables(nets, optimizers)

    one, two, three = trainables(), trainables(), trainables()

    def combined() -> None:
        encoder, generator = three.nets.encoder, three.nets.generator
        fake = generator(z)
        e_real, e_fake, e_still = (encoder(i) for i in (x, fake, fake.detach()))
        real, still = e_real.mean(1), e_still.mean(1)
        loss = real - still + e_fake.mean(1) - still + 0.5 * -correlation(z, e_fake)
        loss = loss + quadratic_potential(x, fake, real, still)
        for net in three.nets.named().values():
            net.zero_grad(set_to_none=True)
        loss.mean().backward()
        for optimizer in three.optimizers.values():
            optimizer.step()

    def shared() -> None:
        simultaneous().update(objective, one, [batch])

    def in_turn() -> None:
        alternating().update(objective, two, [batch, batch])

    return {"shared": shared, "combined": combined, "alternating": in_turn}


def measure(
    steps: dict[str, Callable[[], None]], rounds: int, device: torch.device
) -> dict[str, float]:
    """Median seconds per step of each variant; CPU time on the CPU, wall time on a GPU."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    times: dict[str, list[float]] = {name: [] for name in steps}
    for index in range(rounds + 3):
        for name, step in steps.items():
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            start = clock()
            step()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if index >= 3:  # the first rounds allocate memory and choose kernels
                times[name].append(clock() - start)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=30)
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    torch.set_num_threads(1)
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU, one thread"
    out = sys.stdout.write
    out(f"Batch {BATCH}, {where}, torch {torch.__version__}, ")
    out(f"median of {arguments.rounds} rounds.\n\n")
    out("| resolution, width, z, channels | shared | combined | alternating | shared is |\n")
    out("|---|---|---|---|---|\n")
    for setting in SETTINGS:
        seconds = measure(variants(*setting, device), arguments.rounds, device)
        cells = " | ".join(f"{1000 * value:.1f} ms" for value in seconds.values())
        ratios = " and ".join(
            f"{seconds[name] / seconds['shared']:.2f}x" for name in ("combined", "alternating")
        )
        out(f"| {', '.join(map(str, setting))} | {cells} | {ratios} as fast |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
