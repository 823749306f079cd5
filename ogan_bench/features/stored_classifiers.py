"""Classifiers that stay with the results that were measured with them.

Training ends with other weights on another make of processor, and the cache is one machine's and
may be deleted. Values measured with other weights cannot be compared, so what was trained is also
stored beside the results, in one sealed file whose name is a hash of all that the training depends
on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError

from ogan_bench.data import Dataset
from ogan_bench.errors import UserError
from ogan_bench.features.cache import content_key, fingerprint
from ogan_bench.features.classifier import Classifier
from ogan_bench.features.classifier_files import ClassifierFile
from ogan_bench.files import write_bytes_once

SEAL = "sha256"
"""Key in the header of the SHA-256 over the file's name, its other facts and its weights."""


def stored_classifiers(
    path: Path, dataset: Dataset, device: torch.device, train: Callable[[], list[Classifier]]
) -> list[Classifier]:
    """The classifiers in a file, by training seed.

    If there is no such file, they are trained and stored. Of several processes that do so, the
    first stores its classifiers and all use these.

    Args:
        path: The file; its name says what was trained.
        dataset: What they were trained on.
        device: Where they compute.
        train: Trains them, in the order of their seeds.

    Raises:
        UserError: The file is damaged, or cannot be read or written.
    """
    if not path.exists():
        made = ClassifierFile.of(dataset, dict(enumerate(train())), torch.float32)
        sealed = replace(made, facts=made.facts | {SEAL: _seal(path, made)})
        write_bytes_once(path, sealed.content())
    return read_sealed(path).classifiers(dataset, device)


def read_sealed(path: Path) -> ClassifierFile:
    """The content of a file of stored classifiers.

    Raises:
        UserError: It is damaged, or cannot be read.
    """
    try:
        file = ClassifierFile.read(path)
    except (OSError, SafetensorError) as error:
        raise _damaged(path, str(error)) from None
    if file.facts.get(SEAL) != _seal(path, file):
        raise _damaged(path, "its SHA-256 is another one")
    return file


def _seal(path: Path, file: ClassifierFile) -> str:
    facts = {key: value for key, value in file.facts.items() if key != SEAL}
    parts = {"name": path.name, "facts": facts, "weights": fingerprint(file.weights)}
    return content_key(parts)


def _damaged(path: Path, reason: str) -> UserError:
    return UserError(
        f"{path}: the classifiers of these results cannot be used ({reason}); put back an intact "
        "copy of the file, or delete it and measure all trials again with ogan-bench evaluate"
    )
