"""What each standard error covers, drawn again and again.

Every simulation maps the number of a draw to rows; its docstring says what a draw draws anew. All
else stays: the nets, the feature spaces, and what is not named.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ogan_bench.data.base import Modes, Split
from ogan_bench.evaluation.coverage.mixtures import point_rows
from ogan_bench.evaluation.factors import disentanglement
from ogan_bench.evaluation.factors.disentanglement import factors_rows
from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.diversity import MEASURES
from ogan_bench.evaluation.fidelity.reference import Reference
from ogan_bench.evaluation.interpolation.interpolation import interpolation_rows
from ogan_bench.evaluation.inversion import inversion
from ogan_bench.evaluation.inversion.inversion import (
    Inversions,
    inversion_rows,
    inversions,
    invert,
)
from ogan_bench.evaluation.latent.prior_match import code_rows
from ogan_bench.evaluation.latent.round_trip import latent_rows
from ogan_bench.evaluation.mechanism import loss_gradients
from ogan_bench.evaluation.mechanism.mechanism import mechanism_rows
from ogan_bench.evaluation.reconstruction.autoencoding import reconstruction_group_rows
from ogan_bench.evaluation.reconstruction.pixel_error import autoencoding_rows, reconstruction_rows
from ogan_bench.evaluation.rows import Row, measured_rows
from ogan_bench.evaluation.separability import probe_suite
from ogan_bench.evaluation.separability.linear_probe import separability_rows
from ogan_bench.evaluation.separability.probe_suite import probes_rows
from ogan_bench.metrics.feature_spaces import SPACES, metric_name
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.objectives.base import Objective
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import Trial
from ogan_bench.training.setup import build_objective
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.redrawn import (
    CPU,
    TEST,
    TRAIN,
    D,
    batch_norm_encoder,
    context_of,
    pictures,
)

FIXED = 10**6
"""Seed of the training images that stay the same; those of draws are below."""


def codes(draw: int) -> list[Row]:
    """New test images and new z."""
    context = context_of(pictures(TEST, draw), pictures(TRAIN, FIXED), draw)
    return code_rows(context) + latent_rows(context.samples.z, context.samples.codes)


def reconstructions(draw: int) -> list[Row]:
    """New training images, test images and z, and new partners for the ratios."""
    context = context_of(pictures(TEST, draw), pictures(TRAIN, FIXED + 1 + draw), draw)
    samples, test = context.samples, context.dataset.test.images
    return [
        *reconstruction_rows(test, samples.reconstructions, samples.raw_reconstructions, draw),
        *autoencoding_rows(test, samples.own_reconstructions, context.formula),
        *reconstruction_group_rows(context),
    ]


def paths(draw: int) -> list[Row]:
    """New test images, and new pairs of them: an image is at the end of eight paths on average."""
    return interpolation_rows(context_of(pictures(TEST, draw), pictures(TRAIN, FIXED), draw))


def probes(draw: int) -> list[Row]:
    """New test images; what a probe is fitted on stays, and so do its labels.

    Of the representations only the codes: an error says nothing about where they come from.
    """
    test, train, E = pictures(TEST, draw), pictures(TRAIN, FIXED), batch_norm_encoder()
    context = context_of(test, train, 0, E)
    with pytest.MonkeyPatch.context() as patch:
        # Nor the same probe with more labels, nor the separability of z, which has no error.
        patch.setattr(probe_suite, "DRAWS", {10: 3, probe_suite.FEW: 1})
        patch.setattr(probe_suite, "latent_separability_rows", lambda _: [])
        shown = {"": probe_suite.representations(context)[""]}
        patch.setattr(probe_suite, "representations", lambda _: shown)
        found = probes_rows(context)
    return found + separability_rows(context.samples, context.dataset, context.settings, 20)


def factors(draw: int) -> list[Row]:
    """New test images; the forests are fitted to the same training images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disentanglement, "TREES", 3)
        patch.setattr(disentanglement, "separated_attribute_predictability", lambda *_: 0.0)
        return factors_rows(context_of(pictures(TEST, draw), pictures(TRAIN, FIXED), seed=0))


