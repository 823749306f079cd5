"""Fisher vectors against gradients one by one, closed forms, and a probe on the vectors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import ImageShape, Split, to_float
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import Row
from ogan_bench.evaluation.separability import fisher_vectors
from ogan_bench.evaluation.separability.fisher_vectors import (
    LABELS,
    FisherVectors,
    coordinates,
    fisher_rows,
    image_gradients,
)
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.models.dcgan import dcgan
from ogan_bench.objectives.base import Objective
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.separability.labelled_noise import classes
from tests.oracles.stand_ins import Untrained
from tests.unit.objectives.small_parts import objective

CPU = torch.device("cpu")
K, SIDE, D = 4, 4, 3
TEST = 200


class Noise(Generator):
    """Images of noise, so that gradients of generated images differ."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return z.repeat(1, SIDE * SIDE)[:, : SIDE * SIDE].reshape(-1, 1, SIDE, SIDE).tanh()


def images_of_rows(train: int = LABELS, informative: bool = True) -> Dataset:
    """Noise, with the row of the class a little brighter, or with classes that mean nothing."""
    random = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        labels = classes(n, K)
        images = torch.randint(200, (n, 1, SIDE, SIDE), generator=random, dtype=torch.uint8)
        if informative:
            images[torch.arange(n), 0, labels] += 50
        return Split(images, labels)

    return Dataset("rows", split(train), split(TEST), tuple("abcd"), "none")


def linear_encoder(scale: float = 0.1) -> Encoder:
    torch.manual_seed(0)
    made = Encoder(nn.Flatten(), nn.Linear(SIDE * SIDE, D))
    with torch.no_grad():
        made.head.weight.mul_(scale)
    return made


def rows_of(
    dataset: Dataset, encoder: Encoder, chosen: Objective | None = None, **settings: object
) -> dict[str, Row]:
    pair = Autoencoder(chosen or objective(), encoder.eval().requires_grad_(False), Noise(), D)
    context = ModelContext(
        pair,
        UntrainedEncoder(linear_encoder(scale=0.5)),
        dataset,
        Evaluation(samples=300, probe_images=10_000, **settings),  # type: ignore[arg-type]
        CPU,
    )
    return {row.metric: row for row in fisher_rows(context)}


def value(row: Row) -> float:
    assert row.value is not None, row.note
    return row.value


