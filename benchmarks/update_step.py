"""A training step against a plain loop, as a ratio within one run.

Compares, for the author's setting (linear scores, quadratic potential, Pearson, RMSprop):

* ``shared``: simultaneous update, one G pass, E(x) and E(G(z)) once, addressed gradients;
* ``gan``: the same without the consistency term;
* ``plain``: the author's single loss with three encoder passes and one backward pass, on the same
  nets as a plain script writes them: torch's own layers, memory layout and optimiser;
* ``alternating``: one encoder step, then one generator step with fresh z;
* ``plain alternating``: the same as a plain script writes it.

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
from torch import Tensor, nn

from ogan_bench.data.base import ImageShape
from ogan_bench.models.initialisation import initialise
from ogan_bench.models.layout import Flatten, Unflatten, channels_last, reorder
from ogan_bench.models.strided import SameConvTranspose2d
from ogan_bench.objectives.base import Objective
from ogan_bench.objectives.forward_pass import Batch, Nets
from ogan_bench.objectives.parts.consistency import correlation
from ogan_bench.objectives.parts.penalties import quadratic_potential
from ogan_bench.study.parts import build, component_of
from ogan_bench.training.optimizers import rmsprop
from ogan_bench.training.running_means import RunningMeans
from ogan_bench.training.updates import Trainables, UpdateRule, alternating, simultaneous

BATCH = 64
SETTINGS = [  # resolution, width, z_dim, channels
    (16, 16, 32, 1),
    (32, 16, 64, 1),
    (32, 32, 64, 3),
    (64, 32, 128, 3),
]
PARTS = {
    "adversarial": "linear",
    "readout": "avg",
    "consistency": "pearson",
    "penalty": "quadratic_potential",
}


class PlainTranspose(nn.ConvTranspose2d):
    """The transposed convolution of the generator, computed by torch alone."""

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        side = 2 * x.shape[-1]
        return super().forward(x, output_size)[..., :side, :side]


def make_plain(net: nn.Module) -> None:
    """Replace, in place, what differs from a net that a plain script builds."""
    for module in net.modules():
        for name, child in module.named_children():
            if isinstance(child, Flatten):
                setattr(module, name, nn.Flatten())
            elif isinstance(child, Unflatten):
                setattr(module, name, nn.Unflatten(1, child.shape))
            elif isinstance(child, SameConvTranspose2d):
                child.__class__ = PlainTranspose


def variants(
    resolution: int, width: int, z_dim: int, channels: int, device: torch.device
) -> dict[str, Callable[[], None]]:
    """One step of each variant, on nets of its own."""
    shape = ImageShape(channels, resolution, resolution)
    random = torch.Generator().manual_seed(0)
    x = (torch.rand(BATCH, *shape, generator=random) * 2 - 1).to(device)
    z = torch.randn(BATCH, z_dim, generator=random).to(device)
    objective, gan = (
        build("objectives", component_of("objectives", {**PARTS, **change}))
        for change in ({}, {"consistency": "none"})
    )
    batch = Batch(channels_last(x), z, None, None, 0.0)

    def nets(*, plain: bool = False) -> Nets:
        model = {"name": "dcgan", "z_dim": z_dim, "width": width}
        made: Nets = objective.build(build("models", component_of("models", model), shape, 0))
        for net in made.named().values():
            initialise(net, torch.Generator().manual_seed(0))
            make_plain(net) if plain else reorder(net)
            net.to(device).train()
        return made

    def ours(chosen: Objective, rule: UpdateRule, batches: int) -> Callable[[], None]:
        own, window = nets(), RunningMeans()
        optimizers = {name: rmsprop(list(net.parameters())) for name, net in own.named().items()}
        trained = Trainables(own, optimizers)
        return lambda: window.add(rule.update(chosen, trained, [batch] * batches))

    def plain(*, alternates: bool) -> Callable[[], None]:
        own = nets(plain=True)
        encoder, generator = own.encoder, own.generator
        for_e, for_g = (
            torch.optim.RMSprop(net.parameters(), lr=1e-4, alpha=0.99, eps=1e-7)
            for net in (encoder, generator)
        )

        def of_encoder() -> Tensor:
            fake = generator(z).detach()
            e_fake = encoder(fake)
            real, still = encoder(x).mean(1), e_fake.mean(1)
            loss = real - still - 0.5 * correlation(z, e_fake)
            return (loss + quadratic_potential(x, fake, real, still)).mean()

        def of_generator() -> Tensor:
            e_fake = encoder(generator(z))
            return (e_fake.mean(1) - 0.5 * correlation(z, e_fake)).mean()

        def in_turn() -> None:
            for loss, optimizer in ((of_encoder, for_e), (of_generator, for_g)):
                optimizer.zero_grad()
                loss().backward()
                optimizer.step()

        def at_once() -> None:
            fake = generator(z)
            e_real, e_fake, e_still = (encoder(i) for i in (x, fake, fake.detach()))
            real, still = e_real.mean(1), e_still.mean(1)
            loss = real - still + e_fake.mean(1) - still + 0.5 * -correlation(z, e_fake)
            loss = loss + quadratic_potential(x, fake, real, still)
            for optimizer in (for_e, for_g):
                optimizer.zero_grad()
            loss.mean().backward()
            for optimizer in (for_e, for_g):
                optimizer.step()

        return in_turn if alternates else at_once

    return {
        "shared": ours(objective, simultaneous(), 1),
        "gan": ours(gan, simultaneous(), 1),
        "plain": plain(alternates=False),
        "alternating": ours(objective, alternating(), 2),
        "plain alternating": plain(alternates=True),
    }


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
    out("| resolution, width, z, channels | shared | gan | plain | alternating ")
    out("| plain alternating | shared to plain | alternating to plain | shared to gan |\n")
    out("|---|---|---|---|---|---|---|---|---|\n")
    for setting in SETTINGS:
        seconds = measure(variants(*setting, device), arguments.rounds, device)
        cells = " | ".join(f"{1000 * value:.1f} ms" for value in seconds.values())
        faster = (
            seconds["plain"] / seconds["shared"],
            seconds["plain alternating"] / seconds["alternating"],
        )
        ratios = " | ".join(f"{ratio:.2f}x as fast" for ratio in faster)
        costs = f"{seconds['shared'] / seconds['gan']:.2f}x as long"
        out(f"| {', '.join(map(str, setting))} | {cells} | {ratios} | {costs} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
