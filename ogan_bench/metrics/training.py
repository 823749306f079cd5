"""What training took."""

from __future__ import annotations

from ogan_bench.metrics.base import Metric

TRAINING: dict[str, Metric] = {
    "images_per_second": Metric(
        "images/s",
        "higher",
        "Training images seen per second of training, evaluation excluded.",
        "measured",
        ".0f",
    ),
}
