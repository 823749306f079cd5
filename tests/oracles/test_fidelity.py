"""Distances between sets of features against closed forms and independent computations."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from ogan_bench.data import Dataset
from ogan_bench.data.sources.digits import digits
from ogan_bench.evaluation.fidelity.fidelity import classifier_score, fidelity_rows, kernel_distance
from ogan_bench.evaluation.fidelity.frechet import frechet_distance, frechet_floor, moments
from ogan_bench.features.classifier import Classifier, dataset_classifier
from ogan_bench.features.extractor import Features, extract
from ogan_bench.metrics.definition import Extractor as Space


def normal(n: int, k: int, seed: int, mean: float = 0.0) -> Tensor:
    return torch.randn(n, k, generator=torch.Generator().manual_seed(seed)).add(mean)


def with_moments(mean: Tensor, covariance: Tensor, n: int, seed: int = 0) -> Tensor:
    """Points whose sample mean and covariance are exactly as given."""
    points = normal(n, len(mean), seed).double()
    points = points - points.mean(0)
    whitening = torch.linalg.inv(torch.linalg.cholesky(torch.cov(points.T)))
    found: Tensor = points @ whitening.T @ torch.linalg.cholesky(covariance).T + mean
    return found


def library_frechet(x: Tensor, y: Tensor) -> float:
    """torch-fidelity's distance: by eigenvalues of the product, which is not symmetric."""
    first, second = (fid_features_to_statistics(t.double()) for t in (x, y))
    result = fid_statistics_to_metric(first, second, verbose=False)
    return float(result["frechet_inception_distance"])


def exact_mmd2(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    """The U-statistic over all pairs, written out."""

    def kernel(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        base = a @ b.T / a.shape[1] + 1
        cube: npt.NDArray[np.float64] = base * base * base
        return cube

    xx, yy, n, m = kernel(x, x), kernel(y, y), len(x), len(y)
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(within - 2 * kernel(x, y).mean())


class TestFrechetDistance:
    def test_equal_covariances_leave_the_means(self) -> None:
        mean, identity = torch.zeros(8).double(), torch.eye(8).double()
        x, y = with_moments(mean, identity, 50), with_moments(mean + 1, identity, 70, seed=1)
        assert frechet_distance(x, y) == pytest.approx(8.0, rel=1e-9)

    def test_commuting_covariances(self) -> None:
        a, b = torch.tensor([1.0, 4.0, 9.0]).double(), torch.tensor([4.0, 1.0, 0.25]).double()
        mean = torch.zeros(3).double()
        x, y = with_moments(mean, a.diag(), 40), with_moments(mean, b.diag(), 60, seed=1)
        expected = float((a.sqrt() - b.sqrt()).square().sum())
        assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-9)

    @pytest.mark.parametrize(("n", "m", "k"), [(300, 200, 16), (500, 900, 100)])
    def test_agrees_with_torch_fidelity(self, n: int, m: int, k: int) -> None:
        x, y = normal(n, k, 0), 2 * normal(m, k, 1, mean=0.3)
        assert frechet_distance(x, y) == pytest.approx(library_frechet(x, y), rel=1e-9)

    @pytest.mark.parametrize(("n", "m", "k"), [(20, 200, 40), (200, 20, 40), (20, 30, 40)])
    def test_of_fewer_points_than_features_agrees(self, n: int, m: int, k: int) -> None:
        x, y = normal(n, k, 0), 2 * normal(m, k, 1, mean=0.3)
        assert frechet_distance(x, y) == pytest.approx(library_frechet(x, y), abs=1e-4)

    def test_of_features_with_dead_ones_agrees(self) -> None:
        x, y = normal(300, 24, 0).relu(), normal(400, 24, 1, mean=0.3).relu()
        x[:, ::3], y[:, ::4] = 0, 0
        assert frechet_distance(x, y) == pytest.approx(library_frechet(x, y), rel=1e-7)

    def test_of_four_points_with_negative_eigenvalues_is_finite(self) -> None:
        # The product of their covariances has real eigenvalues that rounding makes negative.
        x, y = (torch.from_numpy(np.random.RandomState(s).randn(4, 4)) for s in (1, 2))
        assert frechet_distance(x, y) == pytest.approx(library_frechet(x, y), abs=1e-4)

    def test_of_one_feature_is_that_of_means_and_deviations(self) -> None:
        x, y = normal(50, 1, 0).double(), 3 * normal(70, 1, 1, mean=2).double()
        expected = float((x.mean() - y.mean()) ** 2 + (x.std() - y.std()) ** 2)
        assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-9)

    def test_is_invariant_to_rotation(self) -> None:
        x, y = normal(200, 8, 0).double(), normal(300, 8, 1, mean=0.5).double().mul(1.5)
        rotation, _ = torch.linalg.qr(normal(8, 8, 2).double())
        expected = frechet_distance(x, y)
        assert frechet_distance(x @ rotation, y @ rotation) == pytest.approx(expected, rel=1e-9)

    def test_takes_the_moments_of_the_reference_for_it(self) -> None:
        x, y = normal(200, 8, 0), normal(300, 8, 1)
        assert frechet_distance(x, moments(y)) == frechet_distance(x, y)
        assert frechet_floor(moments(y), 200) == frechet_floor(y, 200)

    def test_is_zero_for_the_same_set_in_another_order(self) -> None:
        x = normal(500, 16, 0)
        assert frechet_distance(x, x.flip(0)) == pytest.approx(0.0, abs=1e-6)

    def test_is_symmetric_and_scales_with_the_square(self) -> None:
        x, y = normal(200, 8, 0).double(), normal(300, 8, 1, mean=0.5).double()
        distance = frechet_distance(x, y)
        assert frechet_distance(y, x) == pytest.approx(distance, rel=1e-9)
        assert frechet_distance(3 * x, 3 * y) == pytest.approx(9 * distance, rel=1e-9)

    def test_of_a_collapsed_generator_is_finite(self) -> None:
        y = normal(400, 8, 1).double()
        collapsed = torch.full((100, 8), 2.0).double()
        expected = float((2 - y.mean(0)).square().sum() + torch.cov(y.T).trace())
        assert frechet_distance(collapsed, y) == pytest.approx(expected, rel=1e-9)


