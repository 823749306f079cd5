"""Rendering speed of the dataset ``shapes``, in images per second.

::

    python benchmarks/shapes.py [--images 4000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

import torch

from ogan_bench.data.sources.shapes import COMBINATIONS, combinations, render
from ogan_bench.seeding import generator

RESOLUTIONS = [32, 64, 128, 256]


def measure(resolution: int, images: int, rounds: int) -> float:
    """Images per second of CPU time, median over rounds; fewer images at larger sizes."""
    count = max(1, images * 32**2 // resolution**2)
    factors = combinations(
        torch.randperm(COMBINATIONS, generator=generator(0, "benchmark/shapes"))[:count]
    )
    render(factors, resolution)
    times = []
    for _ in range(rounds):
        start = time.process_time()
        render(factors, resolution)
        times.append(time.process_time() - start)
    return count / statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    out = sys.stdout.write
    out(f"CPU, one thread, torch {torch.__version__}, median of {arguments.rounds} rounds.\n\n")
    out("| resolution | images/s | megapixels/s |\n|---|---|---|\n")
    for resolution in RESOLUTIONS:
        speed = measure(resolution, arguments.images, arguments.rounds)
        out(f"| {resolution} | {speed:,.0f} | {speed * resolution**2 / 1e6:.0f} |\n")


if __name__ == "__main__":
    main()
