"""Standard errors from halves, and differences of sets that share their reference."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from ogan_bench.data.base import Dataset, Split
from ogan_bench.evaluation import set_comparison
from ogan_bench.evaluation.evaluate import evaluate_context
from ogan_bench.evaluation.rows import Row
from ogan_bench.evaluation.set_comparison import (
    Difference,
    HalfValues,
    difference,
    half_values,
    with_errors,
)
from ogan_bench.features.feature_space import FeatureSpace
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.sampling.context import ImageContext
from ogan_bench.study.settings import Evaluation

CPU = torch.device("cpu")
SPACE = "dinov2"
METRICS = ("fd_dinov2", "kd_dinov2")
REPEATS = 30


class Levels:
    """The four pixels of an image, in standard deviations, as features."""

    name, weights_hash, device, batch_size = "levels@0", "0", CPU, 1000

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        levels = (images.flatten(1).float() - 128) / 20
        return levels, levels.new_zeros(len(images), 0)


@pytest.fixture(autouse=True)
def _levels(monkeypatch: pytest.MonkeyPatch) -> None:
    space = FeatureSpace("levels", lambda *_: Levels(), str, lambda _: "levels")
    monkeypatch.setitem(FEATURE_SPACES, SPACE, space)


def normal(seed: int, n: int) -> Tensor:
    return torch.randn(n, 4, generator=torch.Generator().manual_seed(seed))


def contexts(reference: Tensor, *sets: Tensor) -> list[ImageContext]:
    """Images whose levels are these."""

    def images(levels: Tensor) -> Tensor:
        return (128 + 20 * levels).round().clamp(0, 255).to(torch.uint8)[:, None, None]

    real = Split(images(reference))
    dataset, settings = Dataset("levels", real, real, (), "none"), Evaluation(extractors=[SPACE])
    return [ImageContext(dataset, settings, CPU, generated=images(levels)) for levels in sets]


def measured(of: Sequence[ImageContext]) -> list[dict[str, Row]]:
    return [{row.metric: row for row in evaluate_context(context)[0]} for context in of]


def value(row: Row) -> float:
    assert row.value is not None
    return row.value


def drawn_sets(seed: int, shared: bool) -> list[ImageContext]:
    """A small reference and two shifted sets, which may answer the same inputs."""
    inputs = normal(3 * seed + 1, 400)
    other = inputs + 0.3 * normal(3 * seed + 2, 400) if shared else normal(3 * seed + 2, 400)
    return contexts(normal(3 * seed, 200), inputs + 0.8, other + 0.8)


@pytest.mark.usefixtures("_stores")
@pytest.mark.parametrize("paired", [False, True])
def test_the_error_of_a_difference_is_its_spread_and_less_than_of_independent_sets(
    paired: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redrawn with their reference, both sets are farther from it or nearer to it together."""
    monkeypatch.setattr(set_comparison, "HALVES", 30)
    both = [measured(drawn_sets(seed, paired)) for seed in range(REPEATS)]
    errors: dict[str, list[float]] = {metric: [] for metric in METRICS}
    apart: dict[str, list[float]] = {metric: [] for metric in METRICS}
    for seed in range(3):
        sets = drawn_sets(seed, paired)
        rows = measured(sets)
        drawn = half_values(sets, [list(of.values()) for of in rows], paired=paired)
        for metric in METRICS:
            first, second = (of[metric] for of in rows)
            found = difference(second, drawn[1], first, drawn[0])
            assert found is not None
            errors[metric].append(found.error)
            ends = zip((first, second), drawn, strict=True)
            own = [with_errors([row], of)[0].error or math.nan for row, of in ends]
            apart[metric].append(math.hypot(*own))
    for metric in METRICS:
        truth = statistics.stdev(value(of[1][metric]) - value(of[0][metric]) for of in both)
        error = statistics.fmean(errors[metric])
        assert 0.65 * truth < error < 1.5 * truth, metric
        assert error < (0.5 if paired else 0.9) * statistics.fmean(apart[metric]), metric


def row(metric: str, value: float | None, error: float | None = None) -> Row:
    return Row(metric, value, 100, "train", error=error, note="a note")


NOTHING: HalfValues = {}


def found(second: Row, first: Row) -> Difference | None:
    return difference(second, NOTHING, first, NOTHING)


def test_without_halves_own_errors_stay_and_variances_add() -> None:
    one, other = row("isc_classifier", 4.0, 0.4), row("isc_classifier", 5.0, 0.3)
    assert with_errors([one], NOTHING) == [one]
    of = found(other, one)
    assert of is not None
    assert [of.value, of.error] == pytest.approx([1, 0.5])
    assert of.p == pytest.approx(math.erfc(2 / math.sqrt(2)))
    assert list(of.interval) == pytest.approx([0.02, 1.98], abs=1e-3)
    exact = row("modes_classifier", 9.0, 0.0)
    same, fewer = found(exact, exact), found(dataclasses.replace(exact, value=8.0), exact)
    assert same is not None
    assert fewer is not None
    assert (same.p, fewer.p) == (1, 0)
    assert found(row("kd_classifier", 1.0), row("kd_classifier", 2.0, 0.1)) is None
    assert found(row("kd_classifier", None), row("kd_classifier", 2.0, 0.1)) is None


def test_what_sets_share_in_every_draw_cancels() -> None:
    one, other = {"fid": [1.0, 2.0, 3.0]}, {"fid": [2.0, 3.0, 4.0]}
    of = difference(row("fid", 3.0, 9.0), other, row("fid", 2.0, 9.0), one)
    assert of is not None
    assert (of.value, of.error, of.p) == (1.0, 0.0, 0.0)
    assert [noted.error for noted in with_errors([row("fid", 3.0, 9.0)], other)] == [1.0]


@pytest.mark.usefixtures("_stores")
def test_paired_sets_are_drawn_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal sets differ by nothing; drawn apart, their halves differ."""
    monkeypatch.setattr(set_comparison, "HALVES", 3)
    images = normal(1, 60)
    sets = contexts(normal(0, 60), images, images)
    rows = [list(of.values()) for of in measured(sets)]
    alike = half_values(sets, rows, paired=True)
    assert alike[0] == alike[1]
    apart = half_values(sets, rows)
    assert apart[0]["fd_dinov2"] != apart[1]["fd_dinov2"]