class Curve(Generator):
    """A curve in the plane; most points are not on it, and have several that are nearest."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return torch.stack([z[:, 0], (2 * z[:, 0]).sin()], 1)[:, :, None, None]


DRAWS = 60
INVERTED = 40
"""Images of a draw."""


@functools.cache
def _inversions() -> Inversions:
    """Of all draws at once: no image depends on another."""
    n = DRAWS * INVERTED
    head = nn.Linear(2, D)
    with torch.no_grad():
        head.weight.copy_(torch.eye(D, 2))
        head.bias.fill_(0.3)
    points = Split(normal(n, 2, FIXED)[:, :, None, None])
    few = points.part(torch.arange(9))
    context = context_of(points, few, 0, Encoder(nn.Flatten(), head), Curve())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inversion, "BATCH_SIZE", n)
        patch.setattr(inversion, "invert", functools.partial(invert, steps=60))
        return inversions(context, n)


def inverted(draw: int) -> list[Row]:
    """New test images, and new starts for each."""
    own = slice(draw * INVERTED, (draw + 1) * INVERTED)
    found = _inversions()
    part = Inversions(found.own[own], found.encoder[own], found.prior[:, own])
    images = pictures(INVERTED, draw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inversion, "inversions", lambda *_: part)
        return inversion_rows(context_of(images, images, 0), INVERTED)


@functools.cache
def _objective() -> Objective:
    chosen = ["objective.consistency=mse", "objective.adversarial=hinge"]
    settings = load_study(Path("studies/mse_vs_pearson.yaml"), overrides=chosen).arms["pearson"]
    objective = build_objective(Trial("t", "pearson", 0, settings))
    assert isinstance(objective, Objective)
    return objective


def gradients(draw: int) -> list[Row]:
    """New training images and z; the statistics of a batch move all its gradients together."""
    images = pictures(600, FIXED + 1 + draw)
    E = batch_norm_encoder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loss_gradients, "ITERATIONS", 1)  # of the sharpness, which has no error
        return mechanism_rows(
            context_of(images.part(torch.arange(9)), images, draw, E, objective=_objective())
        )


def points(draw: int) -> list[Row]:
    """New samples: two modes, unevenly, and some samples near neither."""
    random = torch.Generator().manual_seed(draw)
    modes = Modes(torch.tensor([[-1.0, 0.0], [1.0, 0.0]]), 0.1)
    of = (torch.rand(200, generator=random) < 0.3).long()
    far = 0.3 * (torch.rand(200, 1, generator=random) < 0.2)
    at = modes.centres[of] + (0.1 + far) * torch.randn(200, 2, generator=random)
    found = point_rows(at[:, :, None, None], modes)
    return [row for row in found if row.metric != "modes_points"]  # both, whatever is drawn


@functools.cache
def _reference() -> Reference:
    return Reference(normal(300, 4, FIXED), CPU)


def samples(draw: int) -> list[Row]:
    """New samples, whose distribution is not that of the reference, which stays."""
    compared = Comparison(0.7 * normal(200, 4, draw, 0.5), _reference(), 0)
    names = {"cmmd": "cmmd", "authenticity": "authenticity_clip"}
    measures = {
        name: functools.partial(MEASURES[quantity], compared) for quantity, name in names.items()
    }
    return measured_rows(measures, n_samples=200, split="train")


def names_of(quantities: dict[str, str]) -> dict[str, str]:
    """Metrics of quantities in all spaces."""
    return {
        metric_name(quantity, space): file
        for quantity, file in quantities.items()
        for space in SPACES
    }


ELSEWHERE = names_of(
    {
        "fd": "fidelity/test_frechet.py",
        "fd_debiased": "fidelity/test_frechet.py",  # less a floor, which stays
        "fd_infinity": "fidelity/test_frechet.py",
        "kd": "fidelity/test_fidelity.py",
        "isc": "fidelity/test_fidelity.py",
        "kd_exact": "fidelity/test_kernel.py",
        "sliced_wasserstein": "fidelity/test_sliced_wasserstein.py",
        "vendi": "fidelity/test_vendi.py",
        "rke": "fidelity/test_vendi.py",
        "precision": "fidelity/test_manifolds.py",
        "recall": "fidelity/test_manifolds.py",
        "density": "fidelity/test_manifolds.py",
        "coverage": "fidelity/test_manifolds.py",
        "clipped_density": "fidelity/test_manifolds.py",
        "clipped_coverage": "fidelity/test_manifolds.py",
        "data_copying": "fidelity/test_data_copying.py",
        "ndb": "fidelity/test_kmeans_bins.py",
        "ndb_js": "fidelity/test_kmeans_bins.py",
    }
) | {
    "fwd": "fidelity/test_wavelets.py",
    "rfd_classifier": "fidelity/test_fidelity.py",
    "modes_points": "coverage/test_mixtures.py",
    "modes_classifier": "coverage/test_found_classes.py",
    "modes_kl_classifier": "coverage/test_classes.py",
    "fd_classifier_within": "conditional/test_conditional.py",
    "conditional_accuracy": "conditional/test_conditional.py",
    "swap_accuracy": "conditional/test_conditional.py",
    "probe_accuracy": "separability/test_classifiers.py",
    "probe_fisher_1000": "separability/test_classifiers.py",
    "svm_accuracy": "separability/test_classifiers.py",
    "attribute_accuracy": "separability/test_classifiers.py",
}
"""Metrics, or what their names start with, whose error is compared with the spread there."""

SIMULATIONS: dict[Callable[[int], list[Row]], int] = {
    codes: DRAWS,
    reconstructions: DRAWS,
    paths: DRAWS,
    probes: 30,  # slow
    factors: DRAWS,
    inverted: DRAWS,
    gradients: DRAWS,
    points: 200,
    samples: 200,
}
"""Maps each simulation to its number of draws."""
