"""Does G(N(E(x))) reconstruct x?"""

from __future__ import annotations

from ogan_bench.metrics.definition import BIGAN, OGAN, OWN, Metric
from ogan_bench.metrics.feature_spaces import CLASSIFIER, SPACES

SSIM = "Wang et al., 2004, doi 10.1109/TIP.2003.819861"
LPIPS = "Zhang et al., 2018, arXiv 1801.03924"

SPLITS = {"": "test", "_train": "training", "_generated": "generated"}
"""Maps the suffix of a metric's name to the images that are reconstructed."""

AUTOENCODING: dict[str, Metric] = {
    name: metric
    for end, images in SPLITS.items()
    for name, metric in {
        f"autoencoding_mse{end}": Metric(
            f"autoencoding MSE, {images} images",
            "lower",
            f"Mean squared error per pixel of G(t·P(E(x))) on {images} images, pixel range [0, 1]; "
            "points in their own units.",
            OGAN,
            group="reconstruction",
        ),
        f"autoencoding_psnr{end}": Metric(
            f"autoencoding PSNR (dB), {images} images",
            "higher",
            f"10 log10(1 / MSE) between each of the {images} images and G(t·P(E(x))), pixel range "
            "[0, 1], then the mean over images.",
            OGAN,
            ".2f",
            group="reconstruction",
        ),
        f"autoencoding_ssim{end}": Metric(
            f"autoencoding SSIM, {images} images",
            "higher",
            f"Structural similarity of {images} images and G(t·P(E(x))), from -1 to 1: Gaussian "
            "window of 11 x 11 pixels, σ = 1.5, K = (0.01, 0.03), population covariance, windows "
            "inside the image, mean over channels.",
            SSIM,
            ".3f",
            group="reconstruction",
        ),
        f"autoencoding_ratio{end}": Metric(
            f"autoencoding ratio, {images} images",
            "lower",
            f"MSE of {images} images to G(t·P(E(x))) over that to the reconstruction of a random "
            "other one; 1 means that the code says nothing about the image.",
            BIGAN,
            ".3f",
            group="reconstruction",
        ),
        **{
            f"autoencoding_lpips_{backbone}{end}": Metric(
                f"autoencoding LPIPS ({title}), {images} images",
                "lower",
                f"LPIPS v0.1 on {title} between {images} images and G(t·P(E(x))); images below 64 "
                "pixels are enlarged to that.",
                LPIPS,
                ".3f",
                group="reconstruction",
            )
            for backbone, title in {"alex": "AlexNet", "vgg": "VGG16"}.items()
        },
        **{
            f"autoencoding_ratio_{name}{end}": Metric(
                f"autoencoding ratio ({space.title}), {images} images",
                "lower",
                f"Mean squared distance of {images} images to G(t·P(E(x))) over that to the "
                f"reconstruction of a random other one, in {space.description}.",
                BIGAN,
                ".3f",
                extractor=name,
                group="reconstruction",
            )
            for name, space in SPACES.items()
        },
        f"autoencoding_agreement{end}": Metric(
            f"autoencoding label agreement, {images} images",
            "higher",
            f"Share of {images} images that the classifier gives the same class as G(t·P(E(x))).",
            OWN,
            ".3f",
            extractor=CLASSIFIER,
            group="reconstruction",
        ),
    }.items()
    if name != "autoencoding_mse"  # always measured
}

TEMPERATURE: dict[str, Metric] = {
    "best_temperature": Metric(
        "best temperature",
        None,
        "The t among 0.7, 0.8, 0.9, 1, 1.1 at which G(t·P(E(x))) has the smallest mean squared "
        "error on training images.",
        OGAN,
        ".1f",
        group="reconstruction",
    ),
    "autoencoding_mse_best": Metric(
        "autoencoding MSE, best temperature",
        "lower",
        "Mean squared error per pixel of G(t·P(E(x))) on test images at the best temperature.",
        OGAN,
        group="reconstruction",
    ),
}

RECONSTRUCTION: dict[str, Metric] = {
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
    **AUTOENCODING,
    **TEMPERATURE,
}
