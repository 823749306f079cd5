"""The whole evaluation of points, conditional pairs, stacked and unlabelled images, plug-ins."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from ogan_bench import metrics as metrics_module
from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_float
from ogan_bench.data.sources.digits import digits
from ogan_bench.data.sources.mixtures import ring
from ogan_bench.data.sources.stacked_digits import stacked_digits
from ogan_bench.errors import UserError
from ogan_bench.evaluation.conditional.conditional import CONDITIONAL
from ogan_bench.evaluation.evaluate import Facts, evaluate
from ogan_bench.evaluation.plugin_metrics import Measured
from ogan_bench.evaluation.rows import Row
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.objectives.base import LossTerms, Objective, Pass
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.samples import draw_samples, under_test
from ogan_bench.study import catalogue
from ogan_bench.study.settings import Evaluation

CPU = torch.device("cpu")
POINTS = {"modes_points", "high_quality_share", "modes_kl_points"}


class Untrained(Objective):
    """An objective whose losses nobody asks for."""

    def encoder_loss(self, batch: Pass) -> LossTerms:
        raise NotImplementedError

    def generator_loss(self, batch: Pass) -> LossTerms:
        raise NotImplementedError


class Bootstrap(Generator):
    """Every z picks a training image, all equally often; of the label's class if conditional."""

    def __init__(self, split: Split, conditional: bool) -> None:
        super().__init__()
        self.images, self.labels = to_float(split.images), split.labels
        self.conditional = conditional

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        share = torch.special.ndtr(z[:, 0].double())
        if not self.conditional:
            return self.images[(share * len(self.images)).long().clamp(0, len(self.images) - 1)]
        assert labels is not None
        assert self.labels is not None
        of_class = [(self.labels == label).nonzero()[:, 0] for label in labels]
        picks = [
            of[min(int(s * len(of)), len(of) - 1)] for s, of in zip(share, of_class, strict=True)
        ]
        return self.images[torch.stack(picks)]


def flat_encoder(dataset: Dataset, d: int) -> Encoder:
    head = nn.Linear(dataset.train.images[0].numel(), d)
    nn.init.normal_(head.weight, std=0.1, generator=torch.Generator().manual_seed(0))
    nn.init.zeros_(head.bias)
    return Encoder(nn.Flatten(), head)


def run(
    generator: Generator, dataset: Dataset, settings: Evaluation, folder: Path | None = None
) -> tuple[dict[str, Row], Facts]:
    E = flat_encoder(dataset, 8)
    pair = Autoencoder(Untrained(), E, generator, 8)
    rows, facts = evaluate(pair, copy.deepcopy(E), dataset, settings, CPU, folder)
    assert len({row.metric for row in rows}) == len(rows)
    json.dumps([row.record() for row in rows], allow_nan=False)
    return {row.metric: row for row in rows}, facts


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


@pytest.fixture(autouse=True)
def shared_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder: Path = tmp_path_factory.getbasetemp() / "ogan_bench_cache"
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(folder))


@pytest.mark.parametrize("conditional", [False, True])
def test_points_have_modes_and_neither_features_nor_decibels(
    tmp_path: Path, conditional: bool
) -> None:
    dataset = ring()
    small = dataclasses.replace(
        dataset,
        train=Split(dataset.train.images[:4000], dataset.train.known_labels[:4000]),
        test=Split(dataset.test.images[:500], dataset.test.known_labels[:500]),
    )
    settings = Evaluation(samples=1000, extractors=["classifier", "inception"])
    rows, facts = run(Bootstrap(small.train, conditional), small, settings, tmp_path)
    assert rows["modes_points"].value == 8
    assert rows["high_quality_share"].value == pytest.approx(0.98889, abs=0.015)
    assert (rows["modes_kl_points"].value or 1) < 4 * (rows["modes_kl_points"].floor or 0)
    assert "units of the data" in (rows["reconstruction_mse"].note or "")
    assert rows["probe_accuracy_pixels"].value == pytest.approx(1.0, abs=0.01)
    without = {name for name, row in rows.items() if row.value is None}
    expected = {name for name in rows if "classifier" in name} | set(CONDITIONAL[:2] * conditional)
    assert without == expected | {"reconstruction_psnr", "fid", "kid", "isc"}
    assert all("not for points" in (rows[name].note or "") for name in expected)
    assert (set(CONDITIONAL) <= set(rows)) is conditional
    assert facts == {}
    for name in ("samples.png", "reconstructions.png"):
        assert size_of(tmp_path / name) == (520, 256)
    assert not (tmp_path / "swapped.png").exists()


