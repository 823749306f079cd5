"""Straightness and midpoint ratios in closed form, and of pairs that are known."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_float, to_uint8
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.interpolation.naturalness import (
    middle_to_ends,
    shuffled_entries,
    straightness,
)
from ogan_bench.evaluation.interpolation.path_length import linear, spherical
from ogan_bench.evaluation.interpolation.paths import InterpolationPaths
from ogan_bench.features.feature_space import FeatureSpace
from ogan_bench.features.spaces import FEATURE_SPACES
from tests.oracles.evaluation.known_pairs import Unflat, measure, subject_of, value
from tests.oracles.evaluation.normal_samples import normal

CPU = torch.device("cpu")
K = 16


def path(curve: object, a: Tensor, b: Tensor) -> Tensor:
    assert callable(curve)
    positions = torch.linspace(0, 1, K + 1).double()
    return torch.stack([curve(a, b, torch.full((len(a), 1), float(s))) for s in positions])


class TestStraightness:
    def test_of_a_line_through_a_linear_map_is_one(self) -> None:
        points = path(linear, normal(9, 6, 0).double(), normal(9, 6, 1).double())
        found = straightness(points @ normal(6, 20, 2).double())
        assert torch.allclose(found, torch.ones(9).double())

    def test_of_an_arc_is_its_chord_over_sixteen_shorter_ones(self) -> None:
        a, b = (torch.nn.functional.normalize(normal(9, 6, i).double()) for i in (0, 1))
        angle = (a * b).sum(1).acos()
        expected = (angle / 2).sin() / (K * (angle / (2 * K)).sin())
        assert torch.allclose(straightness(path(spherical, a, b)), expected)

    def test_of_a_loop_is_zero(self) -> None:
        turn = torch.linspace(0, 2 * math.pi, K + 1, dtype=torch.float64)
        loop = torch.stack([turn.cos(), turn.sin()], 1)[:, None]
        assert float(straightness(loop)) == pytest.approx(0.0, abs=1e-12)

    def test_is_of_the_paths_that_move(self) -> None:
        still, moving = torch.ones(K + 1, 1, 3), path(linear, normal(1, 3, 0), normal(1, 3, 1))
        none, one = straightness(torch.cat([still, moving], 1)).tolist()
        assert math.isnan(none)
        assert one == pytest.approx(1.0)
        with pytest.raises(NoValueError, match="no path has a length"):
            straightness(still)


class TestMiddleToEnds:
    def test_of_a_constant_ratio_has_no_error(self) -> None:
        ends = normal(2, 50, 0).exp()
        found = middle_to_ends(1.5 * ends.mean(0), ends)
        assert found.value == pytest.approx(1.5)
        assert found.standard_error == pytest.approx(0.0, abs=1e-6)

    def test_has_the_error_of_the_jackknife(self) -> None:
        middle, ends = 1 + normal(1, 400, 0)[0].abs().numpy(), normal(2, 400, 1).abs().numpy()
        ends += middle  # they are correlated
        found = middle_to_ends(torch.from_numpy(middle), torch.from_numpy(ends))
        each = ends.mean(0)
        without = (middle.sum() - middle) / (each.sum() - each)
        expected = math.sqrt(399 / 400 * np.square(without - without.mean()).sum())
        assert found.value == pytest.approx(middle.sum() / each.sum(), rel=1e-5)
        assert found.standard_error == pytest.approx(expected, rel=0.02)

    def test_needs_ends_apart_from_the_training_images(self) -> None:
        assert middle_to_ends(torch.zeros(3), torch.ones(2, 3)).value == 0.0
        assert middle_to_ends(torch.ones(1), torch.ones(2, 1)).standard_error is None
        with pytest.raises(NoValueError, match="features of training images"):
            middle_to_ends(torch.ones(3), torch.zeros(2, 3))


def test_shuffling_keeps_the_entries_of_each_code_and_no_common_order() -> None:
    codes = torch.arange(64.0).expand(20, 64)
    shuffled = shuffled_entries(codes, torch.Generator().manual_seed(0))
    assert torch.equal(shuffled.sort(1).values, codes)
    assert len(shuffled.unique(dim=0)) == 20


class Pixels:
    """Pixels as features and, as logits of two classes, the mean of either half."""

    name, weights_hash, device, batch_size = "pixels@0", "0", CPU, 1000

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        x = to_float(images).flatten(1)
        return x, x.unflatten(1, (2, -1)).mean(2)


@pytest.fixture
def _pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    space = FeatureSpace("pixels", lambda *_: Pixels(), str, lambda _: "pixels")
    monkeypatch.setitem(FEATURE_SPACES, "classifier", space)


class Bent(Unflat):
    """A step: each pixel is black or white."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return super().forward(z.sign(), labels)


