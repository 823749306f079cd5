"""Extractors and their cache: accuracy, independence of batches, damage, locks, foreign files."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.data.sources.digits import digits
from ogan_bench.data.sources.fashion_mnist import DEBIAN, fashion_mnist
from ogan_bench.errors import UserError
from ogan_bench.features import cache as cache_module
from ogan_bench.features import classifier as classifier_module
from ogan_bench.features import extractor as features_module
from ogan_bench.features import inception as inception_module
from ogan_bench.features.classifier import Classifier, dataset_classifier
from ogan_bench.features.extractor import extract, reference_features
from ogan_bench.features.inception import FILE, PUBLISHED, VARIABLE, Inception, inception

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return digits()


@pytest.fixture(scope="module")
def classifier(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    folder: Path = tmp_path_factory.getbasetemp() / "ogan_bench_cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OGAN_BENCH_CACHE", str(folder))
        return dataset_classifier(dataset, CPU)


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and trainings that take no time."""
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(classifier_module, "MIN_IMAGES", 1)
    monkeypatch.setattr(classifier_module, "MIN_EPOCHS", 1)
    return tmp_path


class Bomb:
    """Unpickling it would create a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


def images_of(n: int, channels: int, height: int, width: int) -> Dataset:
    g = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (n, channels, height, width), generator=g, dtype=torch.uint8)
    split = Split(images, torch.arange(n) % 3)
    return Dataset("noise", split, split, ("a", "b", "c"), "none")


class TestClassifier:
    def test_is_accurate_on_digits(self, classifier: Classifier) -> None:
        assert classifier.test_accuracy >= 0.975

    def test_recorded_accuracy_is_that_of_its_logits(
        self, classifier: Classifier, dataset: Dataset
    ) -> None:
        found = extract(classifier, dataset.test.images).logits.argmax(1)
        assert float((found == dataset.test.known_labels).double().mean()) == pytest.approx(
            classifier.test_accuracy
        )

    @pytest.mark.slow
    @pytest.mark.skipif(not DEBIAN.is_dir(), reason="Fashion-MNIST is not installed")
    def test_is_accurate_on_fashion_mnist(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path))
        assert dataset_classifier(fashion_mnist(), CPU).test_accuracy >= 0.895

    @pytest.mark.parametrize(
        ("channels", "height", "width"),
        [(1, 8, 8), (3, 32, 32), (3, 28, 28), (1, 17, 23), (3, 256, 256)],
    )
    def test_takes_images_of_any_shape(
        self, empty_cache: Path, channels: int, height: int, width: int
    ) -> None:
        small = images_of(12, channels, height, width)
        features = extract(dataset_classifier(small, CPU), small.train.images)
        assert features.features.shape == (12, 64)
        assert features.logits.shape == (12, 3)
        assert features.extractor.startswith(f"classifier:noise-{height}px@")

    def test_features_do_not_depend_on_batches_or_order(
        self, classifier: Classifier, dataset: Dataset
    ) -> None:
        images = dataset.test.images
        whole = extract(replace(classifier, batch_size=1000), images)
        parts = extract(replace(classifier, batch_size=7), images.flip(0))
        assert torch.allclose(whole.features, parts.features.flip(0), atol=1e-4)
        assert torch.allclose(whole.logits, parts.logits.flip(0), atol=1e-4)

    def test_features_are_of_unit_size(self, classifier: Classifier, dataset: Dataset) -> None:
        features = extract(classifier, dataset.train.images).features
        assert float(features.square().mean()) == pytest.approx(1.0, abs=1e-3)

    def test_logits_are_linear_in_the_features(
        self, classifier: Classifier, dataset: Dataset
    ) -> None:
        found = extract(classifier, dataset.test.images)
        with torch.no_grad():
            assert torch.allclose(classifier.net[-1](found.features), found.logits, atol=1e-4)

    def test_training_is_reproducible_and_leaves_global_state_alone(
        self, empty_cache: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        state, threads = torch.get_rng_state(), torch.get_num_threads()
        first = dataset_classifier(dataset, CPU)
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.get_num_threads() == threads
        monkeypatch.setenv("OGAN_BENCH_CACHE", str(empty_cache / "other"))
        torch.rand(1)
        assert dataset_classifier(dataset, CPU).weights_hash == first.weights_hash


class TestCache:
    def count_trainings(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        trainings: list[int] = []
        train = classifier_module._train

        def counted(*args: object) -> None:
            trainings.append(1)
            train(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(classifier_module, "_train", counted)
        return trainings

    def test_second_use_trains_nothing(
        self, empty_cache: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trainings = self.count_trainings(monkeypatch)
        first, second = dataset_classifier(dataset, CPU), dataset_classifier(dataset, CPU)
        assert len(trainings) == 1
        assert (first.name, first.test_accuracy) == (second.name, second.test_accuracy)

    def test_other_data_and_other_constants_are_other_entries(
        self, empty_cache: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trainings = self.count_trainings(monkeypatch)
        dataset_classifier(dataset, CPU)
        dataset_classifier(images_of(200, 1, 16, 16), CPU)
        monkeypatch.setattr(classifier_module, "LEARNING_RATE", 1e-3)
        dataset_classifier(dataset, CPU)
        assert len(trainings) == 3

    @pytest.mark.parametrize("damage", ["cut", "garbage", "weights", "facts", "moved"])
    def test_a_damaged_file_is_trained_again(
        self, empty_cache: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, damage: str
    ) -> None:
        first = dataset_classifier(dataset, CPU)
        (path,) = (empty_cache / "classifiers").glob("*.pt")
        content = torch.load(path, weights_only=True)
        if damage == "cut":
            path.write_bytes(path.read_bytes()[:1000])
        elif damage == "garbage":
            path.write_bytes(b"garbage")
        elif damage == "weights":
            content["tensors"]["0.weight"][0] += 1
            torch.save(content, path)
        elif damage == "facts":
            content["facts"]["test_accuracy"] = 1.0
            torch.save(content, path)
        else:  # the whole file of another key under this name
            path.unlink()
            with monkeypatch.context() as patch:
                patch.setattr(classifier_module, "LEARNING_RATE", 1e-1)
                dataset_classifier(dataset, CPU)
            next((empty_cache / "classifiers").glob("*.pt")).rename(path)
        trainings = self.count_trainings(monkeypatch)
        assert dataset_classifier(dataset, CPU).weights_hash == first.weights_hash
        assert len(trainings) == 1
        assert dataset_classifier(dataset, CPU).weights_hash == first.weights_hash
        assert len(trainings) == 1

    def test_code_in_a_file_is_not_executed(self, empty_cache: Path, dataset: Dataset) -> None:
        first = dataset_classifier(dataset, CPU)
        (path,) = (empty_cache / "classifiers").glob("*.pt")
        bomb = Bomb(empty_cache / "boom")
        for write in (
            lambda: torch.save({"tensors": bomb}, path),
            lambda: path.write_bytes(pickle.dumps(bomb)),
        ):
            write()
            assert dataset_classifier(dataset, CPU).weights_hash == first.weights_hash
            assert not (empty_cache / "boom").exists()

    def test_two_processes_make_an_entry_once(self, tmp_path: Path) -> None:
        script = (
            "import sys, time, torch\n"
            "from ogan_bench.features.cache import Entry, cached_tensors\n"
            "def make():\n"
            "    open(sys.argv[1], 'a').write('made\\n')\n"
            "    time.sleep(2)\n"
            "    return Entry({'x': torch.ones(3)}, {})\n"
            "print(open(sys.argv[2], 'a').write('started\\n'))\n"
            "while open(sys.argv[2]).read().count('started') < 2: time.sleep(0.01)\n"
            "assert cached_tensors('kind', 'key', make).tensors['x'].sum() == 3\n"
        )
        command = [sys.executable, "-c", script, str(tmp_path / "made"), str(tmp_path / "go")]
        environment = {**os.environ, "OGAN_BENCH_CACHE": str(tmp_path / "cache")}
        root = Path(cache_module.__file__).parents[2]
        processes = [
            subprocess.Popen(command, env=environment, cwd=root, stdout=subprocess.DEVNULL)
            for _ in range(2)
        ]
        assert [process.wait(timeout=120) for process in processes] == [0, 0]
        assert (tmp_path / "made").read_text() == "made\n"

    def test_folder_follows_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OGAN_BENCH_CACHE", "/a")
        monkeypatch.setenv("XDG_CACHE_HOME", "/b")
        monkeypatch.setenv("HOME", "/c")
        assert cache_module.cache_dir() == Path("/a")
        monkeypatch.delenv("OGAN_BENCH_CACHE")
        assert cache_module.cache_dir() == Path("/b/ogan_bench")
        monkeypatch.delenv("XDG_CACHE_HOME")
        assert cache_module.cache_dir() == Path("/c/.cache/ogan_bench")

    def test_a_folder_that_cannot_be_written_is_named(
        self, empty_cache: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (empty_cache / "file").write_text("")
        monkeypatch.setenv("OGAN_BENCH_CACHE", str(empty_cache / "file"))
        with pytest.raises(UserError, match="OGAN_BENCH_CACHE"):
            dataset_classifier(dataset, CPU)

    def test_reference_features_are_computed_once(
        self,
        classifier: Classifier,
        dataset: Dataset,
        empty_cache: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        first = reference_features(classifier, dataset)
        direct = extract(classifier, dataset.train.images)
        assert torch.equal(first.features, direct.features)
        assert torch.equal(first.logits, direct.logits)
        monkeypatch.setattr(features_module, "extract", None)
        second = reference_features(classifier, dataset)
        assert torch.equal(first.features, second.features)
        assert second.extractor == classifier.name


class TestInception:
    def test_without_weights_the_message_says_how_to_get_them(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(VARIABLE, raising=False)
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        with pytest.raises(ValueError, match="no Inception-v3 weights") as caught:
            inception(CPU)
        message = str(caught.value)
        assert FILE in message
        assert VARIABLE in message
        assert str(tmp_path / "hub" / "checkpoints") in message
        assert f"SHA-256 begins with {PUBLISHED}" in message

    def test_a_variable_that_names_nothing_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(VARIABLE, str(tmp_path / "nothing.pth"))
        with pytest.raises(ValueError, match=r"nothing\.pth, where there is no file"):
            inception(CPU)

    @pytest.mark.parametrize("saved_by", ["torch", "pickle"])
    def test_code_in_the_file_is_not_executed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saved_by: str
    ) -> None:
        path = tmp_path / FILE
        if saved_by == "torch":
            torch.save(Bomb(tmp_path / "boom"), path)
        else:
            path.write_bytes(pickle.dumps(Bomb(tmp_path / "boom")))
        monkeypatch.setenv(VARIABLE, str(path))
        with pytest.raises(ValueError, match="not a plain file of weights"):
            inception(CPU)
        assert not (tmp_path / "boom").exists()

    @pytest.mark.parametrize("content", [{"x": torch.zeros(2)}, [1, 2], torch.zeros(2)])
    def test_other_weights_are_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: object
    ) -> None:
        torch.save(content, tmp_path / "other.pth")
        monkeypatch.setenv(VARIABLE, str(tmp_path / "other.pth"))
        with pytest.raises(ValueError, match="not the weights of this Inception-v3"):
            inception(CPU)

    def test_the_message_tells_a_damaged_file_from_the_published_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = b"the first part of a download"
        (tmp_path / FILE).write_bytes(content)
        monkeypatch.setenv(VARIABLE, str(tmp_path / FILE))
        begin = hashlib.sha256(content).hexdigest()[:8]
        with pytest.raises(ValueError, match=f"begins with {begin}, .* file with {PUBLISHED}$"):
            inception(CPU)
        monkeypatch.setattr(inception_module, "PUBLISHED", begin)
        with pytest.raises(ValueError, match=r"not a plain file of weights \([^;]*\)$"):
            inception(CPU)

    def test_images_of_two_channels_are_refused(self) -> None:
        with pytest.raises(ValueError, match="neither grey nor in colour"):
            Inception(None, PUBLISHED, CPU)(torch.zeros(1, 2, 8, 8, dtype=torch.uint8))
