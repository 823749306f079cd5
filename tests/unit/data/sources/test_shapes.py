"""Rendered shapes: each factor is read back from the pixels in closed form."""

from __future__ import annotations

import colorsys
import hashlib
import itertools
import math
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from ogan_bench.data import DATASETS, Dataset
from ogan_bench.data.sources.shapes import (
    CHUNK,
    COMBINATIONS,
    FACTORS,
    SHAPES,
    combinations,
    render,
)
from ogan_bench.study.parts import component_of

SOURCE = sys.modules[render.__module__]
COUNTS = [count for _, count in FACTORS]
NAMES = [name for name, _ in FACTORS]
Distance = Callable[[Tensor, Tensor], Tensor]
DISTANCES: dict[str, Distance] = {name: getattr(SOURCE, f"_{name}") for name in SHAPES}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return DATASETS["shapes"]()


def factors(**fixed: int) -> Tensor:
    """All combinations of the factors that are not fixed."""
    values = [
        torch.tensor([fixed[name]]) if name in fixed else torch.arange(count)
        for name, count in FACTORS
    ]
    return torch.cartesian_prod(*values)


def coverage(chosen: Tensor, resolution: int) -> Tensor:
    """Share of every pixel that the shape covers, of red shapes on black: the red channel."""
    return render(chosen, resolution)[:, 0].double() / 255


def test_splits_are_fixed_and_disjoint(dataset: Dataset) -> None:
    assert dataset.shape == (3, 32, 32)
    assert (len(dataset.train), len(dataset.test)) == (20_000, 5_000)
    assert dataset.factors == FACTORS
    assert dataset.classes == SHAPES
    assert dataset.train.factors is not None
    assert dataset.test.factors is not None
    both = torch.cat([dataset.train.factors, dataset.test.factors])
    assert len(both.unique(dim=0)) == len(both)
    assert torch.equal(dataset.train.known_labels, dataset.train.factors[:, NAMES.index("shape")])
    digest = hashlib.sha256(dataset.test.factors.numpy().tobytes()).hexdigest()
    assert digest.startswith("dd63ca12aad6ff69")


def test_fewer_images_are_the_first_and_the_test_images_stay(dataset: Dataset) -> None:
    few = DATASETS["shapes"](images=100)
    assert torch.equal(few.train.images, dataset.train.images[:100])
    assert torch.equal(few.test.images, dataset.test.images)


def test_no_two_images_are_alike(dataset: Dataset) -> None:
    both = torch.cat([dataset.train.images, dataset.test.images]).flatten(1).numpy()
    assert len(np.unique(both.view(f"V{both.shape[1]}"))) == len(both)


def test_combinations_are_complete() -> None:
    assert math.prod(COUNTS) == COMBINATIONS == 196_608
    numbers = torch.tensor([0, 1, 4, 12_345, COMBINATIONS - 1])
    expected = np.stack(np.unravel_index(numbers.numpy(), COUNTS), axis=1)
    assert combinations(numbers).tolist() == expected.tolist()


@pytest.mark.parametrize("split", ["train", "test"])
def test_factors_are_uniform_and_independent(dataset: Dataset, split: str) -> None:
    table = getattr(dataset, split).factors.numpy()
    for column, count in enumerate(COUNTS):
        found = np.bincount(table[:, column], minlength=count)
        assert len(found) == count
        assert stats.chisquare(found).pvalue > 1e-3
    for first, second in itertools.combinations(range(len(COUNTS)), 2):
        pairs = np.zeros((COUNTS[first], COUNTS[second]))
        np.add.at(pairs, (table[:, first], table[:, second]), 1)
        assert stats.chi2_contingency(pairs).pvalue > 1e-4


@pytest.mark.parametrize("shape", range(4))
@pytest.mark.parametrize(("resolution", "tolerance"), [(32, 0.035), (128, 0.006)])
def test_area_and_centroid_are_those_of_the_factors(
    shape: int, resolution: int, tolerance: float
) -> None:
    chosen = factors(shape=shape, hue=0, ground=0)[:: 1 if resolution == 32 else 13]
    covered = coverage(chosen, resolution)
    area = covered.sum((1, 2)) / resolution**2
    size = torch.linspace(0.10, 0.16, 4, dtype=torch.float64)[chosen[:, 2]]
    assert (area / (math.pi * size.square()) - 1).abs().max() < tolerance
    centres = (torch.arange(resolution) + 0.5) / resolution
    places = torch.linspace(0.27, 0.73, 8, dtype=torch.float64)
    for name, axis in (("x", 1), ("y", 2)):
        found = (covered.sum(axis) * centres).sum(1) / covered.sum((1, 2))
        expected = places[chosen[:, NAMES.index(name)]]
        assert ((found - expected).abs() * resolution).max() < 0.1  # of a pixel


def test_hue_and_ground_are_those_of_the_factors(dataset: Dataset) -> None:
    images, table = dataset.test.images[:500].double() / 255, dataset.test.factors
    assert table is not None
    ground = images[:, :, 0, 0]
    grey = torch.linspace(0, 0.75, 4, dtype=torch.float64)[table[:500, NAMES.index("ground")]]
    assert (ground - grey[:, None]).abs().max() < 0.5 / 255
    # α · hue + (1 - α) · grey has the hue of the shape, whatever the share α.
    means = images.mean((2, 3)).tolist()
    for mean, hue in zip(means, table[:500, NAMES.index("hue")].tolist(), strict=True):
        distance = abs(colorsys.rgb_to_hsv(*mean)[0] - hue / 8)
        assert min(distance, 1 - distance) < 0.003


