"""How many images pass through G, E and the extractor: each is made once for all metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_float, to_uint8
from ogan_bench.evaluation.evaluate import GROUPS, evaluate
from ogan_bench.evaluation.interpolation import paths
from ogan_bench.evaluation.inversion import inversion
from ogan_bench.evaluation.mechanism import mechanism
from ogan_bench.evaluation.separability.stylegan_separability import (
    POINTS,
    latent_separability_rows,
    most_confident,
    separability,
)
from ogan_bench.features.feature_space import FeatureSpace
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.samples import prior_samples
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.load import load_study
from ogan_bench.study.settings import Evaluation
from ogan_bench.study.trial import Trial
from ogan_bench.training.setup import build_objective
from tests.oracles.evaluation.resampled_data import flat_encoder

CPU = torch.device("cpu")
TRAIN, PROBED, TEST, D = 60, 50, 30, 8
PAIRS, DETOURS = paths.PAIRS, paths.DETOUR_PAIRS
WALK = (paths.SEGMENTS + 1) * DETOURS
MECHANISM = mechanism.BATCHES * mechanism.BATCH_SIZE
CURVES, STARTS = 2, inversion.RESTARTS + 1


class Dense(Generator):
    """One layer, the last coordinate of z being the brightness."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.layer = nn.Linear(D, pixels)
        nn.init.normal_(self.layer.weight, generator=torch.Generator().manual_seed(1))
        nn.init.zeros_(self.layer.bias)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        images: Tensor = self.layer(z).tanh()
        return images.view(-1, 1, 8, 8)


class Halves:
    """The mean grey level of each column and, as logits of two classes, of each half."""

    name, weights_hash = "halves@0", "0"
    device, batch_size = CPU, 10_000

    def __init__(self, passed: Counter[str]) -> None:
        self._passed = passed

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        self._passed["extractor"] += len(images)
        columns = to_float(images).mean((1, 2))
        return columns, columns.unflatten(1, (2, -1)).mean(2)


