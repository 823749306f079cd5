"""Memory that the distances between two sets of features take beyond the features themselves.

Every part runs in a process of its own, whose peak resident memory before and after the part is
compared. Parts that go through all pairs of two sets do so for ``--few`` samples, since their time
is quadratic; the table states how large a whole matrix of pairs would be. Features are normal
random numbers in single precision.

Run it as ``python benchmarks/evaluation_memory.py [--points 50000] [--features 2048]
[--few 2000]``;
it prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
from collections.abc import Callable

import torch
from torch import Tensor

from ogan_bench.evaluation.fidelity.fidelity import kernel_distance
from ogan_bench.evaluation.fidelity.frechet import frechet_distance, moments
from ogan_bench.evaluation.fidelity.kernel import cubic, sums_across, sums_within
from ogan_bench.evaluation.fidelity.manifolds import MAX_MANIFOLD, manifolds, nearest
from ogan_bench.evaluation.fidelity.sliced_wasserstein import sliced_wasserstein
from ogan_bench.evaluation.fidelity.vendi import vendi_score

Part = Callable[[Tensor, Tensor], object]

LINEAR: dict[str, Part] = {
    "Fréchet distance": frechet_distance,
    "moments of the reference": lambda x, y: moments(y),
    "Vendi score": lambda x, y: vendi_score(x),
    "sliced Wasserstein distance": lambda x, y: sliced_wasserstein(x, y, 0),
    "kernel distance, subsets": lambda x, y: kernel_distance(x, y, 0),
    "manifolds": lambda x, y: manifolds(x, y, 0),
}
"""Parts for all points: they are linear in their number, or take a subset of fixed size."""
PAIRS: dict[str, Part] = {
    "kernel, all pairs": lambda x, y: sums_across(x, y, cubic),
    "kernel within the samples": lambda x, y: sums_within(x, cubic),
    "nearest neighbours": lambda x, y: nearest(x, y),
}
"""Parts for a few samples and all points of the reference."""
MEGABYTE = 2**20


def peak() -> float:
    """Largest resident memory of this process so far, in MB."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / 1024 if sys.platform != "darwin" else kilobytes / MEGABYTE


def beyond_the_features(name: str, samples: int, points: int, features: int) -> float:
    """Additional peak memory of a part in MB; for a process of its own."""
    torch.set_num_threads(1)
    random = torch.Generator().manual_seed(0)
    x, y = (torch.randn(n, features, generator=random) for n in (samples, points))
    part = {**LINEAR, **PAIRS}[name]
    part(x[:100], y[:100])  # loads the libraries
    before = peak()
    part(x, y)
    return peak() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--points", type=int, default=50_000)
    parser.add_argument("--features", type=int, default=2048)
    parser.add_argument("--few", type=int, default=2000)
    arguments = parser.parse_args()
    points, features = arguments.points, arguments.features
    size = points * features * 4 / MEGABYTE
    out = sys.stdout.write
    out(f"{points:,} points of {features:,} features take {size:,.0f} MB. ")
    out(f"CPU, one thread, torch {torch.__version__}.\n\n")
    out(
        "| part | samples | peak beyond the features | a matrix of all pairs |\n|---|---|---|---|\n"
    )
    context = multiprocessing.get_context("spawn")
    for name in (*LINEAR, *PAIRS):
        samples = points if name in LINEAR else arguments.few
        with context.Pool(1) as pool:
            found = pool.apply(beyond_the_features, (name, samples, points, features))
        if name == "manifolds":
            whole = f"{min(MAX_MANIFOLD, points) ** 2 * 4 / MEGABYTE:,.0f} MB"
        elif name in PAIRS:
            others = samples if "within" in name else points
            width = 4 if name == "nearest neighbours" else 8
            whole = f"{samples * others * width / MEGABYTE:,.0f} MB"
        else:
            whole = "-"
        out(f"| {name} | {samples:,} | {found:,.0f} MB | {whole} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
