"""Linear probes: separable and useless codes, baselines, and the cache of the baselines."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.separability.linear_probe import (
    Probe,
    linear_probe,
    pixel_probe,
    principal_components,
    separability_rows,
)
from ogan_bench.sampling.samples import Samples
from ogan_bench.sampling.untrained import Codes
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.separability.marked_records import mark

PROBES = [
    "probe_accuracy",
    "probe_accuracy_untrained",
    "probe_accuracy_pca",
    "probe_accuracy_pixels",
]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path))
    return tmp_path


def normal(n: int, d: int, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def samples_with(dataset: Dataset, trained: Codes, untrained: Codes) -> Samples:
    nothing = torch.zeros(0)
    indices = torch.arange(len(dataset.train))
    return Samples(
        z=nothing,
        labels=None,
        images=nothing,
        codes=nothing,
        train_indices=indices,
        trained=trained,
        untrained=untrained,
        reconstructions=nothing,
        raw_reconstructions=nothing,
        own_reconstructions=nothing,
        swapped_labels=None,
        swapped=None,
    )


def test_separable_codes_are_separated() -> None:
    labels = torch.arange(300) % 5
    codes = 3 * torch.nn.functional.one_hot(labels, 8).float() + 0.1 * normal(300, 8)
    assert linear_probe(codes[:200], labels[:200], codes[200:], labels[200:]).accuracy == 1.0


def test_useless_codes_are_at_chance() -> None:
    labels = torch.arange(4000) % 5
    codes = normal(4000, 8)
    probe = linear_probe(codes[:2000], labels[:2000], codes[2000:], labels[2000:])
    assert probe.accuracy == pytest.approx(0.2, abs=0.04)


def test_is_scikit_learns_probe_on_standardised_features(dataset: Dataset) -> None:
    x, y = dataset.train.images.flatten(1).numpy() / 255, dataset.train.known_labels.numpy()
    x_test, y_test = dataset.test.images.flatten(1).numpy() / 255, dataset.test.known_labels.numpy()
    scaler = StandardScaler().fit(x)
    exact = LogisticRegression(max_iter=5000, tol=1e-6).fit(scaler.transform(x), y)
    expected = exact.score(scaler.transform(x_test), y_test)
    found = pixel_probe(dataset, torch.arange(len(y)), None, seed=0)
    assert found.converged
    assert found.accuracy == pytest.approx(expected, abs=0.006)
    assert found.accuracy > 0.95


def test_units_do_not_matter(dataset: Dataset) -> None:
    x, x_test = (s.images.flatten(1).float() for s in (dataset.train, dataset.test))
    labels, test_labels = dataset.train.known_labels, dataset.test.known_labels
    in_levels = linear_probe(x, labels, x_test, test_labels)
    in_units = linear_probe(x / 255 - 3, labels, x_test / 255 - 3, test_labels)
    assert in_levels.accuracy == pytest.approx(in_units.accuracy, abs=0.003)


def test_principal_components_are_those_of_the_singular_values() -> None:
    x, x_test = normal(200, 12) * torch.arange(12, 0, -1), normal(20, 12, 1)
    centred = (x - x.mean(0)).double()
    directions = torch.linalg.svd(centred, full_matrices=False).Vh[:4]
    expected = ((x_test - x.mean(0)).double() @ directions.T).abs()
    found, found_test = principal_components(x, x_test, 4, seed=0)
    assert found.shape == (200, 4)
    assert torch.allclose(found_test.double().abs(), expected, atol=1e-4)


@pytest.mark.parametrize(("n", "k"), [(5, 12), (50, 3)])
def test_there_are_no_more_components_than_there_can_be(n: int, k: int) -> None:
    assert principal_components(normal(n, k), normal(4, k), 8, 0)[0].shape == (n, min(n, k))


def test_rows_tell_informative_from_useless_codes(dataset: Dataset) -> None:
    def codes(s: Tensor) -> Tensor:
        return s.flatten(1).float()

    n, m = len(dataset.train), len(dataset.test)
    trained = Codes(codes(dataset.train.images), codes(dataset.test.images))
    untrained = Codes(normal(n, 64), normal(m, 64, 1))
    samples = samples_with(dataset, trained, untrained)
    rows = {row.metric: row for row in separability_rows(samples, dataset, Evaluation())}
    assert list(rows) == PROBES
    floor = rows["probe_accuracy"].floor
    assert floor == float(dataset.test.known_labels.bincount().max()) / m
    assert (rows["probe_accuracy"].value or 0) > 0.9
    assert (rows["probe_accuracy_untrained"].value or 1) < floor + 0.08
    assert {row.n_samples for row in rows.values()} == {m}
    for row in rows.values():
        share = row.value or 0.0
        assert row.error == pytest.approx((share * (1 - share) / m) ** 0.5)


def test_one_class_has_a_note_and_stops_no_other(dataset: Dataset) -> None:
    one = dataclasses.replace(
        dataset,
        train=dataclasses.replace(
            dataset.train, labels=torch.zeros_like(dataset.train.known_labels)
        ),
    )
    codes = Codes(normal(len(one.train), 4), normal(len(one.test), 4))
    rows = separability_rows(samples_with(one, codes, codes), one, Evaluation())
    assert [row.value for row in rows] == [None] * 4
    assert all("class" in (row.note or "") for row in rows)


@pytest.mark.parametrize("code", [0.0, float("nan")])
def test_constant_codes_are_at_chance_and_broken_ones_have_a_note(
    dataset: Dataset, code: float
) -> None:
    codes = Codes(
        torch.full((len(dataset.train), 4), code), torch.full((len(dataset.test), 4), code)
    )
    row = separability_rows(samples_with(dataset, codes, codes), dataset, Evaluation())[0]
    if code == 0:
        assert (row.value or 1) <= (row.floor or 0)
    else:
        assert row.value is None
        assert "not finite" in (row.note or "")


def test_one_class_is_refused() -> None:
    labels = torch.zeros(9, dtype=torch.long)
    with pytest.raises(NoValueError, match="of one class"):
        linear_probe(normal(9, 4), labels, normal(9, 4), labels)


def test_a_fit_that_stops_early_is_a_note(dataset: Dataset) -> None:
    codes = Codes(dataset.train.images.flatten(1).float(), dataset.test.images.flatten(1).float())
    samples = samples_with(dataset, codes, codes)
    for row in separability_rows(samples, dataset, Evaluation(), iterations=2):
        assert row.value is not None
        assert "not converged after 2 iterations" in (row.note or "")


@pytest.mark.parametrize(
    ("labelled", "n", "reason"),
    [(False, 1437, "no labels"), (True, 0, "probe_images is 0"), (False, 0, "probe_images is 0")],
)
def test_without_labels_or_images_there_is_a_note_and_no_fit(
    dataset: Dataset, labelled: bool, n: int, reason: str
) -> None:
    chosen = dataset
    if not labelled:
        chosen = dataclasses.replace(
            dataset, train=Split(dataset.train.images), test=Split(dataset.test.images), classes=()
        )
    codes = Codes(normal(n, 4), normal(len(dataset.test), 4))
    samples = dataclasses.replace(
        samples_with(dataset, codes, codes), train_indices=torch.arange(n)
    )
    rows = separability_rows(samples, chosen, Evaluation(probe_images=n))
    assert [row.metric for row in rows] == PROBES
    assert {row.value for row in rows} == {None}
    assert all(reason in (row.note or "") for row in rows)


class TestCache:
    def probe(self, dataset: Dataset, n: int = 300) -> Probe:
        return pixel_probe(dataset, torch.arange(n), None, seed=0)

    def test_second_use_fits_nothing(self, dataset: Dataset, empty_cache: Path) -> None:
        first = self.probe(dataset)
        (path,) = (empty_cache / "probes").glob("*.json")
        mark(path, accuracy=0.123)
        kept = self.probe(dataset)
        assert kept == dataclasses.replace(first, accuracy=0.123)
        assert self.probe(dataset, 200) != kept  # other images are another entry

    @pytest.mark.parametrize("damage", ["", "{", "[]", '{"record": {"accuracy": 1}}', None])
    def test_a_damaged_entry_is_made_again(
        self, dataset: Dataset, empty_cache: Path, damage: str | None
    ) -> None:
        first = self.probe(dataset)
        (path,) = (empty_cache / "probes").glob("*.json")
        whole = path.read_text()
        changed = whole.replace('"converged": true', '"converged": false')
        assert changed != whole
        path.write_text(changed if damage is None else damage)
        assert self.probe(dataset) == first
        assert path.read_text() == whole


def test_one_image_has_no_principal_components() -> None:
    with pytest.raises(NoValueError, match="no principal components"):
        principal_components(torch.zeros(1, 4), torch.zeros(3, 4), 2, 0)
