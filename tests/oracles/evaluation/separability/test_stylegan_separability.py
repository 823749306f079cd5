"""Separability of z: the published table's vectors, perfect and useless planes, degenerate G."""

from __future__ import annotations

import math
from typing import cast

import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.data.sources.mixtures import ring
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import Row
from ogan_bench.evaluation.separability.stylegan_separability import (
    conditional_entropy,
    latent_separability_rows,
    most_confident,
    separability,
)
from ogan_bench.features.extractor import Extractor
from ogan_bench.metrics import METRICS
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.stand_ins import Untrained


def noise(n: int, d: int, seed: int) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


class TestEntropy:
    @pytest.mark.parametrize(
        ("table", "bits", "score"),
        [
            ([[0.5, 0.0], [0.0, 0.5]], 0.0, 1.0),
            ([[0.25, 0.25], [0.25, 0.25]], 1.0, 2.0),
            ([[0.4, 0.1], [0.1, 0.4]], 0.7219280948873623, 1.6493848884661177),
            ([[0.45, 0.05], [0.15, 0.35]], 0.6751432464099869, 1.596755308026741),
        ],
    )
    def test_meets_the_vectors_of_stylegan(
        self, table: list[list[float]], bits: float, score: float
    ) -> None:
        found = conditional_entropy(torch.tensor(table, dtype=torch.float64))
        assert found == pytest.approx(bits, abs=1e-12)
        assert 2**found == pytest.approx(score, abs=1e-12)

    def test_is_the_joint_entropy_minus_that_of_x(self) -> None:
        counts = torch.tensor([[7, 1, 3], [0, 5, 0], [2, 2, 9]])
        expected = stats.entropy(counts.flatten(), base=2) - stats.entropy(counts.sum(1), base=2)
        assert conditional_entropy(counts) == pytest.approx(expected, abs=1e-12)

    def test_a_side_without_points_counts_nothing(self) -> None:
        assert conditional_entropy(torch.tensor([[3, 1], [0, 0]])) == pytest.approx(
            stats.entropy([0.75, 0.25], base=2)
        )


class TestSeparability:
    def test_halves_of_the_space_are_separable(self) -> None:
        z, z_new = noise(2000, 8, 0), noise(2000, 8, 1)
        fitted, held_out, chance = separability(
            z, (z[:, 0] > 0).long(), z_new, (z_new[:, 0] > 0).long()
        )
        assert 1 <= fitted < 1.05
        assert 1 <= held_out < 1.1
        assert chance == pytest.approx(4, abs=0.01)  # two classes of one bit each

    def test_turning_the_space_changes_nothing(self) -> None:
        z, z_new = noise(1000, 8, 0), noise(1000, 8, 1)
        y, y_new = (t[:, :3].argmax(1) for t in (z, z_new))
        turn = torch.linalg.qr(noise(8, 8, 2)).Q
        plain = separability(z, y, z_new, y_new)
        assert torch.allclose(separability(z @ turn, y, z_new @ turn, y_new), plain, rtol=0.02)
        order = torch.randperm(1000)
        assert torch.allclose(separability(z[order], y[order], z_new, y_new), plain, rtol=1e-3)
        assert (plain > 1.1).all()
        assert (plain[:2] < plain[2]).all()

    def test_classes_that_z_does_not_tell_are_at_chance(self) -> None:
        z, z_new = noise(4000, 4, 0), noise(4000, 4, 1)
        y, y_new = (noise(4000, 3, seed).argmax(1) for seed in (2, 3))
        fitted, held_out, chance = separability(z, y, z_new, y_new)
        assert fitted == pytest.approx(float(chance), rel=0.02)
        assert held_out == pytest.approx(float(chance), rel=0.02)
        third = stats.entropy([1 / 3, 2 / 3], base=2)
        assert chance == pytest.approx(2 ** (3 * third), rel=0.01)

    def test_few_points_are_separable_and_new_ones_say_that_it_means_nothing(self) -> None:
        z, z_new = noise(60, 100, 0), noise(2000, 100, 1)
        y, y_new = torch.arange(60) % 2, torch.arange(2000) % 2
        fitted, held_out, chance = separability(z, y, z_new, y_new)
        assert fitted == 1
        assert held_out == pytest.approx(float(chance), rel=0.02)

    def test_wrong_classes_make_it_worse(self) -> None:
        z = noise(2000, 4, 0)
        y = (z[:, 0] > 0).long()
        found = []
        for share in (0.0, 0.1, 0.3):
            wrong = torch.rand(2000, generator=torch.Generator().manual_seed(1)) < share
            classes = torch.where(wrong, 1 - y, y)
            found.append(separability(z, classes, z, classes)[0])
        assert found == sorted(found)
        bits = stats.entropy([0.3, 0.7], base=2)
        assert found[-1] == pytest.approx(2 ** (2 * bits), rel=0.05)

    def test_a_class_of_new_points_only_is_as_uncertain_as_it_is_frequent(self) -> None:
        z = noise(1000, 4, 0)
        y = (z[:, 0] > 0).long()
        new = y.clone()
        new[:100] = 2
        fitted, held_out, _ = separability(z, y, z, new)
        alone = separability(z, y, z, y)
        assert fitted == alone[0]
        assert held_out > alone[1] * 2 ** stats.entropy([0.1, 0.9], base=2)

    def test_one_class_and_too_many_are_refused(self) -> None:
        z = noise(200, 4, 0)
        same = torch.zeros(200, dtype=torch.long)
        with pytest.raises(NoValueError, match="one class"):
            separability(z, same, z, same)
        with pytest.raises(NoValueError, match="200 classes"):
            separability(z, torch.arange(200), z, torch.arange(200))


