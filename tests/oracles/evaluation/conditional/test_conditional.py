"""Conditional generators: obedient, deaf, and with too few samples of a class."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from ogan_bench.evaluation.conditional.conditional import (
    Labelled,
    agreement,
    conditional_rows,
    frechet_within,
)
from ogan_bench.evaluation.fidelity.frechet import frechet_distance, frechet_floor
from ogan_bench.evaluation.rows import Row
from ogan_bench.features.extractor import Features
from ogan_bench.metrics.conditional import CONDITIONAL
from tests.oracles.evaluation.spread import assert_about_the_spread


def images(
    labels: Tensor, seen: Tensor | None = None, seed: int = 0, shift: float = 0.0
) -> Labelled:
    """Images of a class lie around 10 times its number, and are recognised as ``seen``."""
    noise = torch.randn(len(labels), 4, generator=torch.Generator().manual_seed(seed))
    logits = torch.nn.functional.one_hot(labels if seen is None else seen, 3).float()
    return Labelled(Features(10 * labels[:, None] + noise + shift, logits, "test@0"), labels)


CLASSES = torch.arange(900) % 3


def rows_of(
    samples: Labelled, swapped: Labelled, test: Labelled, train: Labelled
) -> dict[str, Row]:
    rows = conditional_rows(samples, swapped, test, train, "train")
    assert [row.metric for row in rows] == list(CONDITIONAL)
    return {row.metric: row for row in rows}


def test_an_obedient_generator_is_perfect() -> None:
    rows = rows_of(images(CLASSES), images(CLASSES[:90]), images(CLASSES), images(CLASSES, seed=1))
    assert rows["conditional_accuracy"].value == 1.0
    assert rows["swap_accuracy"].value == 1.0
    assert (rows["swap_accuracy"].n_samples, rows["swap_accuracy"].split) == (90, "test")
    within = rows["fd_classifier_within"]
    assert within.floor is not None
    assert 0 < (within.value or 0) < 3 * within.floor
    assert "1.000 of the test images" in (rows["conditional_accuracy"].note or "")


def test_a_deaf_generator_is_at_chance() -> None:
    """It gives all classes evenly, whatever it is asked for; no distance of the whole sees it."""
    g = torch.Generator().manual_seed(0)
    given = torch.randint(3, CLASSES.shape, generator=g)
    deaf = Labelled(images(given).features, CLASSES)
    rows = rows_of(deaf, deaf, images(CLASSES), images(CLASSES, seed=1))
    for metric in ("conditional_accuracy", "swap_accuracy"):
        assert rows[metric].floor == pytest.approx(1 / 3)
        assert rows[metric].value == pytest.approx(1 / 3, abs=4 * (2 / 9 / 900) ** 0.5)
    whole = frechet_distance(deaf.features.features, images(CLASSES, seed=1).features.features)
    assert (rows["fd_classifier_within"].value or 0) > 50 * whole


def test_errors_are_about_the_spread() -> None:
    g = torch.Generator().manual_seed(0)
    train, rows = images(CLASSES, seed=1), []
    for seed in range(30):
        seen = torch.where(torch.rand(900, generator=g) < 0.3, (CLASSES + 1) % 3, CLASSES)
        samples = images(CLASSES, seen, seed=10 + seed, shift=0.3)
        rows.append(rows_of(samples, samples, samples, train))
    for metric in CONDITIONAL:
        values, errors = [[getattr(row[metric], of) for row in rows] for of in ("value", "error")]
        assert_about_the_spread(values, errors)


def test_a_contrary_generator_is_below_chance() -> None:
    contrary = Labelled(images((CLASSES + 1) % 3).features, CLASSES)
    assert agreement(contrary) == 0.0


def test_the_floor_is_the_best_constant_answer() -> None:
    asked = torch.tensor([0] * 70 + [1] * 20 + [2] * 10)
    constant = Labelled(images(torch.zeros(100, dtype=torch.int64)).features, asked)
    row = rows_of(constant, constant, images(CLASSES), images(CLASSES))["conditional_accuracy"]
    assert row.value == row.floor == pytest.approx(0.7)


def test_within_is_against_the_reference_and_says_so() -> None:
    """With a part of the images trained on, too few of a class would be left."""
    definition = CONDITIONAL["fd_classifier_within"].definition
    assert "reference images" in definition
    assert "training" not in definition


def test_within_is_the_mean_over_classes() -> None:
    samples, train = images(CLASSES, shift=0.5), images(CLASSES, seed=1)
    per_class = [
        (
            frechet_distance(samples.features.features[k::3], train.features.features[k::3]),
            frechet_floor(train.features.features[k::3], 300),
        )
        for k in range(3)
    ]
    found = frechet_within(samples, train)
    assert (found.value, found.floor) == pytest.approx(tuple(np.mean(per_class, axis=0)))


def test_a_class_too_small_for_its_floor_leaves_the_mean_without_one() -> None:
    labels = torch.tensor([0, 1] * 100 + [2] * 11)  # 4 features need 12
    found = frechet_within(images(labels), images(CLASSES))
    assert found.value > 0
    assert found.floor is None
    assert (
        found.note == "mean over 3 classes; no floor: 11 images are too few for 4 features, take 12"
    )


@pytest.mark.parametrize(("of_class_2", "count"), [(0, 0), (4, 4)])
def test_a_class_with_too_few_samples_has_a_note(of_class_2: int, count: int) -> None:
    labels = torch.tensor([0, 1] * 100 + [2] * of_class_2)
    rows = rows_of(images(labels), images(labels), images(labels), images(CLASSES))
    assert rows["fd_classifier_within"].value is None
    assert f"{count} images of class 2 are too few for 4 features" in (
        rows["fd_classifier_within"].note or ""
    )
    assert rows["conditional_accuracy"].value == 1.0


def test_values_that_are_not_finite_have_a_note() -> None:
    broken = images(CLASSES)
    broken.features.logits[5] = float("nan")
    row = rows_of(broken, images(CLASSES), images(CLASSES), images(CLASSES))["conditional_accuracy"]
    assert row.value is None
    assert "not finite" in (row.note or "")