def test_gradients_are_those_of_each_image_alone() -> None:
    torch.manual_seed(0)
    E = dcgan(ImageShape(1, 16, 16), 3, z_dim=D, width=2).encoder(D).eval()
    images = torch.randint(256, (7, 1, 16, 16), dtype=torch.uint8)
    chosen = objective(readout="avg")

    class Score(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = E

        def forward(self, x: Tensor) -> Tensor:
            return chosen.score_of_image(self.encoder, x, D)

    found = torch.cat([*image_gradients(Score(), images, CPU)])
    for x, gradient in zip(to_float(images), found, strict=True):
        alone = torch.autograd.grad(E(x[None])[:, :D].mean(), [*E.parameters()])
        torch.testing.assert_close(gradient, torch.cat([g.flatten() for g in alone]))


def test_vectors_are_standardised_by_generated_images() -> None:
    g = torch.randn(60, 5, generator=torch.Generator().manual_seed(0)) * 0.01 + 7
    g[:, 4] = 0.3  # says nothing
    vectors = FisherVectors.of(iter(g.split(25)))
    mean, std = g.double().mean(0), g.double().std(0, correction=0)
    x = g[:3] + 1
    torch.testing.assert_close(
        vectors(x)[:, :4].double(), ((x - mean) / std)[:, :4], rtol=1e-4, atol=1e-4
    )
    assert (vectors(x)[:, 4] == 0).all()


def test_coordinates_keep_inner_products_and_what_a_linear_classifier_learns() -> None:
    random = np.random.default_rng(0)
    train, test = (torch.from_numpy(random.normal(size=(n, 90)) + 3) for n in (40, 30))
    y = np.arange(40) % 3
    train[torch.from_numpy(y) == 1, :9] += 1
    x, x_test = coordinates(train, iter(test.split(11)))
    unit = float((train - train.mean(0)).square().sum() / 40 / x.shape[1]) ** 0.5
    a, b = (train - train.mean(0)) / unit, (test - train.mean(0)) / unit
    assert x.shape[1] == 39  # centred
    torch.testing.assert_close(x @ x.T, a @ a.T)
    torch.testing.assert_close(x_test @ x.T, b @ a.T)
    assert float(x.var(0, correction=0).mean()) == pytest.approx(1)
    fits = [
        LogisticRegression(C=0.01, tol=1e-8).fit(fitted.numpy(), y).predict_proba(seen.numpy())
        for fitted, seen in ((x, x_test), (a, b))
    ]
    np.testing.assert_allclose(fits[0], fits[1], atol=1e-5)


def test_of_a_linear_score_they_are_the_pixels() -> None:
    """∇ of avg(W x + b) by W is x, over d, in every row, and by b the same for all images."""
    E, dataset = linear_encoder(), images_of_rows()
    rows = rows_of(dataset, E)
    x, x_test = (to_float(split.images).flatten(1) for split in (dataset.train, dataset.test))
    samples = Noise()(torch.randn(100_000, D, generator=torch.Generator().manual_seed(1)))
    std = samples.flatten(1).std(0)
    y = dataset.train.known_labels.numpy()
    fit = LogisticRegression(C=1.0).fit(x / std, y)
    direct = fit.score(x_test / std, dataset.test.known_labels.numpy())
    assert value(rows["probe_fisher_1000"]) == pytest.approx(direct, abs=0.03)
    assert direct > 0.7
    # The score of another linear E has the same gradients.
    assert rows["probe_fisher_1000_untrained"].value == rows["probe_fisher_1000"].value
    row = rows["probe_fisher_1000"]
    share = value(row)
    assert row.error == pytest.approx((share * (1 - share) / TEST) ** 0.5, rel=0.01)
    assert (row.floor, row.n_samples, row.split) == (1 / K, TEST, "test")
    assert row.note is not None
    assert row.note.startswith("51 parameters, 300 generated images, C = ")


def test_classes_that_mean_nothing_are_not_found() -> None:
    rows = rows_of(images_of_rows(informative=False), linear_encoder())
    assert value(rows["probe_fisher_1000"]) == pytest.approx(1 / K, abs=0.1)


class TestWithoutValue:
    def test_vectors_that_say_nothing(self) -> None:
        with pytest.raises(NoValueError, match="all Fisher vectors are equal"):
            coordinates(torch.ones(5, 3), iter([torch.zeros(2, 3)]))

    def test_an_objective_without_score(self) -> None:
        row = rows_of(images_of_rows(), linear_encoder(), Untrained())["probe_fisher_1000"]
        assert (row.value, row.note) == (None, "the objective computes no score from E alone")

    def test_a_score_of_classes(self) -> None:
        chosen = objective(readout="projection")
        row = rows_of(images_of_rows(), linear_encoder(), chosen)["probe_fisher_1000"]
        assert (row.value, row.note) == (None, "the score depends on the class of an image")

    def test_statistics_of_batches(self) -> None:
        row = rows_of(images_of_rows(), linear_encoder(), encoder_statistics="batch")
        assert "of one image alone" in (row["probe_fisher_1000"].note or "")

    def test_too_few_labels(self) -> None:
        row = rows_of(images_of_rows(train=LABELS - 1), linear_encoder())["probe_fisher_1000"]
        assert row.note == "the probe needs 1000 labelled images and has 999"

    def test_too_many_parameters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fisher_vectors, "MOST_PARAMETERS", 50)
        row = rows_of(images_of_rows(), linear_encoder())["probe_fisher_1000"]
        assert row.note == "E has 51 parameters: Fisher vectors are made of 50 at most"
