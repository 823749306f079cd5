"""Trials of one architecture trained as one batched model, against one after the other.

``stacked`` keeps the weights of K seeds in one tensor each, maps the objective's own losses over
them (:func:`torch.func.vmap`, which turns K convolutions into one of K groups) and moves them with
one optimiser per net. ``separate`` trains the same K seeds one after the other, with the gradients
that a trial takes. Setting: the DCGAN pair for digits at 16 pixels in torch's plain layers, whose
mapping torch knows, the author's losses and RMSprop.

Both see the same batches. The table gives the CPU time of a trial's step (wall time on a GPU), the
operations dispatched for it, each of which is one kernel or more on a GPU, and the largest
difference of an output of E or G after a few steps, relative to the largest output. Weights are not
compared: the bias of a layer before batch norm has no effect and a gradient of rounding errors,
which RMSprop scales up.

The variants are interleaved within every round, so that a busy machine slows both alike. Run it as
``python benchmarks/stacked.py [--device cuda] [--rounds 20]``; it prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import sys
import time
from functools import partial

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.utils._python_dispatch import TorchDispatchMode

from ogan_bench.models.base import LEAK, Encoder, Generator
from ogan_bench.models.initialisation import initialise
from ogan_bench.objectives.base import Objective
from ogan_bench.objectives.forward_pass import Batch, ForwardPass, Nets
from ogan_bench.study.parts import build, component_of
from ogan_bench.training.optimizers import rmsprop
from ogan_bench.training.updates import gradients, total

TRIALS = [2, 4, 8]
BATCH, RESOLUTION, WIDTH, Z_DIM = 64, 16, 16, 32
COMPARED_STEPS = 5
"""Steps after which the outputs are compared."""
OBJECTIVE = {
    "adversarial": "linear",
    "readout": "avg",
    "consistency": "pearson",
    "consistency_weight": 0.5,
    "penalty": {"name": "quadratic_potential", "weight": 0.25},
}


class Attached(ForwardPass):
    """A forward pass whose generated images keep their graph.

    No tensor may become a leaf inside of a mapped function. The gradients are the same: each loss
    is differentiated with respect to the weights of its own net only.
    """

    @property
    def x(self) -> Tensor:  # type: ignore[override]
        return self.batch.x

    @property
    def leaf(self) -> Tensor:  # type: ignore[override]
        return self.generated


class Losses(nn.Module):
    """The losses of E and G of one trial."""

    def __init__(self, objective: Objective, nets: Nets) -> None:
        super().__init__()
        self.objective = objective
        self.encoder, self.generator = nets.encoder, nets.generator

    def forward(self, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        nets = Nets(self.encoder, self.generator)
        seen = Attached(nets, Batch(x, z, None, None, 0.0))
        return (
            total(self.objective.encoder_loss(seen)),
            total(self.objective.generator_loss(seen)),
        )


class Stacked:
    """K trials as one batched model."""

    def __init__(self, objective: Objective, trials: list[Nets]) -> None:
        models = [Losses(objective, copy.deepcopy(nets)) for nets in trials]
        self.weights, self.buffers = stack_module_state(models)  # type: ignore[arg-type]
        self._skeleton = models[0].to("meta")
        self._of = {
            net: [name for name in self.weights if name.startswith(net)]
            for net in ("encoder", "generator")
        }
        self._optimizers = [
            rmsprop([self.weights[name] for name in names])  # type: ignore[misc]
            for names in self._of.values()
        ]

    def step(self, x: Tensor, z: Tensor) -> None:
        """One simultaneous update of all trials from batches ``(K, n, ...)``."""
        losses = vmap(self._losses)(self.weights, self.buffers, x, z)
        for names, loss in zip(self._of.values(), losses, strict=True):
            moved = [self.weights[name] for name in names]
            gradients = torch.autograd.grad(loss.sum(), moved, retain_graph=names[0][0] == "e")
            for weight, gradient in zip(moved, gradients, strict=True):
                weight.grad = gradient
        for optimizer in self._optimizers:
            optimizer.step()

    def outputs(
        self, weights: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor, z: Tensor
    ) -> tuple[Tensor, Tensor]:
        """E(x) and G(z) of one trial."""
        state = {**weights, **buffers}
        e, images = (
            functional_call(
                getattr(self._skeleton, net),
                {n.removeprefix(f"{net}."): t for n, t in state.items() if n.startswith(net)},
                (inputs,),
            )
            for net, inputs in (("encoder", x), ("generator", z))
        )
        return e, images

    def _losses(
        self, weights: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor, z: Tensor
    ) -> tuple[Tensor, Tensor]:
        found: tuple[Tensor, Tensor] = functional_call(self._skeleton, (weights, buffers), (x, z))
        return found


class Dispatched(TorchDispatchMode):
    """Counts the operations that are dispatched, without those that only view a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = func(*args, **(kwargs or {}))
        views = any(
            r.alias_info is not None and not r.alias_info.is_write for r in func._schema.returns
        )
        self.count += not views
        return out