class TestFrechetFloor:
    @pytest.mark.parametrize(("n", "m"), [(1500, 1000), (800, 4000)])
    def test_is_what_perfect_samples_give(self, n: int, m: int) -> None:
        scale = torch.arange(1, 17) ** -0.5
        reference = normal(20_000, 16, 99) * scale
        distances = [
            frechet_distance(normal(n, 16, 2 * s) * scale, normal(m, 16, 2 * s + 1) * scale)
            for s in range(60)
        ]
        # The floor is a statement about m reference images, so it is asked with m of them.
        floors = [frechet_floor(reference[i * m : (i + 1) * m], n) for i in range(5)]
        assert np.mean(distances) == pytest.approx(np.mean(floors), rel=0.05)

    def test_of_white_features_is_the_closed_form(self) -> None:
        k = 6
        reference = with_moments(torch.zeros(k).double(), torch.eye(k).double(), 100)
        expected = 0.5 * (1 / 400 + 1 / 100) * (2 * k + k * (k + 1) / 2)
        assert frechet_floor(reference, 400) == pytest.approx(expected, rel=1e-9)

    def test_dead_features_add_nothing(self) -> None:
        reference = normal(200, 6, 0).double()
        padded = torch.cat([reference, torch.zeros(200, 3)], 1)
        assert frechet_floor(padded, 100) == pytest.approx(frechet_floor(reference, 100), rel=1e-9)

    def test_needs_more_images_than_features(self) -> None:
        with pytest.raises(ValueError, match="8 images for 16 features"):
            frechet_floor(normal(100, 16, 0), 8)


