"""DCI, MIG and SAP: published vectors, perfect, rotated and useless codes, scikit-learn."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import mutual_info_score
from sklearn.svm import LinearSVC
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.evaluate import GROUPS
from ogan_bench.evaluation.factors.disentanglement import (
    completeness,
    disentanglement,
    factors_rows,
    importances,
    mutual_information_gap,
    separated_attribute_predictability,
    separated_correlation,
)
from ogan_bench.evaluation.rows import Row
from ogan_bench.metrics import METRICS
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.stand_ins import Untrained

COUNTS = (2, 3, 4, 4)
ONE_OF_TWO = 1 - math.log(2) / math.log(10)
"""1 - H for two equal shares among ten."""


def random(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(n: int, seed: int = 0, counts: tuple[int, ...] = COUNTS) -> Tensor:
    """Independent factors, uniform over their values."""
    share = torch.rand(n, len(counts), generator=random(seed))
    return (share * torch.tensor(counts)).long()


def noise(n: int, d: int, seed: int) -> Tensor:
    return torch.randn(n, d, generator=random(seed))


def rotation(d: int, seed: int = 0) -> Tensor:
    turn: Tensor = torch.linalg.qr(noise(d, d, seed)).Q
    return turn


def unit(codes: Tensor) -> Tensor:
    return (codes.float() - codes.float().mean(0)) / codes.float().std(0)


class TestTable:
    """The vectors of disentanglement_lib's tests of its DCI."""

    def test_one_code_for_each_factor_is_perfect(self) -> None:
        assert disentanglement(torch.eye(5)) == pytest.approx(1, abs=1e-7)
        assert completeness(torch.eye(5)) == pytest.approx(1, abs=1e-7)

    def test_a_table_of_nothing_is_zero(self) -> None:
        assert disentanglement(torch.zeros(10, 10)) == pytest.approx(0, abs=1e-7)
        assert completeness(torch.zeros(10, 10)) == pytest.approx(0, abs=1e-7)

    def test_two_codes_for_each_factor_are_incomplete(self) -> None:
        table = torch.cat([torch.eye(5), torch.eye(5)])
        assert disentanglement(table) == pytest.approx(1, abs=1e-7)
        assert completeness(table) == pytest.approx(ONE_OF_TWO, abs=1e-7)

    def test_two_factors_in_each_code_are_entangled(self) -> None:
        table = torch.cat([torch.eye(5), torch.eye(5)], dim=1)
        assert disentanglement(table) == pytest.approx(ONE_OF_TWO, abs=1e-7)
        assert completeness(table) == pytest.approx(1, abs=1e-7)

    def test_unused_codes_do_not_count(self) -> None:
        table = torch.cat([torch.eye(4), torch.zeros(6, 4)])
        assert disentanglement(table) == pytest.approx(1, abs=1e-6)

    def test_one_of_a_kind_is_refused(self) -> None:
        with pytest.raises(NoValueError, match="factors takes at least two"):
            disentanglement(torch.ones(3, 1))
        with pytest.raises(NoValueError, match="dimensions takes at least two"):
            completeness(torch.ones(1, 3))


class TestTrees:
    def measured(self, codes: Tensor, test_codes: Tensor) -> tuple[float, float, float]:
        n = len(codes)
        found = importances(codes, drawn(n), test_codes, drawn(len(test_codes), 1), 0)
        return disentanglement(found.table), completeness(found.table), found.informativeness

    def test_perfect_codes_among_useless_ones(self) -> None:
        codes = torch.cat([unit(drawn(1000)), noise(1000, 4, 2)], dim=1)
        test = torch.cat([unit(drawn(400, 1)), noise(400, 4, 3)], dim=1)
        d, c, informativeness = self.measured(codes, test)
        assert min(d, c) > 0.95
        assert informativeness == 1.0

    def test_a_rotation_hides_the_axes(self) -> None:
        turn = rotation(8)
        codes = torch.cat([unit(drawn(1000)), noise(1000, 4, 2)], dim=1) @ turn
        test = torch.cat([unit(drawn(400, 1)), noise(400, 4, 3)], dim=1) @ turn
        d, c, informativeness = self.measured(codes, test)
        assert max(d, c) < 0.4
        assert informativeness > 0.6

    def test_useless_codes_are_at_chance(self) -> None:
        d, c, informativeness = self.measured(noise(1000, 8, 2), noise(400, 8, 3))
        assert max(d, c) < 0.05
        assert informativeness == pytest.approx(np.mean([1 / k for k in COUNTS]), abs=0.05)

    def test_noise_lowers_all_three(self) -> None:
        found = [
            self.measured(
                unit(drawn(800)) + scale * noise(800, 4, 2),
                unit(drawn(400, 1)) + scale * noise(400, 4, 3),
            )
            for scale in (0.1, 0.5, 1.0)
        ]
        for quantity in zip(*found, strict=True):
            assert list(quantity) == sorted(quantity, reverse=True)

    def test_boosted_trees_agree(self) -> None:
        """Those of disentanglement_lib: other importances, the same verdict."""
        y = drawn(500)
        for turn, low, high in ((torch.eye(4), 0.9, 1.0), (rotation(4, 5), 0.0, 0.6)):
            codes = unit(y) @ turn + 0.02 * noise(500, 4, 2)
            boosted = [
                GradientBoostingClassifier(n_estimators=20, random_state=0)
                .fit(codes.numpy(), column.numpy())
                .feature_importances_
                for column in y.T
            ]
            theirs = torch.from_numpy(np.stack(boosted, axis=1))
            ours = importances(codes, y, codes, y, 0).table
            for score in (disentanglement, completeness):
                assert low <= score(theirs) <= high
                assert low <= score(ours) <= high

    def test_the_seed_reproduces_it(self) -> None:
        codes, y = noise(300, 5, 0), drawn(300)
        first, again, other = (importances(codes, y, codes, y, seed).table for seed in (0, 0, 1))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)


