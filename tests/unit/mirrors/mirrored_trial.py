"""A trial and its points, as mirrors receive them."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.mirrors import open_mirrors
from ogan_bench.mirrors.base import Mirror, MirroredTrial, Point

TRIAL = MirroredTrial(
    id="study/pearson/seed-0",
    study="study",
    settings={
        "seed": 0,
        "training.optimizer.lr": 1e-4,
        "data.flip": True,
        "data.name": "digits",
        "evaluation.extractors": ["classifier"],
        "evaluation.every": None,
    },
    config_hash="0123456789abcdef",
    started=1767323045.0,
)
POINTS = [
    Point(10, 1.0, {"train/rho": 0.5, "train/encoder_loss": -2.0}),
    Point(20, 2.0, {"train/rho": 0.75}),
    Point(20, 2.0, {"test/fd_classifier": 1.5}),
]
MORE = [Point(30, 3.0, {"train/rho": 0.875})]
FINAL = Point(40, 4.0, {"final/fid": 12.5})


def opened(name: str, results: Path) -> Mirror:
    (mirror,) = open_mirrors([name], results)
    return mirror
