"""Does G(N(E(x))) give x back, and does E(G(z)) give z back?"""

from __future__ import annotations

from ogan_bench.metrics.base import BIGAN, OGAN, Metric

ENCODER: dict[str, Metric] = {
    "reconstruction_mse": Metric(
        "reconstruction MSE",
        "lower",
        "Mean squared error per pixel of G(N(E(x))) on test images, pixel range [0, 1]; points in "
        "their own units.",
        OGAN,
    ),
    "reconstruction_psnr": Metric(
        "reconstruction PSNR (dB)",
        "higher",
        "10 log10(1 / MSE) of each test image, then the mean over images.",
        OGAN,
        ".2f",
    ),
    "reconstruction_ratio": Metric(
        "reconstruction ratio",
        "lower",
        "Reconstruction MSE over the MSE to the reconstruction of a random other test image; "
        "1 means that the code says nothing about the image.",
        BIGAN,
        ".3f",
    ),
    "reconstruction_mse_raw": Metric(
        "reconstruction MSE without N",
        "lower",
        "Mean squared error per pixel of G(E(x)) on test images: the code is not normalised.",
        OGAN,
    ),
    "autoencoding_mse": Metric(
        "autoencoding MSE",
        "lower",
        "Mean squared error per pixel of G(t·P(E(x))) on test images, pixel range [0, 1], with the "
        "projection P that belongs to the objective and the temperature t; the note names both.",
        OGAN,
    ),
    "latent_rho": Metric(
        "latent round trip ρ",
        "higher",
        "Pearson correlation over dimensions between z and the code of G(z), mean over samples.",
        OGAN,
        ".3f",
    ),
}
