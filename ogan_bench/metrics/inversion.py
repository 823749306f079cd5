"""How close G comes to an image with the best code."""

from __future__ import annotations

from ogan_bench.metrics.definition import OWN, VEEGAN, Metric

INVERSION: dict[str, Metric] = {
    "ivom": Metric(
        "IvOM",
        "lower",
        "Smallest mean squared error per pixel between G(z) and a test image over z, best of four "
        "starts drawn from the prior, mean over images; pixel range [0, 1], points in their own "
        "units.",
        VEEGAN,
        group="inversion",
    ),
    "ivom_encoder": Metric(
        "IvOM from the encoder",
        "lower",
        "The same with the image's projected code t·P(E(x)) as the only start.",
        VEEGAN,
        group="inversion",
    ),
    "inversion_gap": Metric(
        "inversion gap",
        "lower",
        "Mean squared error per pixel of G(t·P(E(x))) beyond the smallest error that inverting G "
        "finds from any start, mean over test images.",
        OWN,
        group="inversion",
    ),
    "inversion_encoder_wins": Metric(
        "inversions won by the encoder",
        "higher",
        "Share of test images to which the start at t·P(E(x)) comes closer than the best of four "
        "starts drawn from the prior; ties count half.",
        OWN,
        ".3f",
        group="inversion",
    ),
}
