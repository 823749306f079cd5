"""Kernel distance, classifier score and the rows of a feature space."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor
from torch_fidelity.metric_isc import isc_features_to_metric

from ogan_bench.data import Dataset
from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.fidelity import (
    classifier_score,
    fidelity_rows,
    kernel_distance,
    reconstruction_distance_rows,
)
from ogan_bench.evaluation.fidelity.frechet import frechet_distance, frechet_floor
from ogan_bench.evaluation.fidelity.reference import Reference
from ogan_bench.features.classifier import Classifier, dataset_classifier
from ogan_bench.features.extractor import Features, extract
from ogan_bench.metrics.definition import SpaceName
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.spread import assert_about_the_spread


def exact_mmd2(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    """The U-statistic over all pairs, written out."""

    def kernel(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        base = a @ b.T / a.shape[1] + 1
        cube: npt.NDArray[np.float64] = base * base * base
        return cube

    xx, yy, n, m = kernel(x, x), kernel(y, y), len(x), len(y)
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(within - 2 * kernel(x, y).mean())


class TestKernelDistance:
    def test_is_the_exact_statistic_where_subsets_are_whole(self) -> None:
        x, y = normal(300, 16, 0), normal(300, 16, 1, mean=0.4)
        expected = exact_mmd2(x.double().numpy(), y.double().numpy())
        assert kernel_distance(x, y, seed=0).value == pytest.approx(expected, rel=1e-9)

    def test_expectation_for_shifted_normals(self) -> None:
        values = [kernel_distance(normal(1000, 64, s), normal(1000, 64, 50 + s, 0.5), 0).value
                  for s in range(6)]  # fmt: skip
        assert np.mean(values) == pytest.approx(0.9710693359375, abs=0.03)

    def test_expectation_for_equal_distributions_is_zero(self) -> None:
        values = np.array([kernel_distance(normal(300, 16, s), normal(300, 16, 50 + s), 0).value
                           for s in range(20)])  # fmt: skip
        assert abs(values.mean()) < 4 * values.std() / math.sqrt(20)
        assert values.min() < 0 < values.max()

    def test_subsets_of_large_sets_average_to_the_exact_statistic(self) -> None:
        x, y = normal(1600, 16, 0), normal(1300, 16, 1, mean=0.4)
        expected = exact_mmd2(x.double().numpy(), y.double().numpy())
        assert kernel_distance(x, y, seed=0).value == pytest.approx(expected, rel=0.05)

    def test_seed_decides_the_subsets(self) -> None:
        x, y = normal(1200, 8, 0), normal(1100, 8, 1)
        assert (
            kernel_distance(x, y, 1).value
            == kernel_distance(x, y, 1).value
            != kernel_distance(x, y, 2).value
        )

    @pytest.mark.parametrize(("n", "mean"), [(300, 0.0), (300, 0.4), (1500, 0.4)])
    def test_error_is_about_the_spread(self, n: int, mean: float) -> None:
        reference = normal(1200, 8, 999)
        found = [kernel_distance(normal(n, 8, s, mean), reference, 0) for s in range(16)]
        errors = [f.standard_error or 0 for f in found]
        assert_about_the_spread([f.value for f in found], errors, most=2.0)


class TestClassifierScore:
    @pytest.mark.parametrize("n", [1000, 6000])
    def test_of_sure_and_even_classes_is_their_number(self, n: int) -> None:
        logits = 1e4 * torch.eye(10).repeat(n // 10, 1)
        assert classifier_score(logits).value == pytest.approx(10.0, rel=1e-9)

    @pytest.mark.parametrize("row", [[0.0, 0.0, 0.0], [1e4, 0.0, 0.0]])
    def test_of_one_answer_is_one(self, row: list[float]) -> None:
        assert classifier_score(torch.tensor([row]).repeat(50, 1)).value == pytest.approx(1.0)

    def test_is_torch_fidelitys_over_one_split(self) -> None:
        logits = 3 * normal(6000, 100, 0).double()
        library = isc_features_to_metric(logits, splits=1, rng_seed=0)["inception_score_mean"]
        assert classifier_score(logits).value == pytest.approx(library, rel=1e-9)

    def test_does_not_jump_with_the_number_of_samples(self) -> None:
        logits = 3 * normal(5000, 1000, 0)
        values = [classifier_score(logits[:n]).value for n in (4999, 5000)]
        assert values[0] == pytest.approx(values[1], rel=1e-3)

    def test_error_is_about_the_spread(self) -> None:
        found = [classifier_score(2 * normal(400, 7, s)) for s in range(60)]
        assert_about_the_spread([f.value for f in found], [f.standard_error or 0 for f in found])

    def test_agrees_with_the_formula(self) -> None:
        logits = 2 * normal(500, 7, 0).double()
        p = logits.softmax(1).numpy()
        expected = math.exp((p * (np.log(p) - np.log(p.mean(0)))).sum(1).mean())
        assert classifier_score(logits).value == pytest.approx(expected, rel=1e-9)


def compared(samples: Tensor, reference: Tensor) -> Comparison:
    return Comparison(samples, Reference(reference, torch.device("cpu")), 0)


class TestRows:
    def rows(self, samples: Tensor, reference: Tensor) -> dict[str, tuple[float | None, str]]:
        logits = torch.zeros(len(samples), 3)
        if not bool(samples.isfinite().all()):
            logits[0] = math.nan
        rows = fidelity_rows(compared(samples, reference), logits, "classifier", "test@0")
        assert [row.metric for row in rows] == [
            "fd_classifier",
            "fd_debiased_classifier",
            "kd_classifier",
            "isc_classifier",
            "clipped_density_classifier",
            "clipped_coverage_classifier",
            "precision_classifier",
            "recall_classifier",
        ]
        return {row.metric: (row.value, row.note or "") for row in rows}

    def test_healthy_sets_have_all_values(self) -> None:
        rows = self.rows(normal(100, 8, 0), normal(100, 8, 1))
        assert None not in [value for value, _ in rows.values()]

    @pytest.mark.parametrize(
        ("samples", "reference", "note"),
        [
            (normal(100, 8, 0).fill_(math.nan), normal(100, 8, 1), "not finite"),
            (normal(3, 8, 0), normal(100, 8, 1), "3 samples are too few"),
            (normal(100, 8, 0), normal(2, 8, 1), "2 reference images are too few"),
            (normal(100, 8, 0), torch.ones(100, 8), "reference images are constant"),
        ],
    )
    def test_degenerate_sets_have_a_note(
        self, samples: Tensor, reference: Tensor, note: str
    ) -> None:
        rows = self.rows(samples, reference)
        assert rows["fd_classifier"][0] is None
        for metric, (value, found) in rows.items():
            if value is None:
                assert note in found, metric
            else:
                assert metric == "isc_classifier"  # it does not see the reference

    def test_a_collapsed_generator_keeps_its_values(self) -> None:
        rows = self.rows(torch.zeros(100, 8), normal(100, 8, 1))
        assert None not in [value for value, _ in rows.values()]
        assert rows["recall_classifier"][0] == 0.0

    @pytest.mark.parametrize(
        ("space", "metrics"),
        [
            ("inception", ["fid", "fid_debiased", "kid", "isc"]),
            ("dinov2", ["fd_dinov2", "fd_debiased_dinov2", "kd_dinov2"]),
            ("clip", ["fd_clip", "fd_debiased_clip", "kd_clip"]),
            (
                "efficientnet_lite0",
                [
                    "fd_efficientnet_lite0",
                    "fd_debiased_efficientnet_lite0",
                    "kd_efficientnet_lite0",
                    "isc_efficientnet_lite0",
                ],
            ),
        ],
    )
    def test_other_spaces_have_names_of_their_own(
        self, space: SpaceName, metrics: list[str]
    ) -> None:
        points = normal(50, 8, 0)
        rows = fidelity_rows(compared(points, points), torch.zeros(50, 3), space, "test@0")
        assert [row.metric for row in rows] == metrics
        assert all(row.value is not None for row in rows)

    def test_too_few_images_for_a_floor_keep_the_value(self) -> None:
        points, logits = normal(50, 80, 0), torch.zeros(50, 3)
        plain, debiased = fidelity_rows(compared(points, points), logits, "classifier", "test@0")[
            :2
        ]
        assert plain.value is not None
        assert (plain.floor, plain.error, debiased.value) == (None, None, None)
        for row in (plain, debiased):
            assert "50 images are too few for 80 features, take 240" in (row.note or "")

    @pytest.mark.parametrize(
        ("mean", "scale", "plug_in", "expected"),
        [(0.0, 1.0, 2.21, 0.07), (0.1, 1.0, 2.83, 0.69), (0.0, 0.9, 2.62, 0.48)],
    )
    def test_debiased_distance_has_its_stated_bias(
        self, mean: float, scale: float, plug_in: float, expected: float
    ) -> None:
        """64 features, a thousand images a side; the truth is 0, 0.64 and 0.64."""
        found = []
        for s in range(6):
            samples = scale * normal(1000, 64, 2 * s) + mean
            c = compared(samples, normal(1000, 64, 2 * s + 1))
            rows = fidelity_rows(c, torch.zeros(1000, 3), "dinov2", "test@0")
            found.append([row.value for row in rows if row.metric.startswith("fd")])
        plain, debiased = np.mean(np.array(found, dtype=float), axis=0)
        assert plain == pytest.approx(plug_in, abs=0.1)
        assert debiased == pytest.approx(expected, abs=0.1)


@pytest.fixture(scope="module")
def classifier(dataset: Dataset) -> Classifier:
    return dataset_classifier(dataset, torch.device("cpu"))


class TestOnDigits:
    def distances(self, extractor: Classifier, dataset: Dataset, images: Tensor) -> list[float]:
        reference = extract(extractor, dataset.train.images).features
        samples = extract(extractor, images).features
        return [frechet_distance(samples, reference), kernel_distance(samples, reference, 0).value]

    def test_distances_grow_with_noise(self, classifier: Classifier, dataset: Dataset) -> None:
        images = dataset.test.images.float()
        noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
        found = [
            self.distances(classifier, dataset, (images + s * noise).clamp(0, 255).byte())
            for s in (0, 30, 60, 120)
        ]
        for before, after in itertools.pairwise(found):
            assert before[0] < after[0]
            assert before[1] < after[1]

    def test_distances_grow_with_dropped_modes(
        self, classifier: Classifier, dataset: Dataset
    ) -> None:
        order = torch.randperm(len(dataset.train), generator=torch.Generator().manual_seed(0))
        features = extract(classifier, dataset.train.images[order]).features
        samples, reference = features[:700], features[700:]
        labels = dataset.train.known_labels[order[:700]]
        kept = [samples[labels < k] for k in (10, 8, 5, 3)]
        found = [
            (frechet_distance(s, reference), kernel_distance(s, reference, 0).value) for s in kept
        ]
        for before, after in itertools.pairwise(found):
            assert before[0] < after[0]
            assert before[1] < after[1]

    def test_halves_of_the_training_images_are_at_the_floor(
        self, classifier: Classifier, dataset: Dataset
    ) -> None:
        features = extract(classifier, dataset.train.images).features
        ratios = []
        for seed in range(20):
            order = torch.randperm(1436, generator=torch.Generator().manual_seed(seed))
            samples, reference = features[order[:718]], features[order[718:]]
            distance = frechet_distance(samples, reference)
            ratios.append(distance / frechet_floor(reference, 718))
        assert np.mean(ratios) == pytest.approx(1.0, abs=0.25)  # the features are not Gaussian


@pytest.mark.parametrize("size", [0.2, 1.0])
def test_error_of_reconstructions_is_about_the_spread(size: float) -> None:
    """With the test images fixed it would be another one: both sets come from them."""
    found = []
    for seed in range(60):
        x = normal(300, 8, 2 * seed)
        x_rec = (1 - size / 2) * x + size * normal(300, 8, 2 * seed + 1) + size / 4
        found += reconstruction_distance_rows(
            Features(x_rec, torch.empty(300, 0), "test@0"),
            Features(x, torch.empty(300, 0), "test@0"),
        )
    values, errors = [row.value or 0 for row in found], [row.error or 0 for row in found]
    assert_about_the_spread(values, errors, least=0.75, most=1.35)


def test_error_of_perfect_or_constant_reconstructions() -> None:
    x = Features(normal(300, 8, 0), torch.empty(300, 0), "test@0")
    grey = Features(torch.zeros(300, 8), torch.empty(300, 0), "test@0")
    (perfect,) = reconstruction_distance_rows(x, x)
    assert perfect.error == pytest.approx(0, abs=1e-6)
    (constant,) = reconstruction_distance_rows(grey, x)
    assert constant.value is not None
    assert constant.error is None
