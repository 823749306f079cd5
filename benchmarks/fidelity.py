"""Speed-up of the Fréchet distance by symmetric matrices, as a ratio within one run.

Compares, for as many samples as training images, four times as many as features:

* ``torch-fidelity``: eigenvalues of the product of two covariances, which is not symmetric;
* ``new``: eigenvectors of the reference's covariance, then eigenvalues of a symmetric product;
* ``known``: the same if the reference's part is known from another trial.

The variants are interleaved within every round, so that a busy machine slows all of them alike. Run
it as ``python benchmarks/fidelity.py [--rounds 3]``; it prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from ogan_bench.evaluation.fidelity.frechet import frechet_distance, moments

FEATURES = [64, 512, 2048]
IMAGES_PER_FEATURE = 4


def variants(k: int) -> dict[str, Callable[[], float]]:
    """The distance between two sets of k features, in three ways."""
    random = torch.Generator().manual_seed(0)

    def points() -> Tensor:
        white, mix = (
            torch.randn(n, k, generator=random, dtype=torch.float64)
            for n in (IMAGES_PER_FEATURE * k, k)
        )
        return white * torch.arange(1, k + 1) ** -0.5 @ mix

    samples, reference = points(), points()
    theirs, known = fid_features_to_statistics(reference), moments(reference)

    def library() -> float:
        ours = fid_features_to_statistics(samples)
        result = fid_statistics_to_metric(ours, theirs, verbose=False)
        return float(result["frechet_inception_distance"])

    return {
        "torch-fidelity": library,
        "new": lambda: frechet_distance(samples, reference),
        "known": lambda: frechet_distance(samples, known),
    }


def measure(ways: dict[str, Callable[[], float]], rounds: int) -> tuple[dict[str, float], float]:
    """Median CPU seconds of each, and the largest difference as a share of the first's value."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    values: dict[str, float] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.process_time()
            values[name] = way()
            times[name].append(time.process_time() - start)
    first = next(iter(values.values()))
    difference = max(abs(value - first) for value in values.values()) / first
    return {name: statistics.median(seconds) for name, seconds in times.items()}, difference


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    out = sys.stdout.write
    out(f"CPU, one thread, torch {torch.__version__}, median of {arguments.rounds} rounds.\n\n")
    out("| features | torch-fidelity | new | known | known is | relative difference |\n")
    out("|---|---|---|---|---|---|\n")
    for k in FEATURES:
        seconds, difference = measure(variants(k), arguments.rounds)
        cells = " | ".join(f"{1000 * value:.1f} ms" for value in seconds.values())
        ratio = seconds["torch-fidelity"] / seconds["known"]
        out(f"| {k} | {cells} | {ratio:.1f}x as fast | {difference:.0e} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
