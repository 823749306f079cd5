"""The cost of training; tabulated if a study asks for it, never averaged over devices."""

from __future__ import annotations

from ogan_bench.metrics.definition import Metric

TRAINING: dict[str, Metric] = {
    "images_per_second": Metric(
        "images/s",
        "higher",
        "Training images seen per second of training, evaluation excluded.",
        "measured",
        ".0f",
    ),
    "step_flops": Metric(
        "FLOPs per step",
        "lower",
        "Floating-point operations of the matrix products and convolutions of one training step, "
        "all passes included, a multiplication and an addition counted as two.",
        "counted",
        ".3e",
    ),
    "activation_bytes": Metric(
        "activations (bytes)",
        "lower",
        "Peak bytes of what autograd keeps for the backward passes of one training step, without "
        "the parameters.",
        "counted",
        ".3e",
    ),
    "peak_bytes": Metric(
        "peak GPU memory (bytes)",
        "lower",
        "Peak GPU memory allocated in one training step, nets and optimisers included; none on a "
        "CPU.",
        "counted",
        ".3e",
    ),
}