def test_foreground_is_saturated_and_bright() -> None:
    centre = render(factors(x=4, y=4, size=3, rotation=0, shape=0, ground=1), 32)[:, :, 17, 17]
    expected = [[round(255 * c) for c in colorsys.hsv_to_rgb(h / 8, 1, 1)] for h in range(8)]
    assert (centre - torch.tensor(expected)).abs().max() <= 1  # 0.5 · 255 rounds either way


def test_shapes_lie_within_the_image() -> None:
    for shape in range(4):
        chosen = factors(shape=shape, size=3, hue=0, ground=0)
        covered = coverage(chosen, 128)
        edge = torch.cat([covered[:, 0], covered[:, -1], covered[:, :, 0], covered[:, :, -1]], 1)
        assert edge.max() == 0


def test_y_runs_down_and_rotation_is_clockwise() -> None:
    covered = coverage(factors(x=4, y=0, size=3, hue=0, shape=3, ground=0), 64)
    assert covered[:, 32:].sum() == 0  # y = 0 is above
    upright, _, _, _, _, nearly_quarter = covered
    rows = torch.arange(64.0, dtype=torch.float64)
    # The heart's tip is below, and after 75 degrees on the left.
    below = upright.sum(1).nonzero().flatten()
    left = nearly_quarter.sum(0).nonzero().flatten()
    middle = (upright.sum(1) * rows).sum() / upright.sum()
    across = (nearly_quarter.sum(0) * rows).sum() / nearly_quarter.sum()
    assert below.max() - middle > middle - below.min() + 1
    assert across - left.min() > left.max() - across + 1


@pytest.mark.parametrize("shape", range(4))
def test_no_two_rotations_are_alike(shape: int) -> None:
    covered = coverage(factors(x=4, y=4, size=0, hue=0, shape=shape, ground=0), 32)
    for first, second in itertools.combinations(covered, 2):
        assert (first - second).abs().max() > 0.15


GRID = torch.linspace(-2, 2, 1601, dtype=torch.float64)


@pytest.mark.parametrize("name", SHAPES)
def test_distances_are_of_shapes_of_area_pi_around_the_origin(name: str) -> None:
    y, x = torch.meshgrid(GRID, GRID, indexing="ij")
    inside = DISTANCES[name](x, y) < 0
    cell = float(GRID[1] - GRID[0]) ** 2
    assert float(inside.sum()) * cell == pytest.approx(math.pi, rel=2e-3)
    assert float(x[inside].mean()) == pytest.approx(0, abs=2e-3)
    assert float(y[inside].mean()) == pytest.approx(0, abs=2e-3)


@pytest.mark.parametrize("name", SHAPES)
def test_distances_grow_by_one_across_the_edge(name: str) -> None:
    y, x = torch.meshgrid(GRID, GRID, indexing="ij")
    d = DISTANCES[name](x, y)
    step = float(GRID[1] - GRID[0])
    slope = torch.hypot(*(g[1:-1, 1:-1] for g in torch.gradient(d, spacing=step)))
    near = slope[(d[1:-1, 1:-1]).abs() < 0.02]
    assert len(near) > 1000
    assert near.quantile(0.05) > 0.95
    assert near.quantile(0.95) < 1.05


@pytest.mark.parametrize(
    ("name", "turns"), [("square", 4), ("ellipse", 2), ("triangle", 3), ("heart", 1)]
)
def test_symmetries_allow_a_quarter_turn(name: str, turns: int) -> None:
    """The smallest turn that leaves a shape as it is; rotations of the dataset stay below it."""
    y, x = torch.meshgrid(GRID[::8], GRID[::8], indexing="ij")
    d = DISTANCES[name]

    def change(angle: float) -> float:
        c, s = math.cos(angle), math.sin(angle)
        return float((d(c * x + s * y, c * y - s * x) - d(x, y)).abs().max())

    assert change(2 * math.pi / turns) < 1e-6
    degrees = [change(math.radians(angle)) for angle in range(15, 360 // turns, 15)]
    assert min(degrees) > 0.05
    assert change(math.radians(75)) > 0.05


def test_resolutions_show_the_same_images() -> None:
    chosen = combinations(torch.arange(0, COMBINATIONS, 4001))
    small, large = (render(chosen, r).float() for r in (32, 128))
    shrunk = torch.nn.functional.avg_pool2d(large, 4)
    assert (shrunk - small).abs().mean() < 0.2
    assert (shrunk - small).abs().max() < 90  # in the pixel of a sharp corner


def test_rendering_does_not_depend_on_the_other_images() -> None:
    chosen = combinations(torch.arange(0, COMBINATIONS, 1999))
    assert int(chosen[:, 5].bincount().min()) > CHUNK // 256**2  # two chunks of every shape
    whole = render(chosen, 256)
    assert torch.equal(render(chosen.flip(0), 256).flip(0), whole)
    assert torch.equal(torch.cat([render(row[None], 256) for row in chosen[::7]]), whole[::7])


def test_a_study_file_may_name_it() -> None:
    part = component_of("datasets", {"name": "shapes", "resolution": 64})
    assert part.parameters() == {"resolution": 64, "images": 20_000}
    with pytest.raises(ValueError, match="191608"):
        component_of("datasets", {"name": "shapes", "images": 200_000})
