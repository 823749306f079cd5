"""The whole evaluation of points, conditional pairs, stacked and unlabelled images."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from ogan_bench.data.base import Split
from ogan_bench.data.sources.digits import digits
from ogan_bench.data.sources.mixtures import ring
from ogan_bench.data.sources.stacked_digits import stacked_digits
from ogan_bench.evaluation.evaluate import evaluate
from ogan_bench.metrics.conditional import CONDITIONAL
from ogan_bench.metrics.coverage import POINTS
from ogan_bench.models.base import Generator
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.resampled_data import Bootstrap, flat_encoder, run
from tests.oracles.stand_ins import Untrained

CPU = torch.device("cpu")
ACCURACIES = ["conditional_accuracy", "swap_accuracy"]


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


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
    expected = {name for name in rows if "classifier" in name} | set(ACCURACIES * conditional)
    assert without == expected | {
        "reconstruction_psnr", "fid", "fid_debiased", "kid", "isc"
    }  # fmt: skip
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
    assert not set(POINTS) & set(rows)
    # The training images themselves are recognised nearly all.
    for metric in ACCURACIES:
        assert (rows[metric].value or 0) > 0.99
        assert rows[metric].extractor == facts["classifier"]
    assert f"{facts['classifier_test_accuracies'][0]:.3f} of the test" in (
        rows["conditional_accuracy"].note or ""
    )
    within = rows["fd_classifier_within"]
    assert within.value is not None
    assert "are too few for 64 features, take 192" in (within.note or "")
    assert size_of(tmp_path / "swapped.png") == (9 * 64 + 6 * 2 + 2 * 8, 8 * 64 + 7 * 2)


def test_an_unconditional_generator_has_none_of_its_metrics() -> None:
    dataset = digits()
    rows, _ = run(Bootstrap(dataset.train, conditional=False), dataset, Evaluation(samples=200))
    assert not {*CONDITIONAL, *POINTS} & set(rows)


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
        context = ModelContext(pair, UntrainedEncoder(E), dataset, settings, CPU)
        rows = {row.metric: row for row in evaluate(context)[0]}
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
    # Two samples of a class are few beside those misread as it.
    note = rows["modes_classifier"].note or ""
    assert note.startswith("of 1000; ")
    assert "2000 perfect samples are expected to have " in note
    expected = float(note.split()[-1])
    assert expected < 500
    assert rows["modes_classifier"].value == pytest.approx(expected, abs=60)
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
