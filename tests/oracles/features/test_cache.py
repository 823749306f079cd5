"""The cache of features and classifiers: damage, locks and foreign files."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.errors import UserError
from ogan_bench.features import cache as cache_module
from ogan_bench.features import classifier as classifier_module
from ogan_bench.features import extractor as features_module
from ogan_bench.features.classifier import Classifier, dataset_classifier
from ogan_bench.features.extractor import extract, reference_features
from tests.oracles.features.bomb import Bomb
from tests.oracles.features.few_images import images_of

CPU = torch.device("cpu")


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
