"""Cost of preparing images, and of reading them back relative to images in memory.

Preparation, in images per second:

* ``plain``: a loop that decodes and resizes each file with Pillow and keeps the pixels in memory;
* ``1 thread`` and ``n threads``: the store, with reading, hashing and writing.

Reading, in bytes of uint8 images per second, as the training loop draws them (shuffled batches of
64, converted to float):

* ``memory``: from a tensor; ``store``: from the memory map, its file in the page cache;
* ``first time``: from the memory map after the page cache was asked to drop the file.

The variants are interleaved within every round, so that a busy machine slows all of them alike. Run
it as ``python benchmarks/data_preparation.py [--folder DIR --resolution N]``; without a folder it
makes JPEG files. It prints tables in Markdown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ogan_bench.data.base import Split
from ogan_bench.data.batches import Batches
from ogan_bench.data.prepared.decoding import Recipe
from ogan_bench.data.prepared.store import Store
from ogan_bench.data.prepared.write import write
from ogan_bench.data.reading.image_files import ImageFiles, find_images

BATCH = 64
SETTINGS = [  # files, their height and width, resolution
    (4000, 32, 32),
    (400, 256, 64),
    (60, 1024, 256),
]


def make_files(folder: Path, count: int, side: int) -> None:
    """JPEG files of smooth noise, about as hard to decode as photographs."""
    random = np.random.default_rng(0)
    for i in range(count):
        noise = random.integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8)
        smooth = Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC)
        smooth.save(folder / f"{i:05d}.jpg", quality=90)


def plain(source: ImageFiles, recipe: Recipe) -> None:
    """The loop that one would write without a store."""
    size = (recipe.resolution, recipe.resolution)
    pixels = np.empty((len(source.names), *size, 3), np.uint8)
    for i, name in enumerate(source.names):
        with Image.open(source.folder / name) as image:
            pixels[i] = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BILINEAR))


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def prepare(source: ImageFiles, recipe: Recipe, scratch: Path, rounds: int) -> dict[str, float]:
    """Images per second of each variant; the last store stays in ``scratch / "store"``."""
    store = Store(scratch / "store")
    store.path.mkdir()
    threads = [1, cores()] if cores() > 1 else [1]
    variants: dict[str, Callable[[], None]] = {"plain": lambda: plain(source, recipe)}
    for n in threads:
        name = f"{n} thread{'s' * (n > 1)}"
        variants[name] = lambda n=n: write(store, "files", source, recipe, n)  # type: ignore[misc]
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, work in variants.items():
            times[name].append(seconds(work))
    return {name: len(source.names) / statistics.median(taken) for name, taken in times.items()}


def read(store: Store, rounds: int) -> dict[str, float]:
    """Bytes per second of batches from memory and from the store, over one epoch."""
    meta = store.meta()
    times: dict[str, list[float]] = {"memory": [], "store": [], "first time": []}

    def epoch(split: Split) -> None:
        batches = Batches(split, min(BATCH, len(split)), seed=0)
        for number in range(max(1, len(split) // BATCH)):
            batches[number]

    memory = Split(store.open().images.clone())
    for _ in range(rounds):
        forget(store.pixels)
        split = store.open().split(0, meta.images)
        times["first time"].append(seconds(lambda split=split: epoch(split)))  # type: ignore[misc]
        times["store"].append(seconds(lambda split=split: epoch(split)))  # type: ignore[misc]
        times["memory"].append(seconds(lambda: epoch(memory)))
        del split  # or the page cache could not drop what is mapped
    return {place: meta.size / statistics.median(taken) for place, taken in times.items()}


def forget(path: Path) -> None:
    """Ask the page cache to drop a file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def report(source: ImageFiles, resolution: int, scratch: Path, rounds: int) -> None:
    """Print both tables for one set of files."""
    prepared = prepare(source, Recipe(resolution, "none", None, 3), scratch, rounds)
    store = Store(scratch / "store")
    drawn = read(store, rounds)
    opened, verified = seconds(store.open), seconds(store.verify)
    with Image.open(source.folder / source.names[0]) as image:
        size = f"{image.width} x {image.height}"
    out = sys.stdout.write
    out(f"{len(source.names):,} files of {size} pixels to {resolution}:\n\n")
    out("| prepared by | images/s | relative to plain |\n|---|---|---|\n")
    for name, rate in prepared.items():
        out(f"| {name} | {rate:,.0f} | {rate / prepared['plain']:.2f}x |\n")
    out("\n| batches from | MB/s | relative to memory |\n|---|---|---|\n")
    for place, rate in drawn.items():
        out(f"| {place} | {rate / 1e6:,.0f} | {rate / drawn['memory']:.2f}x |\n")
    out(
        f"\nOpening the store of {store.meta().size / 1e6:.1f} MB takes {1000 * opened:.1f} ms, "
        f"hashing it again {1000 * verified:.1f} ms.\n\n"
    )
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    sys.stdout.write(f"{cores()} cores, median of {arguments.rounds} rounds.\n\n")
    with tempfile.TemporaryDirectory() as place:
        scratch = Path(place)
        if arguments.folder is not None:
            source = ImageFiles(arguments.folder, find_images(arguments.folder))
            report(source, arguments.resolution, scratch, arguments.rounds)
            return
        for count, side, resolution in SETTINGS:
            own = scratch / str(side)
            folder = own / "files"
            folder.mkdir(parents=True)
            make_files(folder, count, side)
            report(ImageFiles(folder, find_images(folder)), resolution, own, arguments.rounds)


if __name__ == "__main__":
    main()
