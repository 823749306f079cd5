"""The whole evaluation: every metric of a perfect sampler, and isolation of failures."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_float
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation import evaluate as evaluate_module
from ogan_bench.evaluation.evaluate import Facts, evaluate
from ogan_bench.evaluation.fidelity import comparison as comparison_module
from ogan_bench.evaluation.rows import Row
from ogan_bench.features.inception import FILE, VARIABLE
from ogan_bench.metrics import METRICS
from ogan_bench.metrics.conditional import CONDITIONAL
from ogan_bench.metrics.coverage import POINTS
from ogan_bench.metrics.training_cost import TRAINING
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.models.dcgan import dcgan
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.pixels import pixels_of
from tests.oracles.stand_ins import Plain, Untrained

CPU = torch.device("cpu")
Z_DIM = 16
OWN = [
    name
    for name, metric in METRICS.items()
    if metric.group is None
    and metric.extractor in (None, "classifier")
    and name not in {*TRAINING, *CONDITIONAL, *POINTS}
]
Pair = tuple[Encoder, Generator]


class Bootstrap(Generator):
    """A perfect sampler: every z picks a training image, all of them equally often."""

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.register_buffer("images", to_float(images))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        images = self.get_buffer("images")
        share = torch.special.ndtr(z[:, 0].double())
        return images[(share * len(images)).long().clamp(0, len(images) - 1)]


class Collapsed(Bootstrap):
    """Always the same training image."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.get_buffer("images")[:1].expand(len(z), -1, -1, -1)


@pytest.fixture(scope="module")
def nets(dataset: Dataset) -> Pair:
    architecture = dcgan(dataset.shape, len(dataset.classes), z_dim=Z_DIM, width=8)
    E, G = architecture.encoder(Z_DIM), architecture.generator()
    g = torch.Generator().manual_seed(0)
    for net in (E, G):
        for parameter in net.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=0.1, generator=g)
    return E, G


def run(
    nets: Pair,
    dataset: Dataset,
    folder: Path | None = None,
    chosen: Evaluation | None = None,
) -> tuple[dict[str, Row], Facts]:
    E, G = nets
    chosen = chosen or Evaluation(samples=1000)
    pair = Autoencoder(Untrained(), E, G, Z_DIM)
    untrained = UntrainedEncoder(copy.deepcopy(E))
    rows, facts = evaluate(ModelContext(pair, untrained, dataset, chosen, CPU, folder))
    assert len({row.metric for row in rows}) == len(rows)
    return {row.metric: row for row in rows}, facts


def test_every_metric_is_measured_and_reproduced(
    nets: Pair, dataset: Dataset, tmp_path: Path
) -> None:
    rows, facts = run(nets, dataset, tmp_path)
    assert sorted(rows) == sorted(OWN)
    assert all(row.value is not None for row in rows.values())
    assert facts["classifier_test_accuracy"] > 0.97
    assert rows["fd_classifier"].extractor == facts["classifier"]
    assert pixels_of(tmp_path / "samples.png").shape == (8 * 64 + 7 * 2, 8 * 64 + 7 * 2)
    assert pixels_of(tmp_path / "reconstructions.png").shape == (
        8 * 64 + 7 * 2,
        8 * 64 + 4 * 2 + 3 * 8,
    )
    assert not (tmp_path / "swapped.png").exists()
    json.dumps([row.record() for row in rows.values()], allow_nan=False)
    again, _ = run(nets, dataset)
    assert again == rows


def test_a_perfect_sampler_is_at_the_floors(nets: Pair, dataset: Dataset) -> None:
    rows, _ = run((nets[0], Bootstrap(dataset.train.images)), dataset)
    value = {name: row.value or 0.0 for name, row in rows.items()}
    # The samples repeat the reference itself, so only their own number adds to the distance.
    floor = rows["fd_classifier"].floor or 0
    n, m = 1000, len(dataset.train)
    expected = floor * (1 / n) / (1 / n + 1 / m)
    assert 0.3 * expected < value["fd_classifier"] < 2.5 * expected  # its own spread is a third
    assert value["modes_classifier"] == 10
    assert value["modes_kl_classifier"] < 4 * (rows["modes_kl_classifier"].floor or 0)
    assert value["precision_classifier"] > 0.9
    assert value["recall_classifier"] > 0.5
    assert value["isc_classifier"] > 9


def test_a_collapsed_sampler_is_told_from_a_failure(nets: Pair, dataset: Dataset) -> None:
    rows, _ = run((nets[0], Collapsed(dataset.train.images)), dataset)
    assert all(row.value is not None for row in rows.values())
    assert rows["modes_classifier"].value == 1
    assert (rows["recall_classifier"].value or 0) < 0.01  # the image itself is found again
    assert rows["isc_classifier"].value == pytest.approx(1.0)
    share = float((dataset.train.known_labels == dataset.train.known_labels[0]).double().mean())
    assert rows["modes_kl_classifier"].value == pytest.approx(-math.log(share), abs=0.02)
    assert (rows["fd_classifier"].value or 0) > 50 * (rows["fd_classifier"].floor or 1)