def test_a_conditional_generator_that_obeys(tmp_path: Path) -> None:
    dataset = digits()
    rows, facts = run(
        Bootstrap(dataset.train, conditional=True), dataset, Evaluation(samples=1500), tmp_path
    )
    assert not POINTS & set(rows)
    # The training images themselves are recognised nearly all.
    for metric in ("conditional_accuracy", "swap_accuracy"):
        assert (rows[metric].value or 0) > 0.99
        assert rows[metric].extractor == facts["classifier"]
    assert f"{facts['classifier_test_accuracy']:.3f} of the test" in (
        rows["conditional_accuracy"].note or ""
    )
    within = rows["fd_classifier_within"]
    assert (within.value or 99) < 2 * (within.floor or 0)
    assert size_of(tmp_path / "swapped.png") == (9 * 16 * 4, 8 * 16 * 4)


def test_an_unconditional_generator_has_none_of_its_metrics() -> None:
    dataset = digits()
    rows, _ = run(Bootstrap(dataset.train, conditional=False), dataset, Evaluation(samples=200))
    assert not (set(CONDITIONAL) | POINTS) & set(rows)


def test_reconstruction_distance_is_of_own_reconstructions() -> None:
    """A generator that gives back what it is given, and one that always gives the same image."""

    class Unflat(Generator):
        def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
            return z.view(-1, 1, 16, 16)

    class Constant(Generator):
        def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
            return torch.zeros(len(z), 1, 16, 16)

    dataset = digits()
    E = flat_encoder(dataset, 256)
    nn.init.eye_(E.head.weight)
    values = []
    for G in (Unflat(), Constant()):
        pair = Autoencoder(Untrained(), E, G, 256)
        settings = Evaluation(samples=100, probe_images=0)
        rows = {row.metric: row for row in evaluate(pair, E, dataset, settings, CPU, None)[0]}
        assert rows["rfd_classifier"].n_samples == 360
        assert rows["probe_accuracy"].note == "probe_images is 0"
        values.append(rows["rfd_classifier"].value)
    assert values[0] == pytest.approx(0.0, abs=1e-6)
    assert (values[1] or 0) > 10


def test_stacked_digits_have_a_thousand_modes() -> None:
    dataset = stacked_digits()
    few = dataclasses.replace(
        dataset, test=Split(dataset.test.images[:300], dataset.test.known_labels[:300])
    )
    settings = Evaluation(samples=2000, probe_images=0)
    rows, facts = run(Bootstrap(dataset.train, conditional=False), few, settings)
    assert facts["classifier"].endswith(" x3")
    assert facts["classifier_test_accuracy"] > 0.975
    # 1000 (1 - e^-2) of a thousand classes are met by 2000 draws.
    assert rows["modes_classifier"].value == pytest.approx(865, abs=30)
    assert "of 1000; 2000 perfect samples" in (rows["modes_classifier"].note or "")
    floor = rows["modes_kl_classifier"].floor or 0
    assert rows["modes_kl_classifier"].value == pytest.approx(floor, rel=0.15)
    for metric in ("fd_classifier", "kd_classifier", "isc_classifier", "recall_classifier"):
        assert rows[metric].value is not None
        assert rows[metric].extractor == facts["classifier"]


def test_unlabelled_images_have_notes_where_labels_are_needed() -> None:
    labelled = digits()
    dataset = dataclasses.replace(
        labelled, train=Split(labelled.train.images), test=Split(labelled.test.images), classes=()
    )
    rows, facts = run(Bootstrap(dataset.train, conditional=False), dataset, Evaluation(samples=50))
    without = {name for name, row in rows.items() if row.value is None}
    assert without == {name for name in rows if name.startswith("probe") or "classifier" in name}
    assert all("no labels" in (rows[name].note or "") for name in without)
    assert rows["reconstruction_mse"].value is not None
    assert facts == {}


