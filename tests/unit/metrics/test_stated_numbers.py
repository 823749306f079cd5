"""The numbers that a metric's definition states are those that its computation uses."""

from __future__ import annotations

import inspect

import pytest

from ogan_bench.evaluation.coverage import found_classes, mixtures
from ogan_bench.evaluation.factors import disentanglement
from ogan_bench.evaluation.fidelity import (
    kernel,
    kmeans_bins,
    manifolds,
    prd,
    sliced_wasserstein,
    wavelets,
)
from ogan_bench.evaluation.interpolation import path_length, paths
from ogan_bench.evaluation.inversion import inversion
from ogan_bench.evaluation.latent import round_trip
from ogan_bench.evaluation.mechanism import mechanism
from ogan_bench.evaluation.reconstruction import autoencoding, lpips, ssim
from ogan_bench.evaluation.separability import (
    classifiers,
    probe_suite,
    stylegan_separability,
    trunk,
)
from ogan_bench.metrics import METRICS

WORDS = {4: "four", 5: "five", 8: "8 times"}
TRIMMED = inspect.signature(path_length.trimmed_mean).parameters


def drawn(labels: int) -> str:
    return f"mean over {probe_suite.DRAWS[labels]} draws"


STATED = {
    "modes_classifier": (f"test at {found_classes.LEVEL:g}", "at least a quarter"),
    "modes_points": (f"within {mixtures.RADIUS:g} standard deviations",),
    "high_quality_share": (
        f"within {mixtures.RADIUS:g} standard deviations",
        f"{mixtures.PERFECT:.5f} for perfect",
    ),
    "ndb_classifier": (f"({kmeans_bins.LEVEL:.0%})".replace("%", " %"),),
    "mig": (f"{disentanglement.BINS} bins",),
    "clipped_density_classifier": (f"k = {manifolds.DENSITY_NEIGHBOURS}",),
    "clipped_coverage_classifier": (f"k = {manifolds.DENSITY_NEIGHBOURS}",),
    "density_classifier": (f"k = {manifolds.DENSITY_NEIGHBOURS}",),
    "coverage_classifier": (f"k = {manifolds.DENSITY_NEIGHBOURS}",),
    "precision_classifier": (f"k = {manifolds.MANIFOLD_NEIGHBOURS}",),
    "recall_classifier": (f"k = {manifolds.MANIFOLD_NEIGHBOURS}",),
    "prd_precision_classifier": (
        f"{prd.CLUSTERS} k-means cells",
        f"over {prd.RUNS} runs",
        f"precision {WORDS[int(prd.BETA)]}",
    ),
    "prd_recall_classifier": (f"recall {WORDS[int(prd.BETA)]}",),
    "sliced_wasserstein_classifier": (f"{sliced_wasserstein.DIRECTIONS} random directions",),
    "cmmd": (f"{kernel.SCALE:g} times", f"width {kernel.SIGMA:g}"),
    "fwd": (f"packets of {wavelets.PACKET_SIDE} pixels", f"level {wavelets.MAX_LEVEL} at most"),
    "path_length_classifier": (
        f"ε = {paths.EPSILON:g}",
        f"the lowest and the highest {TRIMMED['lower'].default:.0%}".replace("%", " %"),
    ),
    "path_straightness_classifier": (f"{paths.SEGMENTS} segments",),
    "ivom": (f"best of {WORDS[inversion.RESTARTS]} starts",),
    "inversion_encoder_wins": (f"best of {WORDS[inversion.RESTARTS]} starts",),
    "latent_retrieval": (f"of {round_trip.POOL} samples",),
    "cycle_rho_5": (f"after {WORDS[round_trip.ROUNDS]} rounds",),
    "cycle_drift_5": (f"over {WORDS[round_trip.ROUNDS]} rounds",),
    "gradient_cosine_parameters": (f"batches of {mechanism.BATCH_SIZE}",),
    "encoder_sharpness": (f"one batch of {mechanism.BATCH_SIZE}",),
    "best_temperature": (", ".join(f"{t:g}" for t in autoencoding.TEMPERATURES),),
    "autoencoding_ssim": (f"{ssim.WINDOW} x {ssim.WINDOW} pixels", f"σ = {ssim.SIGMA:g}"),
    "autoencoding_lpips_alex": (f"v{lpips.VERSION}", f"below {lpips.SIDE} pixels"),
    "probe_accuracy_10": (drawn(10),),
    "probe_accuracy_100": (drawn(100), "a fifth of the labels"),
    "probe_accuracy_100_pixels": (f"{probe_suite.MAX_PIXELS} x {probe_suite.MAX_PIXELS}",),
    "knn_accuracy_5": (f"{classifiers.NEIGHBOURS} nearest",),
    "knn_trunk": (f"{trunk.NEIGHBOURS} nearest",),
    "separability_z_classifier": (
        f"{stylegan_separability.POINTS // 2:,} most confident of {stylegan_separability.POINTS:,}",
    ),
}


@pytest.mark.parametrize("metric", STATED)
def test_definition_states_the_number_that_is_used(metric: str) -> None:
    definition = METRICS[metric].definition
    for part in STATED[metric]:
        assert part in definition


def test_fractions_in_words_are_those_that_are_used() -> None:
    assert found_classes.TRACE == 1 / 4
    assert classifiers.VALIDATION_SHARE == 1 / 5
    assert TRIMMED["upper"].default == 1 - TRIMMED["lower"].default