class TestGap:
    def test_is_the_gap_of_scikit_learns_mutual_information(self) -> None:
        y = drawn(2000)
        codes = unit(y) @ rotation(4) + 0.3 * noise(2000, 4, 1)
        gaps = []
        for factor in y.T.numpy():
            found = [
                mutual_info_score(factor, np.digitize(c, np.histogram(c, 20)[1][:-1]))
                for c in codes.double().T.numpy()
            ]
            second, first = sorted(found)[-2:]
            gaps.append((first - second) / mutual_info_score(factor, factor))
        assert mutual_information_gap(codes, y) == pytest.approx(np.mean(gaps), abs=1e-9)

    def test_perfect_doubled_rotated_and_useless_codes(self) -> None:
        y = drawn(3000, counts=(8, 8, 4, 6))
        own = unit(y)
        assert mutual_information_gap(own, y) > 0.97
        assert mutual_information_gap(torch.cat([own, own], 1), y) == 0.0
        assert mutual_information_gap(own @ rotation(4), y) < 0.15
        many = torch.cat([own, noise(3000, 28, 1)], 1)
        assert mutual_information_gap(many @ rotation(32), y) < 0.03
        assert mutual_information_gap(noise(3000, 4, 1), y) < 0.02

    def test_units_and_order_do_not_matter(self) -> None:
        y = drawn(500)
        codes = unit(y) @ rotation(4)
        expected = mutual_information_gap(codes, y)
        order = torch.randperm(500, generator=random(1))
        assert mutual_information_gap(-3 * codes[order] + 7, y[order]) == pytest.approx(
            expected, abs=0.01
        )
        assert mutual_information_gap(codes[order], y[order]) == pytest.approx(expected)

    def test_constant_codes_say_nothing_and_constant_factors_are_refused(self) -> None:
        y = drawn(100)
        assert mutual_information_gap(torch.zeros(100, 3), y) == pytest.approx(0, abs=1e-12)
        with pytest.raises(NoValueError, match="constant over all"):
            mutual_information_gap(torch.zeros(100, 3), torch.zeros_like(y))
        with pytest.raises(NoValueError, match="no second best"):
            mutual_information_gap(torch.zeros(100, 1), y)