def test_an_identity_pair_is_perfect() -> None:
    """E flattens, G folds back: reconstruction without N and round trip must be exact."""
    g = torch.Generator().manual_seed(0)
    codes = torch.rand(200, 16, generator=g)
    images = (codes * 255).to(torch.uint8).view(-1, 1, 4, 4)
    split = Split(images, (codes[:, 0] > 0.5).long())
    dataset = Dataset("noise", split, split, ("a", "b"), "none")
    head = nn.Linear(16, 16)
    nn.init.eye_(head.weight)
    nn.init.zeros_(head.bias)
    E, G = Encoder(nn.Flatten(), head), Plain(nn.Unflatten(1, (1, 4, 4)))
    chosen = Evaluation(samples=50, extractors=["inception"])
    rows, _ = run((E, G), dataset, chosen=chosen)
    assert rows["latent_rho"].value == pytest.approx(1.0)
    assert rows["reconstruction_mse_raw"].value == 0.0
    assert (rows["reconstruction_mse"].value or 0) > 0.01  # N(.) moves and scales the code
    assert rows["autoencoding_mse"].value == 0.0  # the objective takes the code as it is
    assert rows["autoencoding_mse"].note == "G(1 · E(x))"
    own = chosen.model_copy(update={"projection": "standardise", "temperature": 0.5})
    rows, _ = run((E, G), dataset, chosen=own)
    assert rows["reconstruction_mse_raw"].value == 0.0
    x = to_float(images).flatten(1).numpy()
    normalised = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
    expected = np.mean(np.square(x - 0.5 * normalised)) / 4
    assert rows["autoencoding_mse"].value == pytest.approx(float(expected), rel=1e-5)
    assert rows["autoencoding_mse"].note == "G(0.5 · N(E(x)))"


def test_what_was_done_to_the_images_stands_in_every_row(nets: Pair, dataset: Dataset) -> None:
    chosen = Evaluation(samples=50, extractors=["inception"])
    plain, _ = run(nets, dataset, chosen=chosen)
    treated, _ = run(nets, dataclasses.replace(dataset, treatment="crop centre"), chosen=chosen)
    for name, row in treated.items():
        before = plain[name].note
        expected = "; ".join(filter(None, (before, "images: crop centre")))
        assert row.note == (before if row.value is None else expected), name
    assert any(row.value is not None for row in treated.values())


def test_without_inception_weights_rows_say_how_to_get_them(
    nets: Pair,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    chosen = Evaluation(samples=100, extractors=["classifier", "inception"])
    rows, _ = run(nets, dataset, chosen=chosen)
    for metric in ("fid", "kid", "isc"):
        assert rows[metric].value is None
        assert FILE in (rows[metric].note or "")
        assert VARIABLE in (rows[metric].note or "")
    assert rows["fd_classifier"].value is not None


@pytest.mark.slow
def test_inception_runs_with_weights_of_its_shape(
    nets: Pair,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from torch_fidelity import feature_extractor_inceptionv3 as library

    # The library's class can only be made with weights: take the shapes, fill them at random.
    shapes: dict[str, Tensor] = {}
    with monkeypatch.context() as patch:
        patch.setattr(library, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(
            library.FeatureExtractorInceptionV3,
            "load_state_dict",
            lambda self, _: shapes.update(self.state_dict()),
        )
        library.FeatureExtractorInceptionV3("inception-v3-compat", ["2048"])
    g = torch.Generator().manual_seed(0)
    state = {
        name: torch.rand(t.shape, generator=g) * 0.1 + 0.5 * ("var" in name)
        if t.is_floating_point()
        else t
        for name, t in shapes.items()
    }
    torch.save(state, tmp_path / "random.pth")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "random.pth"))
    few = dataclasses.replace(
        dataset, train=Split(dataset.train.images[:24], dataset.train.known_labels[:24])
    )
    chosen = Evaluation(samples=12, extractors=["inception"])
    rows, facts = run(nets, few, chosen=chosen)
    for metric in ("fid", "kid", "isc"):
        assert rows[metric].value is not None, rows[metric].note
        assert "not the published weights" in (rows[metric].note or "")
        assert rows[metric].extractor == facts["inception"]


class TestIsolation:
    def test_a_numerical_failure_stops_no_other_metric(
        self,
        nets: Pair,
        dataset: Dataset,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def fails(*_: object) -> float:
            raise np.linalg.LinAlgError("did not converge")

        monkeypatch.setattr(comparison_module, "frechet_distance", fails)
        rows, _ = run(nets, dataset)
        assert rows["fd_classifier"].value is None
        assert rows["fd_classifier"].note == "did not converge"
        assert [name for name, row in rows.items() if row.value is None] == [
            "fd_classifier",
            "fd_debiased_classifier",
        ]

    def test_a_mistake_in_the_program_surfaces(
        self,
        nets: Pair,
        dataset: Dataset,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(evaluate_module, "latent_rows", None)
        with pytest.raises(TypeError):
            run(nets, dataset)

    def test_broken_nets_are_one_error(self, nets: Pair, dataset: Dataset) -> None:
        broken = copy.deepcopy(nets[1])
        with torch.no_grad():
            next(broken.parameters()).fill_(math.inf)
        with pytest.raises(NoValueError, match="the generator gives values that are not finite"):
            run((nets[0], broken), dataset)


def test_a_remark_on_the_nets_is_in_every_row_of_theirs(dataset: Dataset) -> None:
    bare = dataclasses.replace(
        dataset, train=Split(dataset.train.images), test=Split(dataset.test.images), classes=()
    )
    encoder = Encoder(nn.Flatten(), nn.Linear(bare.train.images[0].numel(), Z_DIM))
    pair = Autoencoder(Untrained(), encoder, Bootstrap(bare.train.images), Z_DIM)
    chosen = Evaluation(samples=50, probe_images=50, groups=["codes"])
    context = ModelContext(pair, UntrainedEncoder(encoder), bare, chosen, CPU)
    context.trained = dataclasses.replace(context.trained, remark="they disagree")
    rows, _ = evaluate(context)
    assert {"latent_rho", "reconstruction_mse", "code_fd"} <= {row.metric for row in rows}
    for row in rows:
        assert (row.note or "").endswith("they disagree") == (row.value is not None)
