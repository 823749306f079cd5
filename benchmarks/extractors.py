"""Throughput of each feature space in images per second, at several resolutions.

Images are uint8 noise; resizing to what a net expects is part of the time. For a space whose
weights are not on this machine the table says how to get them. Run it as
``python benchmarks/extractors.py [--device cuda] [--images 256]``; it prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time

import torch

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.errors import NoValueError
from ogan_bench.features.classifier import dataset_classifier
from ogan_bench.features.extractor import Extractor, extract
from ogan_bench.features.spaces import FEATURE_SPACES

RESOLUTIONS = [32, 64, 256]
CHANNELS, CLASSES = 3, 10


def noise(n: int, resolution: int) -> Dataset:
    """A dataset of noise images."""
    random = torch.Generator().manual_seed(0)
    shape = (n, CHANNELS, resolution, resolution)
    images = torch.randint(0, 256, shape, generator=random, dtype=torch.uint8)
    split = Split(images, torch.arange(n) % CLASSES)
    return Dataset("noise", split, split, tuple(map(str, range(CLASSES))), "none")


def extractor_of(space: str, dataset: Dataset, device: torch.device) -> Extractor:
    """An extractor; the speed of a classifier does not depend on how long it was trained."""
    if space == "classifier":
        return dataset_classifier(dataset, device, min_images=1)
    return FEATURE_SPACES[space].extractor(dataset, device)


def rate(extractor: Extractor, images: torch.Tensor, rounds: int) -> float:
    """Images per second, median over rounds; by CPU time on the CPU, wall time on a GPU."""
    clock = time.process_time if extractor.device.type == "cpu" else time.perf_counter
    seconds = []
    for _ in range(rounds + 1):
        start = clock()
        extract(extractor, images)  # ends with features on the CPU, so a GPU has finished too
        seconds.append(clock() - start)
    return len(images) / statistics.median(seconds[1:])  # the first round allocates memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--spaces", nargs="+", choices=FEATURE_SPACES, default=list(FEATURE_SPACES))
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    torch.set_num_threads(1)
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU, one thread"
    out = sys.stdout.write
    out(f"Images per second, {arguments.images} at once, {where}, torch {torch.__version__}, ")
    out(f"median of {arguments.rounds} rounds.\n\n")
    sizes = [f"{size} px" for size in RESOLUTIONS]
    out(f"| space | {' | '.join(sizes)} | extractor at {sizes[-1]} |\n")
    out(f"|---|{'---|' * len(RESOLUTIONS)}---|\n")
    for space in arguments.spaces:
        try:
            cells = []
            for resolution in RESOLUTIONS:
                dataset = noise(arguments.images, resolution)
                extractor = extractor_of(space, dataset, device)
                speed = rate(extractor, dataset.train.images, arguments.rounds)
                cells.append(f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}")
            out(f"| `{space}` | {' | '.join(cells)} | `{extractor.name}` |\n")
        except NoValueError as error:
            out(f"| `{space}` |{' |' * len(RESOLUTIONS)} {error} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OGAN_BENCH_CACHE"] = folder
        main()
