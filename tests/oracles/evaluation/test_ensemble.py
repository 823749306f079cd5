"""Means over the members of an ensemble: their closed forms, and agreement with each member."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.evaluation.ensemble import averaged, in_each_member
from ogan_bench.evaluation.fidelity.diversity import diversity_rows
from ogan_bench.evaluation.in_space import comparison_in
from ogan_bench.evaluation.per_space import space_rows
from ogan_bench.evaluation.rows import Row
from ogan_bench.features.ensemble import own_classifiers
from ogan_bench.metrics import METRICS
from ogan_bench.sampling.context import ImageContext
from ogan_bench.study.settings import Evaluation

CPU = torch.device("cpu")


def row(value: float | None, name: str, **fields: object) -> Row:
    return dataclasses.replace(
        Row("fd_classifier", 0.0, 10, "train", name),
        value=value,
        **fields,  # type: ignore[arg-type]
    )


class TestAveraged:
    def test_value_and_floor_are_means_and_errors_are_not_reduced(self) -> None:
        rows = [
            row(1.0, "a", floor=0.25, error=0.25, note="shared; one"),
            row(4.0, "b", floor=0.35, error=0.25, note="two; shared"),
        ]
        assert averaged(rows, "both") == Row(
            "fd_classifier",
            2.5,
            10,
            "train",
            "both",
            floor=0.3,
            error=0.25,
            members=(1.0, 4.0),
            note="shared; in the first of 2 classifiers: one",
        )

    def test_equal_members_give_the_row_of_one(self) -> None:
        one = row(1.5, "a", floor=0.5, error=0.25, note="said once")
        assert averaged([one] * 4, "a") == dataclasses.replace(one, members=(1.5,) * 4)

    def test_a_member_without_value_leaves_the_ensemble_without(self) -> None:
        rows = [row(1.0, "a", floor=0.1), row(None, "b", note="constant features")]
        found = averaged(rows, "both")
        assert (found.value, found.floor, found.error, found.members) == (None,) * 4
        assert (found.note, found.extractor) == ("constant features", "both")

    def test_what_only_some_members_know_is_left_out(self) -> None:
        found = averaged([row(1.0, "a", floor=0.1, error=0.1), row(2.0, "b")], "both")
        assert (found.floor, found.error, found.note) == (None, None, None)

    def test_curves_are_averaged_point_by_point(self) -> None:
        one, other = ((1.0, 0.0), (0.0, 1.0)), ((0.5, 0.0), (0.0, 0.75))
        found = averaged([row(1.0, "a", curve=one), row(2.0, "b", curve=other)], "both")
        assert found.curve == ((0.75, 0.0), (0.0, 0.875))
        assert averaged([row(1.0, "a", curve=one), row(2.0, "b")], "both").curve is None

    def test_several_metrics_are_refused(self) -> None:
        other = dataclasses.replace(row(1.0, "b"), metric="kd_classifier")
        with pytest.raises(ValueError, match="several metrics"):
            averaged([row(1.0, "a"), other], "both")


@pytest.fixture(scope="module")
def context(dataset: Dataset) -> ImageContext:
    settings = Evaluation(groups=["diversity"])
    return ImageContext(dataset, settings, CPU, generated=dataset.test.images)


def test_every_row_is_the_mean_over_classifiers(context: ImageContext, dataset: Dataset) -> None:
    ensemble: Any = own_classifiers(dataset, CPU)
    facts: dict[str, object] = {}
    rows = space_rows(context, "classifier", facts) + diversity_rows(context)
    assert facts["classifier"] == ensemble.name
    alone = []
    for member in ensemble.members:
        single = ImageContext(dataset, context.settings, CPU, generated=dataset.test.images)
        single._extractors["classifier"] = dataclasses.replace(ensemble, members=(member,))
        alone.append(space_rows(single, "classifier", {}) + diversity_rows(single))
    assert [row.metric for row in rows if METRICS[row.metric].extractor is None] == ["fwd"]
    for i, row in enumerate(rows[:-1]):
        expected = [each[i].value for each in alone]
        assert row.extractor == ensemble.name
        assert row.members == pytest.approx(expected)
        assert row.value == pytest.approx(sum(value or 0 for value in expected) / 5)
        assert {each[i].metric for each in alone} == {row.metric}
    spread = {row.metric: len(set(row.members or ())) for row in rows}
    assert spread["fd_classifier"] == 5


def test_members_keep_what_they_computed(context: ImageContext) -> None:
    first, again = context.members("classifier"), context.members("classifier")
    assert len({id(comparison_in(member, "classifier")) for member in first}) == 5
    for one, other in zip(first, again, strict=True):
        assert comparison_in(one, "classifier") is comparison_in(other, "classifier")
        assert one.members("classifier") == [one]


def test_a_space_that_is_not_there_is_measured_once(dataset: Dataset) -> None:
    bare = dataclasses.replace(
        dataset, train=dataclasses.replace(dataset.train, labels=None), classes=()
    )
    context = ImageContext(bare, Evaluation(), CPU, generated=dataset.test.images)
    measured = []

    def measure(one: ImageContext) -> list[Row]:
        measured.append(one)
        return [row(None, "none", note="no labels")]

    assert in_each_member(context, "classifier", measure)[0].note == "no labels"
    assert measured == [context]
