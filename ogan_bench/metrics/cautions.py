"""When a metric's value misleads: what it cannot see, or takes for something else."""

from __future__ import annotations

import re

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
    "reconstruction_psnr": "The same number as the mean squared error, on a scale of its own, so "
    "blur is rewarded; and the mean over images is not the decibels of the mean error.",
    "reconstruction_ratio": "An image that repeats the mean of the data has 1, and so has one that "
    "is wrong everywhere by as much as another image is.",
    "autoencoding_ratio": "An image that repeats the mean of the data has 1, and so has one that "
    "is wrong everywhere by as much as another image is.",
    "autoencoding_psnr": "The same number as the mean squared error, on a scale of its own, so "
    "blur is rewarded.",
    "autoencoding_ssim": "It hardly sees a small shift of brightness, and flat areas count as much "
    "as those that show something.",
    "autoencoding_lpips_alex": "Its net has seen photographs: on digits, drawings or points its "
    "distances have no known meaning.",
    "autoencoding_lpips_vgg": "Its net has seen photographs: on digits, drawings or points its "
    "distances have no known meaning.",
    "autoencoding_agreement": "Any image of the right class will do, whether it is the one that "
    "was encoded or not.",
    "latent_r2": "It is measured on generated images, and dimension by dimension: a rotated code "
    "has a low value and has lost nothing.",
    "latent_retrieval": "It is near 1 as soon as codes differ more between samples than they are "
    "off, however far off they are.",
    "cycle_rho_5": "Nets whose images have become all alike agree perfectly.",
    "cycle_drift_5": "Codes that have become all alike do not drift any more.",
    "code_average": "It says nothing of quality: N(·) takes it away before anything is decoded.",
    "code_std": "It says nothing of quality: N(·) takes it away before anything is decoded.",
    "code_effective_rank": "Noise uses all dimensions. It says whether codes have collapsed, and "
    "not what they hold.",
    "best_temperature": "It is one of five values, and chosen by squared error, which rewards "
    "blur.",
    "path_length": "A generator that makes the same image of every z has 0, the best value.",
    "path_energy": "It does not tell a jump from a detour: both cost energy.",
    "interpolation_detour": "A cross-fade of the ends has 1, the best value, and shows two images "
    "at once in the middle.",
    "inversion_encoder_wins": "Half is reached where neither start leads anywhere.",
    "ivom_encoder": "The search goes on from the code, so a poor encoder may end as well as a good "
    "one.",
    "knn_accuracy": "An encoder that was never trained is far above chance too. Read it beside "
    "`knn_trunk`.",
    "knn_code": "An encoder that was never trained is far above chance too. Read it beside "
    "`knn_trunk`.",
    "knn_trunk": "Features of random convolutions are far above chance too: it is the control, and "
    "proves no encoder.",
    "probe_trunk": "Features of random convolutions are far above chance too: it is the control, "
    "and proves no encoder.",
    "probe_fisher": "Gradients of random convolutions are far above chance too. Read it beside "
    "`probe_fisher_1000_untrained`.",
    "svm_accuracy": "An encoder that was never trained is far above chance too. Read it beside "
    "`probe_accuracy_untrained`.",
    "attribute_accuracy": "The mean hides attributes that no probe finds behind those that are "
    "plain in every pixel.",
    "separability_z": "It trusts the classifier: where that is sure of images that show nothing, "
    "they count as separable.",
    "dci_trees_disentanglement": "It looks for axes: codes that are a rotation of perfect ones "
    "have a low value and have lost nothing.",
    "dci_trees_completeness": "It looks for axes: codes that are a rotation of perfect ones have a "
    "low value and have lost nothing.",
    "dci_trees_informativeness": "Trees split along axes, and need many for a direction between "
    "them.",
    "mig": "It looks for axes: codes that are a rotation of perfect ones have a low value and have "
    "lost nothing.",
    "kd": "It falls below 0 for good samples, and copies of training images score best: read it "
    "beside `authenticity_classifier`.",
    "kd_exact": "It falls below 0 for good samples, and copies of training images score best: read "
    "it beside `authenticity_classifier`.",
    "fd_debiased": "It falls below 0 for good samples, and is biased where the scales of the two "
    "sides differ.",
    "fd_infinity": "It extrapolates a line that holds for many samples only.",
    "fd_classifier_within": "Classes have few images, so its floor is high: compare it with that.",
    "cmmd": "The width of its kernel is fixed for CLIP's features of photographs: elsewhere it may "
    "be blind.",
    "fwd": "It compares statistics of wavelet packets: textures right and shapes wrong have a low "
    "value.",
    "recall": "Outliers among the samples have large balls, in which images lie that no sample is "
    "like.",
    "coverage": "An image counts as soon as one sample is near it: shares of modes do not show.",
    "clipped_density": "One good image, repeated, has a high value: it does not look at diversity.",
    "clipped_coverage": "What lies in one place beyond what perfect samples would have there is "
    "clipped: that it is too much does not show.",
    "prd_precision": "Cells are made by k-means: defects within a cell do not show.",
    "prd_recall": "Cells are made by k-means: defects within a cell do not show.",
    "ndb": "Cells are made by k-means: defects within a cell do not show, and with more samples "
    "every small difference counts.",
    "ndb_js": "Cells are made by k-means: defects within a cell do not show.",
    "sliced_wasserstein": "It is a mean over directions: a defect in few of many dimensions "
    "drowns.",
    "data_copying": "Copies and samples that are far off balance each other within a cell.",
    "fld_gap": "Samples that are far from all images fit both sides equally badly, and the gap is "
    "small.",
    "modes_points": "How many points fall between the modes does not show. Read it beside "
    "`high_quality_share`.",
    "modes_kl_points": "Points between the modes are given to the nearest. Read it beside "
    "`high_quality_share`.",
    "score_spread": "A score that varies says nothing about whether it tells real from generated "
    "images.",
    "encoder_sharpness": "It depends on the scale of the weights: batch norm lets that change "
    "without changing what the net computes.",
    "gradient_cosine_output": "Terms that do not interfere at the output may do so in the weights: "
    "read it beside `gradient_cosine_parameters`.",
    "gradient_cosine_parameters": "It is that of the end of the training, and changes in its "
    "course.",
    "gradient_norm_ratio": "It is that of the end of the training: a term that has done its work "
    "has a small gradient.",
    "output_share_adversarial": "It counts directions, and not how far the term moves along them.",
    "output_share_consistency": "It counts directions, and not how far the term moves along them.",
    "activation_bytes": "Memory that kernels take for themselves does not show; `peak_bytes` has "
    "it on a GPU.",
    "peak_bytes": "It depends on the kernels that the GPU's libraries choose, and on the version "
    "of torch.",
}
"""Metric, or quantity that is measured in several feature spaces, to what to beware of."""


LABELS = re.compile(r"_\d+$")
"""The ending that gives a number of labels."""


def caution_for(metric: str) -> str | None:
    """What to beware of in a metric's value, where that is not part of its definition.

    >>> caution_for("fid") == caution_for("fd_dinov2") == CAUTIONS["fd"]
    True
    >>> caution_for("sap") is None
    True
    """
    known = {name.name: quantity for (quantity, _), name in LITERATURE.items()}
    spaces = (f"_{space}" for space in SPACES if metric.endswith(f"_{space}"))
    name = known.get(metric, metric.removesuffix(next(spaces, "")))
    return CAUTIONS.get(name) or CAUTIONS.get(LABELS.sub("", name))
