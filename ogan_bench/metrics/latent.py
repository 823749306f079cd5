"""Does E(G(z)) recover z, and are the codes of images distributed like z?"""

from __future__ import annotations

from ogan_bench.metrics.definition import FRECHET, OGAN, OWN, Metric

RANK = "Roy and Vetterli, 2007, EUSIPCO"


LATENT: dict[str, Metric] = {
    "latent_rho": Metric(
        "latent round trip ρ",
        "higher",
        "Pearson correlation over dimensions between z and the code of G(z), mean over samples.",
        OGAN,
        ".3f",
    ),
    "latent_r2": Metric(
        "latent R²",
        "higher",
        "Squared correlation over samples between a dimension of P(z) and of P(E(G(z))), mean over "
        "dimensions.",
        OWN,
        ".3f",
        group="codes",
    ),
    "latent_retrieval": Metric(
        "latent retrieval",
        "higher",
        "Share of samples whose P(E(G(z))) is nearer to their own P(z) than to that of any other "
        "of 1000 samples.",
        OWN,
        ".3f",
        group="codes",
    ),
    "cycle_rho": Metric(
        "cycle ρ",
        "higher",
        "Pearson correlation over dimensions between the code of a test image and that of its "
        "reconstruction G(t·P(E(x))), mean over images.",
        OWN,
        ".3f",
        group="codes",
    ),
    "cycle_rho_5": Metric(
        "cycle ρ, 5 rounds",
        "higher",
        "Pearson correlation between the code of a test image and the code after five rounds of "
        "decoding and encoding, mean over images.",
        OWN,
        ".3f",
        group="codes",
    ),
    "cycle_drift_5": Metric(
        "cycle drift, 5 rounds",
        "lower",
        "Mean squared change per dimension of the projected code P(E(x)) of a test image over five "
        "rounds of decoding and encoding.",
        OWN,
        group="codes",
    ),
    "code_fd": Metric(
        "code FD",
        "lower",
        "Fréchet distance between the projected codes P(E(x)) of test images and P(z).",
        FRECHET,
        group="codes",
    ),
    "code_ks": Metric(
        "code KS",
        "lower",
        "Kolmogorov-Smirnov statistic between a dimension of P(E(x)) on test images and of P(z), "
        "mean over dimensions; from 0 to 1.",
        OWN,
        ".3f",
        group="codes",
    ),
    "code_effective_rank": Metric(
        "effective rank of E(x)",
        None,
        "Exponential of the entropy of the normalised eigenvalues of the covariance of raw codes "
        "of test images; from 1 to the number of dimensions.",
        RANK,
        ".1f",
        group="codes",
    ),
    **{
        f"code_{name}{end}": Metric(
            f"{symbol} E({x})",
            None,
            f"{title} over the dimensions of each raw code, mean over {images} images; N(·) "
            "removes it.",
            OGAN,
            ".3f",
            group="codes",
        )
        for end, images, x in (("", "test", "x"), ("_generated", "generated", "G(z)"))
        for name, symbol, title in (
            ("average", "avg", "Average"),
            ("std", "std", "Standard deviation"),
        )
    },
}
