"""When a metric's value misleads: what it cannot see, or takes for something else."""

from __future__ import annotations

from ogan_bench.metrics.feature_spaces import LITERATURE, SPACES

CAUTIONS = {
    "reconstruction_mse": "It rewards blur: where a code leaves something open, the mean of the "
    "possible images has the smallest error. `reconstruction_ratio` says whether the code is used "
    "at all.",
    "reconstruction_mse_raw": "It is large if E(x) has another scale than z, which a term such as "
    "Pearson leaves free; that is no fault of the encoder.",
    "autoencoding_mse": "It rewards blur: where a code leaves something open, the mean of the "
    "possible images has the smallest error. `autoencoding_ratio` says whether the code is used at "
    "all.",
    "latent_rho": "It is measured on generated images: a generator that has collapsed can have a "
    "high value, and codes of real images are not looked at.",
    "cycle_rho": "It compares codes, not images: nets that keep little of an image can agree about "
    "that little.",
    "code_fd": "It sees means and covariances alone: any distribution of codes with those of the "
    "prior has 0.",
    "code_ks": "It looks at each dimension alone: how dimensions depend on each other does not "
    "show.",
    "path_straightness": "It says little alone: a generator that only cross-fades is as straight "
    "as a cross-fade. Read it beside `_pixels` and `_shuffled`.",
    "midpoint_ratio": "It says little alone: where the ends are far from all training images, "
    "midpoints are no farther. Read it beside `_pixels` and `_shuffled`.",
    "interpolation_confidence": "A classifier is confident about many images that show nothing.",
    "ivom": "The search may miss the best z, so it is an upper bound.",
    "inversion_gap": "It is small too where no search finds a better z, because all of them fail.",
    "probe_accuracy": "An encoder that was never trained is far above chance too. Read it beside "
    "`probe_accuracy_untrained` and `probe_accuracy_pixels`.",
    "fd": "It sees means and covariances of the features alone, and it falls with the number of "
    "samples: compare equal numbers only. And copies of training images score best: read it beside "
    "`authenticity_classifier`.",
    "isc": "It does not look at the data: one clear image of each class has the highest value.",
    "precision": "Outliers of the reference have large balls, in which bad samples lie; and one "
    "good image, repeated, has 1.",
    "density": "Blurred and constant images exceed perfect ones.",
    "vendi": "Noise is diverse. It says something only beside the value of as many reference "
    "images.",
    "rke": "Noise is diverse. It says something only beside the value of as many reference images.",
    "authenticity": "Samples that are far from every image are authentic too: it is no measure of "
    "quality.",
    "modes": "A sample counts for the class that the classifier sees in it, however bad it is.",
    "modes_kl": "A sample counts for the class that the classifier sees in it, however bad it is.",
    "high_quality_share": "One mode is enough for the best value.",
    "rfd": "It compares all reconstructions with all images: reconstructions that are images of "
    "somebody else have 0 too.",
    "conditional_accuracy": "One image of each class is enough for the best value.",
    "swap_accuracy": "A generator that obeys the label and ignores the code has the best value.",
    "score_auc": "It is near 0.5 both for perfect samples and for a useless score.",
    "images_per_second": "It depends on the machine and on what else it does; `step_flops` does "
    "not.",
    "step_flops": "Operations other than matrix products and convolutions take time and do not "
    "show.",
}
"""Metric, or quantity that is measured in several feature spaces, to what to beware of."""


def caution_for(metric: str) -> str | None:
    """What to beware of in a metric's value, where that is not part of its definition.

    >>> caution_for("fid") == caution_for("fd_dinov2") == CAUTIONS["fd"]
    True
    >>> caution_for("fd_infinity_clip") is None
    True
    """
    known = {name.name: quantity for (quantity, _), name in LITERATURE.items()}
    spaces = (f"_{space}" for space in SPACES if metric.endswith(f"_{space}"))
    return CAUTIONS.get(known.get(metric, metric.removesuffix(next(spaces, ""))))
