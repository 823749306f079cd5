"""The classifiers that come with the package: the same numbers on any processor."""

from __future__ import annotations

import dataclasses
import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors import safe_open

from ogan_bench.data import Dataset
from ogan_bench.data.sources.digits import digits
from ogan_bench.data.sources.fashion_mnist import DEBIAN, fashion_mnist
from ogan_bench.evaluation.fidelity.frechet import frechet_distance
from ogan_bench.features.classifier import accuracy
from ogan_bench.features.classifier_files import ClassifierFile
from ogan_bench.features.ensemble import SIZE
from ogan_bench.features.extractor import extract
from ogan_bench.features.ship_classifiers import rounded
from ogan_bench.features.shipped_classifiers import FOLDER, shipped_classifiers

CPU = torch.device("cpu")
KNOWN = Path(__file__).parent / "shipped_features.npz"
"""Features of the first 32 test images by each classifier, shape (5, 32, 64), by dataset. They were
computed once, when the classifiers were trained."""


def check(dataset: Dataset) -> None:
    known = torch.from_numpy(np.load(KNOWN)[dataset.name])
    found = shipped_classifiers(dataset, CPU)
    assert len(found) == SIZE
    for expected, classifier in zip(known, found, strict=True):
        features = extract(classifier, dataset.test.images[: len(expected)]).features
        scale = float(expected.abs().max())
        assert torch.allclose(features, expected, rtol=1e-5, atol=1e-5 * scale)
        assert accuracy(classifier.net, dataset.test, CPU) == pytest.approx(
            classifier.test_accuracy, abs=2 / len(dataset.test)
        )


def test_digits_have_the_features_that_were_stored(dataset: Dataset) -> None:
    check(dataset)
    assert min(c.test_accuracy for c in shipped_classifiers(dataset, CPU)) > 0.98


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="Fashion-MNIST is not installed")
def test_fashion_mnist_has_the_features_that_were_stored() -> None:
    dataset = fashion_mnist()
    check(dataset)
    assert min(c.test_accuracy for c in shipped_classifiers(dataset, CPU)) > 0.895


OTHER_PROCESSORS = {
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "no AVX": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
    "another make": {"MKL_CBWR": "COMPATIBLE", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
}
"""What torch, oneDNN and MKL would compute with elsewhere, as far as one processor can show it."""


@pytest.mark.parametrize("processor", OTHER_PROCESSORS)
def test_other_instructions_give_the_same_features_and_distances(
    processor: str, dataset: Dataset, tmp_path: Path
) -> None:
    code = (
        "import sys, numpy as np; "
        "from tests.oracles.features.test_shipped_classifiers import measured; "
        "np.savez(sys.argv[1], *measured())"
    )
    path = tmp_path / "elsewhere.npz"
    elsewhere = {**os.environ, **OTHER_PROCESSORS[processor]}
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, env=elsewhere)
    with np.load(path) as stored:
        features, distances = stored["arr_0"], stored["arr_1"]
    known = np.load(KNOWN)[dataset.name]
    np.testing.assert_allclose(features, known, rtol=1e-5, atol=1e-5 * np.abs(known).max())
    np.testing.assert_allclose(distances, measured()[1], rtol=1e-4)


@functools.cache
def measured() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """Of digits, in each classifier: the features that were stored, and the FD of test images."""
    dataset = digits()
    features, distances = [], []
    for classifier in shipped_classifiers(dataset, CPU):
        train, test = (
            extract(classifier, split.images).features for split in (dataset.train, dataset.test)
        )
        features.append(test[:32].numpy())
        distances.append(frechet_distance(test, train))
    return np.stack(features), np.array(distances)


def test_nothing_is_trained_for_digits(dataset: Dataset, empty_cache: Path) -> None:
    shipped_classifiers(dataset, CPU)
    assert not list(empty_cache.iterdir())


def test_other_content_has_none(dataset: Dataset) -> None:
    """Another size, another split, one other pixel."""
    images = dataset.test.images.clone()
    images[0, 0, 0, 0] += 1
    changed = dataclasses.replace(dataset, test=dataclasses.replace(dataset.test, images=images))
    for other in (digits(resolution=8), digits(split="every_fifth"), changed):
        assert shipped_classifiers(other, CPU) == []


def test_what_is_written_is_read(dataset: Dataset, tmp_path: Path) -> None:
    classifiers = dict(enumerate(shipped_classifiers(dataset, CPU)))
    path = tmp_path / "again.safetensors"
    path.write_bytes(ClassifierFile.of(dataset, classifiers, torch.float16).content())
    again = ClassifierFile.read(path).classifiers(dataset, CPU)
    assert [c.weights_hash for c in again] == [c.weights_hash for c in classifiers.values()]
    with safe_open(path, "pt") as file, safe_open(FOLDER / "digits-16.safetensors", "pt") as first:
        stated, known = file.metadata(), first.metadata()
    assert stated | {"torch": ""} == known | {"torch": ""}
    assert known["dataset_hash"] == dataset.hash


def test_rounding_to_float16_changes_no_weight_that_is_rounded(dataset: Dataset) -> None:
    shipped = shipped_classifiers(dataset, CPU)[0]
    assert rounded(shipped, dataset).weights_hash == shipped.weights_hash
    assert rounded(shipped, dataset).test_accuracy == shipped.test_accuracy