class TestKernelDistance:
    def test_is_the_exact_statistic_where_subsets_are_whole(self) -> None:
        x, y = normal(300, 16, 0), normal(300, 16, 1, mean=0.4)
        expected = exact_mmd2(x.double().numpy(), y.double().numpy())
        assert kernel_distance(x, y, seed=0) == pytest.approx(expected, rel=1e-9)

    def test_expectation_for_shifted_normals(self) -> None:
        values = [kernel_distance(normal(1000, 64, s), normal(1000, 64, 50 + s, 0.5), 0)
                  for s in range(6)]  # fmt: skip
        assert np.mean(values) == pytest.approx(0.9710693359375, abs=0.03)

    def test_expectation_for_equal_distributions_is_zero(self) -> None:
        values = np.array([kernel_distance(normal(300, 16, s), normal(300, 16, 50 + s), 0)
                           for s in range(20)])  # fmt: skip
        assert abs(values.mean()) < 4 * values.std() / math.sqrt(20)
        assert values.min() < 0 < values.max()

    def test_subsets_of_large_sets_average_to_the_exact_statistic(self) -> None:
        x, y = normal(1600, 16, 0), normal(1300, 16, 1, mean=0.4)
        expected = exact_mmd2(x.double().numpy(), y.double().numpy())
        assert kernel_distance(x, y, seed=0) == pytest.approx(expected, rel=0.05)

    def test_seed_decides_the_subsets(self) -> None:
        x, y = normal(1200, 8, 0), normal(1100, 8, 1)
        assert kernel_distance(x, y, 1) == kernel_distance(x, y, 1) != kernel_distance(x, y, 2)


class TestClassifierScore:
    @pytest.mark.parametrize("n", [1000, 6000])
    def test_of_sure_and_even_classes_is_their_number(self, n: int) -> None:
        logits = 1e4 * torch.eye(10).repeat(n // 10, 1)
        assert classifier_score(logits, seed=0) == pytest.approx(10.0, rel=2e-2)

    @pytest.mark.parametrize("row", [[0.0, 0.0, 0.0], [1e4, 0.0, 0.0]])
    def test_of_one_answer_is_one(self, row: list[float]) -> None:
        assert classifier_score(torch.tensor([row]).repeat(50, 1), seed=0) == pytest.approx(1.0)

    def test_agrees_with_the_formula(self) -> None:
        logits = 2 * normal(500, 7, 0).double()
        p = logits.softmax(1).numpy()
        expected = math.exp((p * (np.log(p) - np.log(p.mean(0)))).sum(1).mean())
        assert classifier_score(logits, seed=0) == pytest.approx(expected, rel=1e-9)


class TestRows:
    def rows(self, samples: Tensor, reference: Tensor) -> dict[str, tuple[float | None, str]]:
        logits = torch.zeros(len(samples), 3)
        if not bool(samples.isfinite().all()):
            logits[0] = math.nan
        features = Features(samples, logits, "test@0")
        rows = fidelity_rows(features, Features(reference, logits, "test@0"), "classifier", 0)
        assert [row.metric for row in rows] == [
            "fd_classifier",
            "kd_classifier",
            "isc_classifier",
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
            ("inception", ["fid", "kid", "isc"]),
            ("dinov2", ["fd_dinov2", "kd_dinov2"]),
            ("clip", ["fd_clip", "kd_clip"]),
            (
                "efficientnet_lite0",
                ["fd_efficientnet_lite0", "kd_efficientnet_lite0", "isc_efficientnet_lite0"],
            ),
        ],
    )
    def test_other_spaces_have_names_of_their_own(self, space: Space, metrics: list[str]) -> None:
        features = Features(normal(50, 8, 0), torch.zeros(50, 3), "test@0")
        rows = fidelity_rows(features, features, space, 0)
        assert [row.metric for row in rows] == metrics
        assert all(row.value is not None for row in rows)

    def test_too_few_images_for_a_floor_keep_the_value(self) -> None:
        features = Features(normal(50, 80, 0), torch.zeros(50, 3), "test@0")
        row = fidelity_rows(features, features, "classifier", 0)[0]
        assert row.value is not None
        assert row.floor is None
        assert "50 images for 80 features" in (row.note or "")


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return digits()


@pytest.fixture(scope="module")
def classifier(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    folder: Path = tmp_path_factory.getbasetemp() / "ogan_bench_cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OGAN_BENCH_CACHE", str(folder))
        return dataset_classifier(dataset, torch.device("cpu"))


class TestOnDigits:
    def distances(self, extractor: Classifier, dataset: Dataset, images: Tensor) -> list[float]:
        reference = extract(extractor, dataset.train.images).features
        samples = extract(extractor, images).features
        return [frechet_distance(samples, reference), kernel_distance(samples, reference, 0)]

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
        found = [(frechet_distance(s, reference), kernel_distance(s, reference, 0)) for s in kept]
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