PLUGIN = '''
def round_trip(z, codes, *, better="lower"):
    """Mean squared difference between z and codes."""
    return (z - codes).square().mean()

def refuses(test_labels, *, better=None):
    """Says why not."""
    raise RuntimeError("not today")

def infinite(samples, *, better=None):
    """Is no number."""
    return float("inf")

def pulls(train_codes, *, better=None):
    """Needs gradients."""
    weight = train_codes.new_ones(train_codes.shape[1]).requires_grad_()
    (train_codes @ weight).sum().backward()
    return float(weight.grad.sum())

def swaps(swapped, *, better=None):
    """Needs a conditional generator."""
    return 0.0

METRICS = {
    "round_trip": round_trip, "refuses": refuses, "infinite": infinite, "pulls": pulls,
    "swaps": swaps,
}
'''


class TestPlugins:
    @pytest.fixture(autouse=True)
    def forgotten(self) -> Iterator[None]:
        known = dict(metrics_module.METRICS)
        yield
        catalogue.remove_plugins()
        metrics_module.METRICS.clear()
        metrics_module.METRICS.update(known)

    def add(self, path: Path, source: str) -> None:
        path.write_text(source)
        catalogue.add_plugin(path)
        for name in catalogue.plugin_metrics():
            metrics_module.add(name, None, "own", path.name)

    def test_values_and_refusals_become_rows(self, tmp_path: Path) -> None:
        self.add(tmp_path / "own.py", PLUGIN)
        dataset = digits()
        settings = Evaluation(samples=60, probe_images=40)
        G = Bootstrap(dataset.train, conditional=False)
        rows, _ = run(G, dataset, settings)
        E = flat_encoder(dataset, 8)
        samples = draw_samples(
            under_test(Autoencoder(Untrained(), E, G, 8), E, dataset, settings, CPU),
            dataset,
            settings,
            CPU,
        )
        expected = (samples.z - samples.codes).square().mean()
        assert rows["round_trip"].value == pytest.approx(float(expected))
        assert (rows["round_trip"].split, rows["round_trip"].n_samples) == ("test", 360)
        assert rows["pulls"].value == pytest.approx(float(samples.trained.train.sum()), rel=1e-4)
        for name, why in (
            ("refuses", "not today"),
            ("infinite", "not a finite number"),
            ("swaps", "not conditional"),
        ):
            assert rows[name].value is None
            assert why in (rows[name].note or "")

    def test_an_unknown_wish_is_refused_before_anything_is_computed(self, tmp_path: Path) -> None:
        source = (
            'def wish(test_image, *, better=None):\n    """W."""\n    return 0.0\n'
            'METRICS = {"wish": wish}\n'
        )
        self.add(tmp_path / "wish.py", source)
        with pytest.raises(UserError, match=r"'test_image'.*Did you mean 'test_images'"):
            run(Bootstrap(digits().train, False), digits(), Evaluation(samples=10))

    def test_every_name_is_what_it_says(self) -> None:
        dataset = digits()
        settings = Evaluation(samples=60, probe_images=40)
        E, before = flat_encoder(dataset, 8), flat_encoder(dataset, 8)
        nn.init.constant_(before.head.weight, 0.1)
        pair = Autoencoder(Untrained(), E, Bootstrap(dataset.train, conditional=True), 8)
        samples = draw_samples(
            under_test(pair, before, dataset, settings, CPU), dataset, settings, CPU
        )
        chosen, train, test = samples.train_indices, dataset.train, dataset.test
        expected = {
            "z": samples.z,
            "samples": samples.images,
            "sample_labels": samples.labels,
            "codes": samples.codes,
            "train_images": train.images[chosen],
            "train_labels": train.known_labels[chosen],
            "train_codes": E(to_float(train.images[chosen])),
            "untrained_train_codes": before(to_float(train.images[chosen])),
            "test_images": test.images,
            "test_labels": test.known_labels,
            "test_codes": E(to_float(test.images)),
            "untrained_test_codes": before(to_float(test.images)),
            "reconstructions": samples.reconstructions,
            "raw_reconstructions": samples.raw_reconstructions,
            "own_reconstructions": samples.own_reconstructions,
            "swapped": samples.swapped,
            "swapped_labels": samples.swapped_labels,
        }
        view = Measured(samples, dataset)
        assert {name for name in dir(Measured) if not name.startswith("_")} == set(expected)
        for name, tensor in expected.items():
            assert tensor is not None
            assert torch.allclose(getattr(view, name), tensor, atol=1e-5), name