@pytest.mark.usefixtures("_pixels")
class TestPairs:
    def test_what_is_linear_is_a_cross_fade_and_straight(self, dataset: Dataset) -> None:
        rows = measure(subject_of(dataset, Unflat(tuple(dataset.shape))), "interpolation")
        for end in ("_linear", "_pixels"):
            row = rows[f"path_straightness_classifier{end}"]
            assert value(row) == pytest.approx(1.0, abs=5e-3)  # rounded to 8 bits
            assert row.error is not None
            assert row.error < 1e-3
        arc = value(rows["path_straightness_classifier"])
        assert 0.85 < arc < 0.99
        fade, line = (rows[f"midpoint_ratio_classifier{end}"] for end in ("_pixels", "_linear"))
        assert value(line) == pytest.approx(value(fade), rel=1e-3)

    def test_a_step_is_crooked_and_its_cross_fade_is_not(self, dataset: Dataset) -> None:
        """Monotonic paths of binary pixels that flip in k groups have straightness 1/√k or more."""
        rows = measure(subject_of(dataset, Bent(tuple(dataset.shape))), "interpolation")
        crooked = value(rows["path_straightness_classifier_linear"])
        assert 1 / math.sqrt(K) <= crooked < 0.7
        assert value(rows["path_straightness_classifier_pixels"]) > 0.99

    def test_the_midpoint_ratio_is_that_of_all_distances(self, dataset: Dataset) -> None:
        subject = subject_of(dataset, Unflat(tuple(dataset.shape)))
        ends = InterpolationPaths(subject).endpoints
        x, train = (to_float(of.images).flatten(1).numpy() for of in (dataset.test, dataset.train))
        x, y = x[ends.first], x[ends.second]
        middle = to_float(to_uint8(torch.from_numpy((x + y) / 2))).numpy()
        near = [float(cdist(points, train).min(1).mean()) for points in (middle, x, y)]
        row = measure(subject, "interpolation")["midpoint_ratio_classifier_pixels"]
        assert value(row) == pytest.approx(2 * near[0] / (near[1] + near[2]), rel=1e-5)
        assert value(row) > 1.2  # the mean of two digits is no digit

    def test_and_that_of_paths_between_shuffled_codes_of_their_own_ends(
        self, dataset: Dataset
    ) -> None:
        shape = tuple(dataset.shape)
        subject = subject_of(dataset, Unflat(shape))
        ends = InterpolationPaths(subject).shuffled_endpoints
        train = to_float(dataset.train.images).flatten(1).numpy()
        half = torch.full((len(ends.start), 1), 0.5)
        codes = (spherical(ends.start, ends.end, half), ends.start, ends.end)
        near = []
        for code in codes:
            points = to_float(to_uint8(Unflat(shape)(code))).flatten(1).numpy()
            near.append(float(cdist(points, train).min(1).mean()))
        row = measure(subject, "interpolation")["midpoint_ratio_classifier_shuffled"]
        assert value(row) == pytest.approx(2 * near[0] / (near[1] + near[2]), rel=1e-5)
        assert row.error is not None

    def test_only_images_trained_on_are_near(self, dataset: Dataset) -> None:
        """They are fewer, so midpoints and ends are farther from the nearest of them."""
        part = dataclasses.replace(dataset, trained_on=torch.arange(0, len(dataset.train), 20))
        alone = dataclasses.replace(dataset, train=part.trained)
        found, expected, whole = (
            measure(subject_of(of, Unflat(tuple(dataset.shape))), "interpolation")[
                "midpoint_ratio_classifier_pixels"
            ]
            for of in (part, alone, dataset)
        )
        assert value(found) == pytest.approx(value(expected), rel=1e-6)
        assert value(found) != pytest.approx(value(whole), rel=1e-3)
        assert (found.note, whole.note) == (f"against {len(part.trained)} images trained on", None)

    def test_ends_that_are_training_images_have_no_ratio(self, dataset: Dataset) -> None:
        seen = Split(dataset.train.images[:20], dataset.train.known_labels[:20])
        known = dataclasses.replace(dataset, test=seen)
        rows = measure(subject_of(known, Unflat(tuple(dataset.shape))), "interpolation")
        row = rows["midpoint_ratio_classifier_pixels"]
        assert row.value is None
        assert "features of training images" in (row.note or "")

    def test_paths_between_equal_images_have_no_straightness(self, dataset: Dataset) -> None:
        equal = Split(dataset.test.images[:1].repeat(5, 1, 1, 1), dataset.test.known_labels[:5])
        same = dataclasses.replace(dataset, test=equal)
        rows = measure(subject_of(same, Unflat(tuple(dataset.shape))), "interpolation")
        for end in ("", "_linear", "_pixels"):
            assert rows[f"path_straightness_classifier{end}"].value is None
            ratio = rows[f"midpoint_ratio_classifier{end}"]
            assert value(ratio) == pytest.approx(1.0, abs=1e-5)
        assert rows["path_straightness_classifier_shuffled"].value is not None
