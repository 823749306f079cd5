"""Classifiers that stay with results: stored once, used before the cache, refused when damaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ogan_bench.data import Dataset
from ogan_bench.errors import UserError
from ogan_bench.features import ensemble
from ogan_bench.features.cache import content_key
from ogan_bench.features.classifier import (
    Classifier,
    accuracy,
    dataset_classifier,
    former_training_key,
)
from ogan_bench.features.ensemble import SIZE, Ensemble, dataset_classifiers
from ogan_bench.features.extractor import extract
from ogan_bench.features.stored_classifiers import stored_classifiers
from tests.oracles.features.few_images import images_of

CPU = torch.device("cpu")


@pytest.fixture
def small() -> Dataset:
    return images_of(24, 1, 8, 8)


@pytest.fixture
def folder(empty_cache: Path) -> Path:
    return empty_cache / "results" / "classifiers"


def ensemble_in(folder: Path, dataset: Dataset) -> Ensemble[Classifier]:
    return dataset_classifiers(dataset, CPU, folder, min_images=1)


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_what_is_trained_is_stored_and_used_without_the_cache(
    small: Dataset, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = dataset_classifiers(small, CPU, min_images=1)
    first = ensemble_in(folder, small)
    assert first.name == trained.name
    content = only_file(folder).read_bytes()
    moved = folder.rename(tmp_path / "elsewhere")
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr(ensemble, "dataset_classifier", lambda *_, **__: pytest.fail("trained"))
    again = ensemble_in(moved, small)
    assert again.weights_hash == trained.weights_hash
    assert again.test_accuracies == trained.test_accuracies
    known, found = (extract(one, small.test.images) for one in (trained, again))
    assert torch.equal(known.features, found.features)
    assert torch.equal(known.logits, found.logits)
    assert only_file(moved).read_bytes() == content
    assert not (tmp_path / "empty").exists()


def test_those_of_the_results_come_before_those_of_the_cache(
    small: Dataset, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on another processor, whose training ends with other weights."""
    stored = ensemble_in(folder, small)
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path / "other"))
    monkeypatch.setattr(
        ensemble,
        "dataset_classifier",
        lambda dataset, device, seed, min_images: dataset_classifier(
            dataset, device, seed + SIZE, min_images=min_images
        ),
    )
    cached = dataset_classifiers(small, CPU, min_images=1)
    assert cached.weights_hash != stored.weights_hash
    assert ensemble_in(folder, small).weights_hash == stored.weights_hash


def test_of_two_that_train_at_once_both_use_what_was_stored_first(
    small: Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_first: list[str] = []

    def overtaken(dataset: Dataset, device: torch.device, seed: int, min_images: int) -> object:
        if stored_first:
            return dataset_classifier(dataset, device, seed, min_images=min_images)
        stored_first.append("")
        stored_first[0] = ensemble_in(folder, small).weights_hash
        return dataset_classifier(dataset, device, seed + SIZE, min_images=min_images)

    monkeypatch.setattr(ensemble, "dataset_classifier", overtaken)
    assert [ensemble_in(folder, small).weights_hash] == stored_first


def test_each_dataset_has_a_file_and_shipped_ones_have_none(
    small: Dataset, folder: Path, dataset: Dataset
) -> None:
    assert dataset_classifiers(dataset, CPU, folder).name.startswith("classifier:digits-16px")
    assert not folder.exists()
    ensemble_in(folder, small)
    ensemble_in(folder, images_of(20, 1, 8, 8))
    assert len(list(folder.iterdir())) == 2


def test_other_test_images_have_the_same_file_and_their_own_accuracies(
    small: Dataset, folder: Path
) -> None:
    first = ensemble_in(folder, small)
    unseen = images_of(30, 1, 8, 8).test
    other = ensemble_in(folder, replace(small, test=unseen))
    assert len(list(folder.iterdir())) == 1
    assert other.weights_hash == first.weights_hash
    assert other.test_accuracies == [accuracy(m.net, unseen, CPU) for m in first.members]
    assert other.test_accuracies != first.test_accuracies


def test_a_file_by_its_former_name_is_used(
    small: Dataset, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results are measured with the classifiers they were measured with, never with others."""
    keys = [former_training_key(small, seed, 1) for seed in range(SIZE)]
    former = folder / f"{content_key({'members': keys})}.safetensors"
    made = stored_classifiers(
        former, small, CPU, lambda: [dataset_classifier(small, CPU, 9, min_images=1)]
    )
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path / "empty"))
    found = ensemble_in(folder, small)
    assert [m.weights_hash for m in found.members] == [m.weights_hash for m in made]
    assert only_file(folder) == former


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def change_a_weight(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def change_a_fact(path: Path) -> None:
    with safe_open(path, "pt") as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        facts = file.metadata()
    save_file(weights, path, facts | {"test_accuracies": "[1, 1, 1, 1, 1]"})


def leave_no_header(path: Path) -> None:
    save_file({"0.0.bias": torch.zeros(1)}, path)


def make_it_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "damage", [cut, change_a_weight, change_a_fact, leave_no_header, make_it_a_folder]
)
def test_a_damaged_file_is_refused_with_the_way_out(
    small: Dataset, folder: Path, damage: Callable[[Path], None]
) -> None:
    ensemble_in(folder, small)
    path = only_file(folder)
    damage(path)
    with pytest.raises(UserError, match="put back an intact copy of the file, or") as error:
        ensemble_in(folder, small)
    assert str(error.value).startswith(f"{path}: ")


def test_the_file_of_another_dataset_is_refused(small: Dataset, folder: Path) -> None:
    ensemble_in(folder, small)
    own = only_file(folder)
    other = images_of(20, 1, 8, 8)
    ensemble_in(folder, other)
    (path,) = set(folder.iterdir()) - {own}
    path.write_bytes(own.read_bytes())
    with pytest.raises(UserError, match="SHA-256"):
        ensemble_in(folder, other)
