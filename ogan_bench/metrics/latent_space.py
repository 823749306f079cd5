"""What is left of a code on the way through G and E, and what lies beside and between codes."""

from __future__ import annotations

from ogan_bench.metrics.base import FRECHET, OGAN, VEEGAN, Metric
from ogan_bench.metrics.by_space import SPACES

STYLEGAN = "Karras et al., 2019, arXiv 1812.04948"
RANK = "Roy and Vetterli, 2007, EUSIPCO"
OWN = "own definition"

CODES: dict[str, Metric] = {
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
        "exp of the entropy of the eigenvalues' shares in the covariance of raw codes of test "
        "images; from 1 to the number of dimensions.",
        RANK,
        ".1f",
        group="codes",
    ),
    **{
        f"code_{name}{end}": Metric(
            f"{symbol} E({x})",
            None,
            f"{title} over the dimensions of each raw code, mean over {images} images; N(·) takes "
            "it away.",
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

INTERPOLATION: dict[str, Metric] = {
    name: metric
    for end, how in {"": "spherical", "_linear": "linear"}.items()
    for name, metric in {
        **{
            f"path_length_{name}{end}": Metric(
                f"path length ({space.title}), {how}",
                None,
                f"Mean squared speed ‖φ(G(γ(s + ε))) - φ(G(γ(s)))‖² / ε² on {how} ways γ between "
                "codes of test images at random s, ε = 0.01, without the outermost per cent on "
                f"both sides, in {space.description}; 0 where G ignores its code. Not a PPL.",
                STYLEGAN,
                extractor=name,
                group="interpolation",
            )
            for name, space in SPACES.items()
        },
        **{
            f"path_energy_{name}{end}": Metric(
                f"path energy ({space.title}), {how}",
                "lower",
                f"Mean squared speed of decoded {how} ways between codes of test images over the "
                "mean squared distance of their ends; 1 for straight ways of constant speed, in "
                f"{space.description}.",
                OWN,
                ".3f",
                extractor=name,
                group="interpolation",
            )
            for name, space in SPACES.items()
        },
        f"interpolation_detour{end}": Metric(
            f"interpolation detour, {how}",
            None,
            f"Length in pixels of decoded {how} ways between codes of test images over the "
            "distance of their ends; 1 is a straight fade.",
            OWN,
            ".3f",
            group="interpolation",
        ),
        f"interpolation_confidence{end}": Metric(
            f"interpolation confidence, {how}",
            "higher",
            f"Share of decoded {how} ways between codes of test images in whose middle the "
            "classifier is at least as sure of a class as at the less sure end; 2/3 where middles "
            "are like ends.",
            OWN,
            ".3f",
            extractor="classifier",
            group="interpolation",
        ),
    }.items()
}

INVERSION: dict[str, Metric] = {
    "ivom": Metric(
        "IvOM",
        "lower",
        "Smallest mean squared error per pixel of G(z) to a test image over z, best of four starts "
        "in the prior, mean over images; pixel range [0, 1], points in their own units.",
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
        "inversions that the encoder wins",
        "higher",
        "Share of test images to which the start at t·P(E(x)) leads nearer than the best of four "
        "starts in the prior; ties are half.",
        OWN,
        ".3f",
        group="inversion",
    ),
}
