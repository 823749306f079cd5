"""A training step against torch-mimicry's, each with its own nets of the same shape.

The nets are the ResNet pair of SNGAN at 32 pixels with the hinge loss, Adam and no consistency
term. ``alternating`` is what torch-mimicry does: a step of the discriminator, then one of the
generator, each with its own samples; ``simultaneous`` updates both by one pass. The loops take
turns of one step, so that a busy machine slows all of them alike.

Run it as ``python benchmarks/peer_step.py FOLDER``, with a checkout of torch-mimicry or the folder
of its unpacked source archive; it prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import torch
from gpu import BATCH, Z_DIM, Step, add_mimicry, mimicry_step, ours
from torch import nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial
from ogan_bench.training.setup import build_nets

SIDE = 32


def trial(updates: str, width: int) -> Trial:
    """Our side: the same nets and losses."""
    settings = {
        "data": "shapes",  # stands for the noise that it is trained on
        "model": {"name": "resnet", "width": width, "z_dim": Z_DIM},
        "objective": {
            "adversarial": "hinge",
            "readout": "avg",
            "consistency": "none",
            "penalty": "none",
        },
        "training": {"steps": 10_000, "batch_size": BATCH, "optimizer": "adam", "updates": updates},
    }
    return Trial("peer", updates, 0, Settings.model_validate(settings))


def peer(folder: Path, width: int, dataset: Dataset) -> tuple[Step, tuple[nn.Module, nn.Module]]:
    """torch-mimicry's step and its nets, whose discriminator ends in a score and not in a code."""
    add_mimicry(folder)
    from torch_mimicry.nets.sngan import sngan_32

    G = sngan_32.SNGANGenerator32(nz=Z_DIM, ngf=4 * width)
    D = sngan_32.SNGANDiscriminator32(ndf=2 * width)
    return mimicry_step(D, G, dataset, torch.device("cpu")), (D, G)


def parameters(net: nn.Module) -> str:
    return f"{sum(parameter.numel() for parameter in net.parameters()):,}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("mimicry", type=Path, metavar="FOLDER", help="checkout of torch-mimicry")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--width", type=int, default=32)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    device, width = torch.device("cpu"), arguments.width
    pixels = torch.randint(
        256, (4 * BATCH, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0)
    ).to(torch.uint8)
    dataset = Dataset("noise", Split(pixels, None), Split(pixels, None), (), "")
    theirs, (D, G) = peer(arguments.mimicry, width, dataset)
    steps = {"torch-mimicry": theirs}
    for updates in ("alternating", "simultaneous"):
        steps[updates] = ours(trial(updates, width), dataset, device)
    own = build_nets(trial("alternating", width), dataset)
    times: dict[str, list[float]] = {name: [] for name in steps}
    for index in range(arguments.rounds + 1):
        for name, step in steps.items():
            started = time.process_time()
            step(index)
            if index:  # the first round allocates memory
                times[name].append(time.process_time() - started)
    out = sys.stdout.write
    out(f"Batch {BATCH}, CPU, one thread, torch {torch.__version__}, CPU time, median of ")
    out(f"{arguments.rounds} rounds. Parameters of torch-mimicry: G {parameters(G)}, ")
    out(f"D {parameters(D)}; of ours: G {parameters(own.generator)}, ")
    out(f"E {parameters(own.encoder)}.\n\n")
    out("| step | time | ratio | of all rounds |\n|---|---|---|---|\n")
    for name, seconds in times.items():
        ratios = [a / b for a, b in zip(times["torch-mimicry"], seconds, strict=True)]
        out(f"| {name} | {statistics.median(seconds):.2f} s ")
        out(f"| {statistics.median(ratios):.2f}x as fast ")
        out(f"| {min(ratios):.2f} to {max(ratios):.2f} |\n")


if __name__ == "__main__":
    main()