class PlainGenerator(Generator):
    """G of the DCGAN pair for 16 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(Z_DIM, 2 * WIDTH * 4 * 4),
            nn.Unflatten(1, (2 * WIDTH, 4, 4)),
            nn.BatchNorm2d(2 * WIDTH, eps=1e-3, momentum=0.01),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * WIDTH, WIDTH, 4, stride=2, padding=1),
            nn.BatchNorm2d(WIDTH, eps=1e-3, momentum=0.01),
            nn.ReLU(),
            nn.ConvTranspose2d(WIDTH, 1, 4, stride=2, padding=1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        images: Tensor = self.layers(z)
        return images


def plain_encoder() -> Encoder:
    """E of the DCGAN pair for 16 pixels."""
    trunk = nn.Sequential(
        nn.ZeroPad2d((1, 2, 1, 2)),
        nn.Conv2d(1, WIDTH, 5, stride=2),
        nn.LeakyReLU(LEAK),
        nn.ZeroPad2d((1, 2, 1, 2)),
        nn.Conv2d(WIDTH, 2 * WIDTH, 5, stride=2),
        nn.BatchNorm2d(2 * WIDTH, eps=1e-3, momentum=0.01),
        nn.LeakyReLU(LEAK),
        nn.Flatten(),
    )
    return Encoder(trunk, nn.Linear(2 * WIDTH * 4 * 4, Z_DIM))


def trials(count: int, device: torch.device) -> tuple[Objective, list[Nets]]:
    """The nets of K seeds before the first step."""
    objective: Objective = build("objectives", component_of("objectives", OBJECTIVE))
    made = []
    for seed in range(count):
        nets = Nets(plain_encoder(), PlainGenerator())
        for net in nets.named().values():
            initialise(net, torch.Generator().manual_seed(seed))
            net.to(device).train()
        made.append(nets)
    return objective, made


class Separate:
    """K trials, each with its own nets and optimisers."""

    def __init__(self, objective: Objective, trials: list[Nets]) -> None:
        self.objective, self.trials = objective, trials
        self._optimizers = [
            rmsprop(net.parameters()) for nets in trials for net in nets.named().values()
        ]

    def step(self, x: Tensor, z: Tensor) -> None:
        """One simultaneous update of each trial, from batches ``(K, n, ...)``."""
        for k, nets in enumerate(self.trials):
            batch = ForwardPass(nets, Batch(x[k], z[k], None, None, 0.0))
            encoder, generator = (self.objective.loss(net, batch) for net in nets.named())
            gradients("encoder", encoder, batch, retain_graph=True)
            gradients("generator", generator, batch)
        for optimizer in self._optimizers:
            optimizer.step()


def difference(one: Separate, other: Stacked, x: Tensor, z: Tensor) -> float:
    """Largest difference of the outputs E(x) and G(z), relative to the largest output."""

    found = 0.0
    with torch.no_grad():
        together = vmap(other.outputs)(other.weights, other.buffers, x, z)
        alone = [(nets.encoder(x[k]), nets.generator(z[k])) for k, nets in enumerate(one.trials)]
        for mapped, single in zip(
            together, map(torch.stack, zip(*alone, strict=True)), strict=True
        ):
            found = max(found, float((mapped - single).abs().max() / single.abs().max()))
    return found


def measure(
    count: int, rounds: int, device: torch.device
) -> tuple[dict[str, float], dict[str, float], float]:
    """Median seconds and dispatched operations per step of one trial, and the difference."""
    objective, nets = trials(count, device)
    stacked, separate = Stacked(objective, nets), Separate(objective, nets)
    random = torch.Generator().manual_seed(0)
    shape = (count, BATCH, 1, RESOLUTION, RESOLUTION)
    x = (torch.rand(shape, generator=random) * 2 - 1).to(device)
    z = torch.randn(count, BATCH, Z_DIM, generator=random).to(device)
    steps = {"separate": partial(separate.step, x, z), "stacked": partial(stacked.step, x, z)}
    for _ in range(COMPARED_STEPS):
        for step in steps.values():
            step()
    apart = difference(separate, stacked, x, z)
    operations = {}
    for name, step in steps.items():
        with Dispatched() as seen:
            step()
        operations[name] = seen.count / count
    is_cpu = device.type == "cpu"
    clock = time.process_time if is_cpu else time.perf_counter
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            if not is_cpu:
                torch.cuda.synchronize(device)
            start = clock()
            step()
            if not is_cpu:
                torch.cuda.synchronize(device)
            times[name].append((clock() - start) / count)
    return {name: statistics.median(t) for name, t in times.items()}, operations, apart


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    torch.set_num_threads(1)
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU, one thread"
    out = sys.stdout.write
    out(f"{RESOLUTION} pixels, width {WIDTH}, batch {BATCH}, {where}, torch {torch.__version__}, ")
    out(f"median of {arguments.rounds} rounds, per step of one trial.\n\n")
    out("| trials | separate | stacked | stacked is | operations | outputs differ by |\n")
    out("|---|---|---|---|---|---|\n")
    for count in TRIALS:
        seconds, operations, apart = measure(count, arguments.rounds, device)
        times = " | ".join(f"{1000 * seconds[name]:.1f} ms" for name in seconds)
        ratio = seconds["separate"] / seconds["stacked"]
        counts = f"{operations['separate']:.0f} and {operations['stacked']:.0f}"
        out(f"| {count} | {times} | {ratio:.2f}x as fast | {counts} | {apart:.0e} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
