"""Names, directions and definitions of all metrics; the table that both sides of the tool share.

A metric's name fixes its protocol. The evaluation writes rows under these names only, and the
analysis takes from here which direction is better. No torch in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ogan_bench.errors import PluginError

Direction = Literal["lower", "higher"]


@dataclass(frozen=True)
class Metric:
    """What a metric means.

    Args:
        title: How tables and figures name it.
        better: Which direction is better; ``None`` for baselines and diagnostics.
        definition: One sentence, with unit and range.
        source: Where the definition comes from.
        format: Format specification for printing.
        extractor: Feature space that it needs, one of ``evaluation.extractors``.
    """

    title: str
    better: Direction | None
    definition: str
    source: str
    format: str = ".4g"
    extractor: Literal["classifier", "inception"] | None = None


_FRECHET = "Heusel et al., 2017, arXiv 1706.08500"
_KERNEL = "Bińkowski et al., 2018, arXiv 1801.01401"
_SCORE = "Salimans et al., 2016, arXiv 1606.03498"
_MANIFOLD = "Kynkäänniemi et al., 2019, arXiv 1904.06991"
_PROBE = "Alain and Bengio, 2016, arXiv 1610.01644"
_OGAN = "Su, 2019, arXiv 1903.01931"
_BIGAN = "Donahue et al., 2017, arXiv 1605.09782"
_PACGAN = "Lin et al., 2018, arXiv 1712.04086"
_ACGAN = "Odena et al., 2017, arXiv 1610.09585"
_ICGAN = "Perarnau et al., 2016, arXiv 1611.06355"
_PROJECTION = "Miyato and Koyama, 2018, arXiv 1802.05637"
_VEEGAN = "Srivastava et al., 2017, arXiv 1705.07761"

METRICS: dict[str, Metric] = {
    # Encoder: does G(N(E(x))) give x back, and does E(G(z)) give z back?
    "reconstruction_mse": Metric(
        "reconstruction MSE",
        "lower",
        "Mean squared error per pixel of G(N(E(x))) on test images, pixel range [0, 1]; points in "
        "their own units.",
        _OGAN,
    ),
    "reconstruction_psnr": Metric(
        "reconstruction PSNR (dB)",
        "higher",
        "10 log10(1 / MSE) of each test image, then the mean over images.",
        _OGAN,
        ".2f",
    ),
    "reconstruction_ratio": Metric(
        "reconstruction ratio",
        "lower",
        "Reconstruction MSE over the MSE to the reconstruction of a random other test image; "
        "1 means that the code says nothing about the image.",
        _BIGAN,
        ".3f",
    ),
    "reconstruction_mse_raw": Metric(
        "reconstruction MSE without N",
        "lower",
        "Mean squared error per pixel of G(E(x)) on test images: the code is not normalised.",
        _OGAN,
    ),
    "autoencoding_mse": Metric(
        "autoencoding MSE",
        "lower",
        "Mean squared error per pixel of G(t·P(E(x))) on test images, pixel range [0, 1], with the "
        "projection P that belongs to the objective and the temperature t; the note names both.",
        _OGAN,
    ),
    "latent_rho": Metric(
        "latent round trip ρ",
        "higher",
        "Pearson correlation over dimensions between z and the code of G(z), mean over samples.",
        _OGAN,
        ".3f",
    ),
    # Latent linear separability, with the baselines it must beat.
    "probe_accuracy": Metric(
        "linear probe on N(E(x))",
        "higher",
        "Test accuracy of logistic regression on standardised N(E(x)).",
        _PROBE,
        ".3f",
    ),
    "probe_accuracy_untrained": Metric(
        "linear probe, untrained encoder",
        None,
        "The same probe on the encoder before training (same seed, same architecture).",
        _PROBE,
        ".3f",
    ),
    "probe_accuracy_pca": Metric(
        "linear probe, PCA",
        None,
        "The same probe on as many principal components of the pixels as the code has dimensions.",
        _PROBE,
        ".3f",
    ),
    "probe_accuracy_pixels": Metric(
        "linear probe, pixels", None, "The same probe on raw pixels.", _PROBE, ".3f"
    ),
    # Fidelity and diversity in the feature space of a classifier trained on the dataset.
    "fd_classifier": Metric(
        "FD (classifier)",
        "lower",
        "Fréchet distance between samples and training images in the penultimate layer of a "
        "classifier trained on the dataset, features scaled to root mean square 1 over the "
        "training images. Not an FID.",
        _FRECHET,
        extractor="classifier",
    ),
    "kd_classifier": Metric(
        "KD (classifier)",
        "lower",
        "Unbiased squared MMD with the cubic polynomial kernel in the same features.",
        _KERNEL,
        extractor="classifier",
    ),
    "isc_classifier": Metric(
        "IS (classifier)",
        "higher",
        "Inception-score formula with the classes of the dataset's own classifier; at most the "
        "number of classes.",
        _SCORE,
        ".3f",
        extractor="classifier",
    ),
    "precision_classifier": Metric(
        "precision (classifier)",
        "higher",
        "Share of samples inside the k-NN manifold (k = 3) of the training images.",
        _MANIFOLD,
        ".3f",
        extractor="classifier",
    ),
    "recall_classifier": Metric(
        "recall (classifier)",
        "higher",
        "Share of training images inside the k-NN manifold (k = 3) of the samples.",
        _MANIFOLD,
        ".3f",
        extractor="classifier",
    ),
    # Mode coverage by the same classifier.
    "modes_classifier": Metric(
        "modes",
        "higher",
        "Number of classes that the classifier finds at least once among the samples.",
        _VEEGAN,
        ".1f",
        extractor="classifier",
    ),
    "modes_kl_classifier": Metric(
        "modes KL (nats)",
        "lower",
        "Kullback-Leibler divergence in nats between the samples' class shares p and those of the "
        "training images q, both by the classifier: sum p log(p / q); 0 is best.",
        _VEEGAN,
        ".3f",
        extractor="classifier",
    ),
    "rfd_classifier": Metric(
        "reconstruction FD (classifier)",
        "lower",
        "Fréchet distance between the test images and their reconstructions G(t·P(E(x))) in the "
        "classifier's features; 0 for perfect reconstructions.",
        _FRECHET,
        extractor="classifier",
    ),
    # Conditional generators: does a label do what it says?
    "conditional_accuracy": Metric(
        "conditional accuracy",
        "higher",
        "Share of samples that the classifier gives the class they were asked for.",
        _ACGAN,
        ".3f",
        extractor="classifier",
    ),
    "swap_accuracy": Metric(
        "label swap accuracy",
        "higher",
        "Share of test images whose code, decoded under another label, the classifier gives that "
        "other class.",
        _ICGAN,
        ".3f",
        extractor="classifier",
    ),
    "fd_classifier_within": Metric(
        "FD within classes (classifier)",
        "lower",
        "Mean over classes of the Fréchet distance between the samples asked for and the training "
        "images of the class, in the classifier's features.",
        _PROJECTION,
        extractor="classifier",
    ),
    # Mixtures in the plane, whose modes are known.
    "modes_points": Metric(
        "modes (points)",
        "higher",
        "Number of modes with at least one sample within 3 standard deviations of the centre.",
        _VEEGAN,
        ".1f",
    ),
    "high_quality_share": Metric(
        "high-quality share",
        "higher",
        "Share of samples within 3 standard deviations of the nearest centre; 0.98889 for perfect "
        "ones.",
        _VEEGAN,
        ".3f",
    ),
    "modes_kl_points": Metric(
        "modes KL (points, nats)",
        "lower",
        "Kullback-Leibler divergence in nats between the modes' shares p among the samples of high "
        "quality and even shares 1/k: sum p log(p k); 0 is best.",
        _PACGAN,
        ".3f",
    ),
    # The literature's names, for Inception-v3 features alone.
    "fid": Metric(
        "FID",
        "lower",
        "Fréchet distance in Inception-v3 (TF) features.",
        _FRECHET,
        extractor="inception",
    ),
    "kid": Metric(
        "KID",
        "lower",
        "Kernel distance in Inception-v3 (TF) features.",
        _KERNEL,
        extractor="inception",
    ),
    "isc": Metric(
        "IS",
        "higher",
        "Inception score (Inception-v3, TF).",
        _SCORE,
        ".3f",
        extractor="inception",
    ),
    # Training
    "images_per_second": Metric(
        "images/s",
        "higher",
        "Training images seen per second of training, evaluation excluded.",
        "measured",
        ".0f",
    ),
}


def add(name: str, better: Direction | None, definition: str, source: str) -> None:
    """Make a metric of a plug-in known; a shipped one is never replaced.

    Raises:
        PluginError: There is another metric of that name.
    """
    new = Metric(name.replace("_", " "), better, definition, source)
    if METRICS.setdefault(name, new).source != source:
        raise PluginError(f"{source}: there is a metric {name!r} already")
