"""Classifiers that come with this package, so that results of different machines can be compared.

Training ends with other weights on another make of processor; stored weights do not. There is one
file per dataset in ``weights/``, as safetensors: the weights of all classifiers in float16, named
``<seed>.<name in the net>``, and facts about their training in the header. They compute in float32.
:mod:`ogan_bench.features.ship_classifiers` makes the files.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.features.classifier import Classifier, with_weights

FOLDER = Path(__file__).parent / "weights"


def shipped_classifiers(dataset: Dataset, device: torch.device) -> list[Classifier]:
    """The shipped classifiers of exactly these images and labels, by training seed; often none.

    Args:
        dataset: With labels.
        device: Where they compute.
    """
    path = _files().get(dataset.hash)
    return [] if path is None else read_classifiers(path, dataset, device)


def read_classifiers(path: Path, dataset: Dataset, device: torch.device) -> list[Classifier]:
    """The classifiers in a file of :func:`write_classifiers`."""
    with safe_open(path, "pt") as file:
        facts = file.metadata()
        state: dict[str, Tensor] = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    seeds, accuracies = (json.loads(facts[key]) for key in ("seeds", "test_accuracies"))
    return [
        with_weights(dataset, _of_seed(state, seed), accuracy, device)
        for seed, accuracy in zip(seeds, accuracies, strict=True)
    ]


def write_classifiers(path: Path, dataset: Dataset, classifiers: dict[int, Classifier]) -> None:
    """Write classifiers and the facts about them.

    Args:
        path: The file.
        dataset: What they were trained on.
        classifiers: By training seed; their weights are representable in float16.
    """
    tensors = {
        f"{seed}.{name}": tensor.cpu().half().contiguous()
        for seed, classifier in classifiers.items()
        for name, tensor in classifier.net.state_dict().items()
    }
    facts = {
        "dataset": dataset.name,
        "dataset_hash": dataset.hash,
        "seeds": json.dumps([*classifiers]),
        "test_accuracies": json.dumps([c.test_accuracy for c in classifiers.values()]),
        "torch": str(torch.__version__),
    }
    save_file(tensors, path, facts)


@functools.cache
def _files() -> dict[str, Path]:
    """Hash of a dataset to the file of its classifiers."""
    found = {}
    for path in sorted(FOLDER.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            found[file.metadata()["dataset_hash"]] = path
    return found


def _of_seed(state: dict[str, Tensor], seed: int) -> dict[str, Tensor]:
    start = f"{seed}."
    return {n.removeprefix(start): tensor for n, tensor in state.items() if n.startswith(start)}
