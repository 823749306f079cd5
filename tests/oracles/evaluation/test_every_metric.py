"""Every definition of a metric has one computation, and every computation a definition."""

from __future__ import annotations

import copy
from collections import Counter
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import Modes, Split
from ogan_bench.evaluation.evaluate import GROUPS, evaluate
from ogan_bench.evaluation.rows import Row
from ogan_bench.features.feature_space import FeatureSpace
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.metrics import METRICS
from ogan_bench.metrics.feature_spaces import SPACES
from ogan_bench.metrics.training_cost import TRAINING
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.resampled_data import Bootstrap, flat_encoder
from tests.oracles.stand_ins import Untrained

CPU = torch.device("cpu")


class Means:
    """The mean grey level of each column and, as logits of two classes, of each half."""

    name, weights_hash = "means@0", "0"
    device, batch_size = CPU, 100

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        columns = images.float().mean((1, 2))
        return columns, columns.unflatten(1, (2, -1)).mean(2)


@pytest.fixture(autouse=True)
def _every_space_is_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only of a space whose extractor is available is every metric computed by its own code."""
    for name in ("LPIPS", "CACHE"):
        monkeypatch.setenv(f"OGAN_BENCH_{name}", str(tmp_path))
    for name, space in FEATURE_SPACES.items():
        stand_in = FeatureSpace(space.title, lambda *_: Means(), str, lambda _: "means")
        monkeypatch.setitem(FEATURE_SPACES, name, stand_in)


def labelled_images() -> Dataset:
    random = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        images = torch.randint(256, (n, 1, 8, 8), generator=random, dtype=torch.uint8)
        return Split(images, torch.arange(n) % 2)

    return Dataset("noise", split(40), split(12), ("a", "b"), "none")


def points() -> Dataset:
    random = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        return Split(torch.randn(n, 2, 1, 1, generator=random), torch.zeros(n, dtype=torch.long))

    return Dataset(
        "cloud", split(40), split(12), ("a",), "none", modes=Modes(torch.zeros(1, 2), 1.0)
    )


def rows_by_group(dataset: Dataset) -> dict[str | None, list[Row]]:
    """All rows that can be written of a conditional generator; many of them without value."""
    E, G = flat_encoder(dataset, 8), Bootstrap(dataset.train, conditional=True)
    pair = Autoencoder(Untrained(), E, G, 8)
    settings = Evaluation(samples=40, probe_images=30, extractors=list(SPACES))
    rows: dict[str | None, list[Row]] = {}
    context = ModelContext(pair, UntrainedEncoder(copy.deepcopy(E)), dataset, settings, CPU)
    rows[None], _ = evaluate(context)
    return rows | {name: group(context) for name, group in GROUPS.items()}


def test_every_metric_is_defined_once_and_computed_once() -> None:
    written: set[str] = set()
    for dataset in (labelled_images(), points()):
        by_group = rows_by_group(dataset)
        times = Counter(row.metric for rows in by_group.values() for row in rows)
        twice = [name for name, count in times.items() if count > 1]
        assert not twice, f"{twice} are computed in more than one place of ogan_bench/evaluation/"
        for group, rows in by_group.items():
            other = {row.metric for row in rows if METRICS[row.metric].group != group}
            assert not other, f"the definitions of {sorted(other)} must have group={group!r}"
        written |= set(times)
    missing = METRICS.keys() - TRAINING.keys() - written
    assert not missing, (
        f"{sorted(missing)} are defined in ogan_bench/metrics/ but never computed: add each, with "
        "what computes it, to the mapping of its question in ogan_bench/evaluation/"
    )