@pytest.fixture
def passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Images that have passed through each net, of all copies of it."""
    count: Counter[str] = Counter()
    space = FeatureSpace("halves", lambda *_: Halves(count), str, lambda _: "halves")
    monkeypatch.setitem(FEATURE_SPACES, "classifier", space)
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path))

    def seen(net: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(net, Generator):
            count["G"] += len(output)
        elif isinstance(net, nn.Flatten):  # an encoder's trunk, whoever calls it
            count["E"] += len(output)

    hook = register_module_forward_hook(seen)
    yield count
    hook.remove()


@pytest.fixture(scope="module")
def labelled() -> Dataset:
    random = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        images = torch.randint(256, (n, 1, 8, 8), generator=random, dtype=torch.uint8)
        return Split(images, torch.arange(n) % 2)

    return Dataset("noise", split(TRAIN), split(TEST), ("a", "b"), "none")


def context_of(
    dataset: Dataset, samples: int, untrained: UntrainedEncoder | None = None
) -> ModelContext:
    study = load_study(Path("studies/mse_vs_pearson.yaml"))
    objective = build_objective(Trial("t", "pearson", 0, study.arms["pearson"]))
    E: Encoder = flat_encoder(dataset, D)
    pair = Autoencoder(objective, E, Dense(64), D)
    settings = Evaluation(samples=samples, probe_images=PROBED)
    before = untrained or UntrainedEncoder(flat_encoder(dataset, D))
    return ModelContext(pair, before, dataset, settings, CPU)


def during(passed: Counter[str], run: Callable[[], object]) -> dict[str, int]:
    passed.clear()
    run()
    return dict(passed)


def test_every_image_is_made_once(passed: Counter[str], labelled: Dataset) -> None:
    n = 500
    context = context_of(labelled, n)
    always = during(passed, lambda: evaluate(context))
    assert always == {
        "G": n + 2 * TEST,  # G(z), G(N(E(x))), which is the objective's own, and G(E(x))
        "E": n + 2 * (PROBED + TEST),  # before training too; batch norm would add its statistics
        "extractor": n + TRAIN + TEST + TEST,  # generated, train, test and reconstructions
    }
    own = {name: during(passed, lambda name=name: GROUPS[name](context)) for name in GROUPS}  # type: ignore[misc]
    temperatures = own["reconstruction"].pop("G") - 2 * TEST
    assert temperatures in (4 * TEST, 5 * TEST)  # of the best one the test images, unless known
    assert own == {
        "diversity": {},
        "reconstruction": {"extractor": 2 * TEST},  # of training and of generated images
        "codes": {"G": 4 * TEST, "E": 5 * TEST},  # the first of five rounds begins decoded
        "interpolation": {
            "G": CURVES * (2 * PAIRS + PAIRS + (paths.SEGMENTS - 1) * DETOURS)
            + WALK  # between shuffled codes
            + 3 * PAIRS,  # their ends and midpoints
            "extractor": 2 * 8
            + 2 * PAIRS
            + CURVES * (2 * PAIRS + PAIRS + WALK)
            + PAIRS  # of cross-fades
            + 3 * PAIRS  # of paths between shuffled codes
            + 2 * WALK,  # of cross-fades and of shuffled codes
        },
        "inversion": {"G": STARTS * (inversion.STEPS + 1) * TEST},
        "probes": {"G": 2 * POINTS, "E": 2 * (PROBED + TEST), "extractor": 2 * POINTS},
        "factors": {},
        "mechanism": {
            "G": 2 * MECHANISM + mechanism.BATCH_SIZE,
            "E": 2 * (2 * MECHANISM + mechanism.BATCH_SIZE),
        },
        "fisher": {},  # it needs more labels than there are
    }


def test_separability_is_measured_on_the_samples_if_there_are_enough(
    passed: Counter[str], labelled: Dataset
) -> None:
    context = context_of(labelled, 300)
    assert context.features("classifier", "generated")
    assert during(passed, lambda: latent_separability_rows(context, points=150)) == {}
    z = prior_samples(context.trained, 300, 0)
    with torch.no_grad():
        images = to_uint8(context.trained.generator(z, None))
    logits = context.extractor("classifier")(images)[1]
    fitted, _ = latent_separability_rows(context, points=150)
    halves = [half[most_confident(scores)] for half, scores in both(z, logits)]
    answers = [scores[most_confident(scores)].argmax(1) for _, scores in both(z, logits)]
    expected = separability(halves[0], answers[0], halves[1], answers[1])
    assert fitted.value == pytest.approx(float(expected[0]))


def both(z: Tensor, logits: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The first and the second half of each."""
    return list(zip(z.split(150), logits.split(150), strict=True))


def test_the_next_evaluation_of_a_trial_computes_what_the_training_changes(
    passed: Counter[str], labelled: Dataset
) -> None:
    before = UntrainedEncoder(flat_encoder(labelled, D))
    first, _ = evaluate(context_of(labelled, 100, before))
    again: list[object] = []
    counts = during(passed, lambda: again.extend(evaluate(context_of(labelled, 100, before))[0]))
    assert again == first
    assert counts == {
        "G": 100 + 2 * TEST,
        "E": 100 + PROBED + TEST,
        "extractor": 100 + TEST,  # generated images and reconstructions
    }


def test_other_groups_of_the_same_weights_are_measured_on_the_same_samples(
    passed: Counter[str], labelled: Dataset, tmp_path: Path
) -> None:
    context = context_of(labelled, 100)
    first, _ = evaluate(context)
    settings = context.settings.model_copy(update={"groups": ["diversity"]})
    other = context.measured_again(settings, tmp_path)
    rows: list[object] = []
    assert during(passed, lambda: rows.extend(evaluate(other)[0])) == {}
    assert rows[: len(first)] == first
    assert len(rows) > len(first)
    assert (tmp_path / "samples.png").exists()
    assert context.folder is None


def test_the_same_encoder_has_other_codes_of_other_images(labelled: Dataset) -> None:
    before = UntrainedEncoder(flat_encoder(labelled, D))
    one = context_of(labelled, 10, before).samples.untrained
    turned = Dataset("turned", labelled.test, labelled.train, ("a", "b"), "none")
    other = context_of(turned, 10, before).samples.untrained
    assert torch.equal(other.test, before.encoder(to_float(labelled.train.images)))
    assert torch.equal(one.test, before.encoder(to_float(labelled.test.images)))
    assert len(other.train) == TEST
