"""The cache of features and classifiers: damage, locks and foreign files."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.held_out import hold_out
from ogan_bench.errors import UserError
from ogan_bench.features import cache as cache_module
from ogan_bench.features.cache import Entry, cached_tensors, fingerprint
from ogan_bench.features.classifier import Classifier, accuracy, dataset_classifier
from ogan_bench.features.extractor import dataset_features, extract
from tests.oracles.features.bomb import Bomb
from tests.oracles.features.few_images import images_of

CPU = torch.device("cpu")


def quick(dataset: Dataset, *, min_images: int = 1) -> Classifier:
    """The classifier after a short training."""
    return dataset_classifier(dataset, CPU, min_images=min_images)


class Unusable(Classifier):
    """A classifier that computes nothing."""

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        raise AssertionError("computed again")


class TestCache:
    def test_second_use_trains_nothing(self, empty_cache: Path, dataset: Dataset) -> None:
        first = quick(dataset)
        (path,) = (empty_cache / "classifiers").glob("*.pt")
        stored = torch.load(path, weights_only=True)
        path.unlink()
        changed = {**stored["tensors"], "0.bias": stored["tensors"]["0.bias"] + 1}
        cached_tensors("classifiers", path.stem, lambda: Entry(changed, stored["facts"]))
        assert quick(dataset).weights_hash == fingerprint(changed) != first.weights_hash

    def test_other_test_images_train_nothing_and_have_their_own_accuracy(
        self, empty_cache: Path, dataset: Dataset
    ) -> None:
        """Images held out take the place of the test images while a trial is trained."""
        kept, held_out = hold_out(dataset, 200, 0)
        of_test, of_held_out = quick(kept), quick(replace(kept, test=held_out))
        assert of_held_out.weights_hash == of_test.weights_hash
        assert len(list((empty_cache / "classifiers").glob("*.pt"))) == 1
        for found, split in ((of_test, dataset.test), (of_held_out, held_out)):
            assert found.test_accuracy == accuracy(found.net, split, CPU)
        assert of_held_out.test_accuracy != of_test.test_accuracy
        assert quick(kept).test_accuracy == of_test.test_accuracy

    def test_other_data_and_other_constants_are_other_entries(
        self, empty_cache: Path, dataset: Dataset
    ) -> None:
        quick(dataset)
        quick(images_of(200, 1, 16, 16))
        quick(dataset, min_images=2)
        quick(dataset)
        assert len(list((empty_cache / "classifiers").glob("*.pt"))) == 3

    @pytest.mark.parametrize("damage", ["cut", "garbage", "weights", "facts", "moved"])
    def test_a_damaged_file_is_trained_again(
        self, empty_cache: Path, dataset: Dataset, damage: str
    ) -> None:
        first = quick(dataset)
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
            content["facts"]["dataset"] = "another"
            torch.save(content, path)
        else:  # the whole file of another key under this name
            path.unlink()
            quick(dataset, min_images=10_000)  # epochs of 1437 images: 7 in place of 4
            next((empty_cache / "classifiers").glob("*.pt")).rename(path)
        damaged = path.read_bytes()
        assert quick(dataset).weights_hash == first.weights_hash
        assert path.read_bytes() != damaged
        written = path.stat().st_mtime_ns
        assert quick(dataset).weights_hash == first.weights_hash
        assert path.stat().st_mtime_ns == written

    def test_code_in_a_file_is_not_executed(self, empty_cache: Path, dataset: Dataset) -> None:
        first = quick(dataset)
        (path,) = (empty_cache / "classifiers").glob("*.pt")
        bomb = Bomb(empty_cache / "boom")
        for write in (
            lambda: torch.save({"tensors": bomb}, path),
            lambda: path.write_bytes(pickle.dumps(bomb)),
        ):
            write()
            assert quick(dataset).weights_hash == first.weights_hash
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
        monkeypatch.setenv("OGAN_BENCH_CACHE", "")
        assert cache_module.cache_dir() == Path("/b/ogan_bench")
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
            quick(dataset)

    def test_reference_features_are_computed_once(
        self, classifier: Classifier, dataset: Dataset, empty_cache: Path
    ) -> None:
        first = dataset_features(classifier, dataset, "train")
        direct = extract(classifier, dataset.train.images)
        assert torch.equal(first.features, direct.features)
        assert torch.equal(first.logits, direct.logits)
        second = dataset_features(Unusable(**vars(classifier)), dataset, "train")
        assert torch.equal(first.features, second.features)
        assert second.extractor == classifier.name
