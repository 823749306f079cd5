"""The file of a dataset's classifiers: safetensors, so that nothing in it is executed.

Weights are named ``<seed>.<name in the net>``; the header holds facts about their training.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.features.classifier import Classifier, with_weights


@dataclass(frozen=True)
class ClassifierFile:
    """What a file holds.

    Args:
        weights: By training seed and name in the net.
        facts: The header.
    """

    weights: dict[str, Tensor]
    facts: dict[str, str]

    @classmethod
    def of(
        cls, dataset: Dataset, classifiers: dict[int, Classifier], dtype: torch.dtype
    ) -> ClassifierFile:
        """The file of known classifiers.

        Args:
            dataset: What they were trained on.
            classifiers: By training seed.
            dtype: Of the weights in the file; it must represent them.
        """
        weights = {
            f"{seed}.{name}": tensor.cpu().to(dtype).contiguous()
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
        return cls(weights, facts)

    @classmethod
    def read(cls, path: Path) -> ClassifierFile:
        """The content of a file.

        Raises:
            OSError: It cannot be read.
            SafetensorError: It is damaged.
        """
        with safe_open(path, "pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return cls(weights, file.metadata() or {})

    def content(self) -> bytes:
        """The bytes of the file."""
        return save(self.weights, self.facts)

    def classifiers(self, dataset: Dataset, device: torch.device) -> list[Classifier]:
        """The classifiers, by training seed; they compute in float32.

        Args:
            dataset: What they were trained on. Test images other than those that the file was
                made with have accuracies of their own.
            device: Where they compute.
        """
        seeds, accuracies = (json.loads(self.facts[key]) for key in ("seeds", "test_accuracies"))
        if self.facts["dataset_hash"] != dataset.hash:
            accuracies = [None] * len(seeds)
        return [
            with_weights(dataset, self._of_seed(seed), accuracy, device)
            for seed, accuracy in zip(seeds, accuracies, strict=True)
        ]

    def _of_seed(self, seed: int) -> dict[str, Tensor]:
        start = f"{seed}."
        return {
            name.removeprefix(start): tensor.float()
            for name, tensor in self.weights.items()
            if name.startswith(start)
        }


def dataset_hash(path: Path) -> str:
    """Hash of the dataset that the classifiers in a file were trained on."""
    with safe_open(path, "pt") as file:
        known: str = file.metadata()["dataset_hash"]
    return known