class TestPredictability:
    def test_correlation_meets_the_vectors(self) -> None:
        """Those of disentanglement_lib's tests, with its option for continuous factors."""
        y = drawn(3000, counts=(5, 6, 7, 8))
        own = y.double()
        assert 0.9 < separated_correlation(own, y) <= 1
        assert separated_correlation(torch.zeros(3000, 4), y) == 0
        assert separated_correlation(torch.cat([own, own], 1), y) == pytest.approx(0, abs=1e-12)
        many = torch.cat([unit(y), noise(3000, 28, 1)], 1) @ rotation(32)
        assert separated_correlation(many, y) < 0.1

    def test_planes_are_scikit_learns(self) -> None:
        y, y_test = drawn(400), drawn(200, 1)
        codes, test = unit(y) @ rotation(4), unit(y_test) @ rotation(4)
        gaps = []
        for j in range(4):
            scores = sorted(
                LinearSVC(C=0.01, class_weight="balanced", random_state=0, tol=1e-6, max_iter=9999)
                .fit(codes[:, i : i + 1].numpy(), y[:, j].numpy())
                .score(test[:, i : i + 1].numpy(), y_test[:, j].numpy())
                for i in range(4)
            )
            gaps.append(scores[-1] - scores[-2])
        found = separated_attribute_predictability(codes, y, test, y_test)
        assert found == pytest.approx(np.mean(gaps), abs=0.01)

    def test_perfect_doubled_and_useless_codes(self) -> None:
        y, y_test = drawn(1000), drawn(600, 1)
        own, test = unit(y), unit(y_test)
        perfect = np.mean([1 - 1 / k for k in COUNTS])  # the second best code is at chance
        found = separated_attribute_predictability(own, y, test, y_test)
        assert perfect - 0.2 < found < perfect + 0.02
        doubled = [torch.cat([codes, codes], 1) for codes in (own, test)]
        assert separated_attribute_predictability(doubled[0], y, doubled[1], y_test) == 0
        useless = separated_attribute_predictability(noise(1000, 4, 2), y, noise(600, 4, 3), y_test)
        assert useless < 0.05

    def test_degenerate_tables_are_refused(self) -> None:
        y = drawn(50)
        with pytest.raises(NoValueError, match="no second best"):
            separated_correlation(torch.zeros(50, 1), y)
        with pytest.raises(NoValueError, match="constant over all"):
            separated_correlation(torch.zeros(50, 2), torch.zeros_like(y))


class Folding(Generator):
    """z is the image."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return z.view(-1, 1, 4, 4)


def subject_of(dataset: Dataset, turn: Tensor, images: int = 10_000) -> ModelContext:
    """Codes are the pixels, turned."""
    head = nn.Linear(16, 16, bias=False)
    with torch.no_grad():
        head.weight.copy_(turn)
    E = Encoder(nn.Flatten(), head)
    pair = Autoencoder(Untrained(), E, Folding(), 16)
    settings = Evaluation(samples=10, probe_images=images)
    return ModelContext(pair, UntrainedEncoder(E), dataset, settings, torch.device("cpu"))


def dataset_of(known: bool) -> Dataset:
    """Two pixels say the value of each of four factors: one is dark where the other is bright."""

    def split(n: int, seed: int) -> Split:
        y = drawn(n, seed)
        level = (40 + 175 * y / (torch.tensor(COUNTS) - 1)).round().to(torch.uint8)
        images = torch.full((n, 16), 128, dtype=torch.uint8)
        images[:, :4], images[:, 4:8] = level, 255 - level
        images = images.view(n, 1, 4, 4)
        return Split(images, y[:, 0], factors=y if known else None)

    factors = tuple((f"f{i}", count) for i, count in enumerate(COUNTS)) if known else ()
    return Dataset("pixels", split(900, 0), split(300, 1), ("a", "b"), "none", factors=factors)


def rows_of(context: ModelContext) -> dict[str, Row]:
    rows = {row.metric: row for row in GROUPS["factors"](context)}
    assert list(rows) == [name for name, metric in METRICS.items() if metric.group == "factors"]
    return rows


def test_rows_tell_axes_from_their_rotation() -> None:
    # Each factor has a code of its own; the half of the pixels that mirror them is left out.
    own = torch.eye(16)
    own[4:8] = 0
    rows = rows_of(subject_of(dataset_of(True), own))
    turned = rows_of(subject_of(dataset_of(True), rotation(16) @ own))
    for metric, row in rows.items():
        assert row.value is not None, row.note
        assert (row.n_samples, row.split) == (300, "test")
        hidden = 0 if metric == "dci_trees_informativeness" else 0.1
        assert row.value >= (turned[metric].value or 0) + hidden
        assert "900 training images" in (row.note or "")
    assert (rows["dci_trees_disentanglement"].value or 0) > 0.8
    assert rows["dci_trees_informativeness"].floor == pytest.approx((1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert "the factors themselves as codes reach 0." in (rows["sap"].note or "")


def test_a_factor_that_is_constant_over_the_test_images_has_a_note() -> None:
    dataset = dataset_of(True)
    factors = dataset.test.factors
    assert factors is not None
    still = dataclasses.replace(
        dataset, test=dataclasses.replace(dataset.test, factors=torch.zeros_like(factors))
    )
    rows = {row.metric: row for row in factors_rows(subject_of(still, torch.eye(16)))}
    assert rows["sap"].value is None
    assert rows["sap"].note == "a factor is constant over all images"


@pytest.mark.parametrize(
    ("known", "images", "reason"), [(False, 900, "no known factors"), (True, 0, "probe_images")]
)
def test_without_factors_or_images_there_is_a_note(known: bool, images: int, reason: str) -> None:
    rows = factors_rows(subject_of(dataset_of(known), torch.eye(16), images))
    assert {row.value for row in rows} == {None}
    assert all(reason in (row.note or "") for row in rows)
