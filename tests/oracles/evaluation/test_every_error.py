"""Every metric states a standard error, or there is a reason why it cannot."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import Modes, Split, to_float
from ogan_bench.evaluation.evaluate import GROUPS, evaluate
from ogan_bench.evaluation.mechanism.mechanism import mechanism_rows
from ogan_bench.evaluation.rows import Row
from ogan_bench.features.feature_space import FeatureSpace
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.metrics import METRICS
from ogan_bench.metrics.training_cost import TRAINING
from ogan_bench.objectives.base import Objective
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.load import load_study
from ogan_bench.study.settings import Evaluation
from ogan_bench.study.trial import Trial
from ogan_bench.training.setup import build_nets, build_objective
from tests.oracles.evaluation.resampled_data import Bootstrap, flat_encoder
from tests.oracles.stand_ins import Untrained

CPU = torch.device("cpu")

WITHOUT = {
    "best_temperature": "the best of five values; it moves by whole steps or not at all",
    "code_ks": "largest differences of distribution functions are not smooth in the samples",
    "dci_trees_completeness": "the importances are of forests fitted to the images themselves",
    "dci_trees_disentanglement": "the importances are of forests fitted to the images themselves",
    "encoder_sharpness": "the largest curvature of the loss of one batch",
    "fld_gap": "the density is fitted to the training images that it is evaluated on",
    "mig": "the range of the codes sets the bins, and the best two codes are chosen on them",
    "output_share": "samples of a batch share its statistics, and a rank is no mean over batches",
    "prd_precision": "other samples lead to other cells; with fixed ones it is 2.7 times too small",
    "prd_recall": "other samples lead to other cells; with fixed ones it is 2.7 times too small",
    "sap": "the best two codes are chosen on the images that they are scored on",
    "score_auc": "samples of a batch share its statistics, and pairs are compared across batches",
    "score_spread": "samples of a batch share its statistics, and the spread is across batches",
    "separability_z_classifier": "the most confident half of the samples is chosen by their ranks",
    **dict.fromkeys(TRAINING, "counted or timed in training; no sample is drawn"),
}
"""Metrics without an error, or what their names start with, and the reason."""

NOT_HERE = {
    "autoencoding_lpips": "needs weights; a mean over images as SSIM is",
    "autoencoding_ssim": "needs 11 pixels; a mean over images",
    "fwd": "needs larger images",
    "midpoint_ratio": "the ends of these paths are training images",
    "probe_accuracy_10000": "needs 10,000 labels; computed as with 1,000",
}
"""Metrics, or what their names start with, that the data of this test have no value of."""


class Columns:
    """The mean of each column and, as logits of two classes, of each half."""

    name, weights_hash = "columns@0", "0"
    device, batch_size = CPU, 100

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        floats = to_float(images) if images.dtype == torch.uint8 else images
        columns = floats.mean((1, 2))
        return columns, columns.unflatten(1, (2, -1)).mean(2)


@pytest.fixture(autouse=True)
def _every_space_is_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LPIPS", "CACHE"):
        monkeypatch.setenv(f"OGAN_BENCH_{name}", str(tmp_path))
    for name, space in FEATURE_SPACES.items():
        stand_in = FeatureSpace(space.title, lambda *_: Columns(), str, lambda _: "columns")
        monkeypatch.setitem(FEATURE_SPACES, name, stand_in)


def images() -> Dataset:
    """With classes, attributes and factors."""
    random = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        pixels = torch.randint(256, (n, 1, 8, 8), generator=random, dtype=torch.uint8)
        bits = (pixels[:, 0, 0, :2] > 127).long()
        return Split(pixels, torch.arange(n) % 2, bits.bool(), bits)

    return Dataset(
        "noise", split(1000), split(120), ("a", "b"), "none", ("one", "two"),
        (("one", 2), ("two", 2)),
    )  # fmt: skip


def points() -> Dataset:
    random = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        return Split(torch.randn(n, 2, 1, 1, generator=random), torch.zeros(n, dtype=torch.long))

    return Dataset(
        "cloud", split(40), split(12), ("a",), "none", modes=Modes(torch.zeros(1, 2), 1.0)
    )


def measured(dataset: Dataset, conditional: bool) -> list[Row]:
    E, G = flat_encoder(dataset, 8), Bootstrap(dataset.train, conditional)
    pair = Autoencoder(Untrained(), E, G, 8)
    settings = Evaluation(samples=400, probe_images=1000, extractors=list(FEATURE_SPACES))
    context = ModelContext(pair, UntrainedEncoder(copy.deepcopy(E)), dataset, settings, CPU)
    rows, _ = evaluate(context)
    return rows + [row for group in GROUPS.values() for row in group(context)]


def of_mechanism(dataset: Dataset) -> list[Row]:
    """A composed objective has gradients of two terms."""
    path = Path("studies/mse_vs_pearson.yaml")
    settings = load_study(path, overrides=["model.width=4"]).arms["pearson"]
    trial = Trial("t", "pearson", 0, settings)
    nets, objective = build_nets(trial, dataset), build_objective(trial)
    assert isinstance(objective, Objective)
    pair = Autoencoder(objective, nets.encoder, nets.generator, 32)
    before = UntrainedEncoder(copy.deepcopy(nets.encoder))
    return mechanism_rows(ModelContext(pair, before, dataset, Evaluation(samples=8), CPU))


def starts_with(name: str, stems: Iterable[str]) -> bool:
    return any(name == stem or name.startswith(f"{stem}_") for stem in stems)


def test_every_metric_has_an_error_or_a_reason_why_not(dataset: Dataset) -> None:
    rows = [
        *measured(images(), conditional=True),
        *measured(points(), conditional=False),
        *of_mechanism(dataset),
    ]
    valued = {row.metric for row in rows if row.value is not None}
    stated = {row.metric for row in rows if row.error is not None}
    reasoned = {name for name in METRICS if starts_with(name, WITHOUT)}
    elsewhere = {name for name in METRICS if starts_with(name, NOT_HERE)}
    lacking = METRICS.keys() - stated - reasoned - elsewhere
    assert not lacking, (
        f"{sorted(lacking)} have a value but no standard error, or no value here: compute the "
        "error, or say in WITHOUT why there is none"
        f" (without value: {sorted(lacking - valued)})"
    )
    assert not stated & reasoned
    for stem in (*WITHOUT, *NOT_HERE):
        assert any(starts_with(name, [stem]) for name in METRICS), stem