def test_the_clearest_half_is_kept() -> None:
    logits = torch.tensor([[0.0, 1.0], [5.0, 0.0], [0.0, 0.1], [0.0, 9.0], [1.0, 0.0]])
    assert most_confident(logits).tolist() == [3, 1]
    assert most_confident(logits + 100).tolist() == [3, 1]


class Lamp(Generator):
    """Bright by the first coordinate of z."""

    gain = 2.0

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        level = (self.gain * z[:, 0] / 3).tanh()
        return level[:, None, None, None].expand(-1, 1, 8, 8)


class Brightness:
    """A classifier of bright and dark images."""

    name = "classifier:brightness"
    device = torch.device("cpu")
    batch_size = 100

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        level = images.flatten(1).float().mean(1, keepdim=True) / 127.5 - 1
        return level, torch.cat([-level, level], dim=1)


def subject_of(
    G: Generator, dataset: Dataset | None = None, space: str = "classifier"
) -> ModelContext:
    images = torch.zeros(20, 1, 8, 8, dtype=torch.uint8)
    split = Split(images, torch.arange(20) % 2)
    data = dataset or Dataset("lamps", split, split, ("dark", "bright"), "none")
    E = Encoder(nn.Flatten(), nn.Linear(math.prod(data.shape), 4))
    settings = Evaluation.model_validate({"samples": 10, "extractors": [space]})
    context = ModelContext(
        Autoencoder(Untrained(), E, G, 4), UntrainedEncoder(E), data, settings, torch.device("cpu")
    )
    if dataset is None:
        context._extractors["classifier"] = cast(Extractor, Brightness())
    return context


def rows_of(context: ModelContext) -> list[Row]:
    return latent_separability_rows(context, points=1000)


def values(rows: list[Row]) -> list[float | None]:
    assert [row.metric for row in rows] == [
        name for name in METRICS if name.startswith("separability_z")
    ]
    return [row.value for row in rows]


def test_rows_of_a_generator_that_z_separates() -> None:
    rows = rows_of(subject_of(Lamp()))
    assert all(1 <= (value or 0) < 1.05 for value in values(rows))
    for row in rows:
        assert (row.n_samples, row.split) == (500, "generated")
        assert row.extractor == "classifier:brightness"
        assert row.floor == pytest.approx(4, rel=0.01)
        assert row.note == "2 of 2 classes among the 500 most confident of 1000 images"
    assert rows_of(subject_of(Lamp())) == rows


def test_a_collapsed_generator_is_not_perfect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lamp, "gain", 0.0)
    rows = rows_of(subject_of(Lamp()))
    assert values(rows) == [None, None]
    assert all("one class" in (row.note or "") for row in rows)


def test_a_conditional_generator_has_a_note() -> None:
    G = Lamp()
    G.conditional = True
    rows = rows_of(subject_of(G))
    assert values(rows) == [None, None]
    assert all("conditional" in (row.note or "") for row in rows)


def test_points_have_a_note_and_other_spaces_no_row() -> None:
    rows = rows_of(subject_of(Lamp(), ring()))
    assert values(rows) == [None, None]
    assert all("points" in (row.note or "") for row in rows)
    assert rows_of(subject_of(Lamp(), space="inception")) == []
