"""A small classifier trained on the dataset itself.

Its penultimate layer separates the classes of the dataset, which is what makes distances in it
sensitive to dropped and mixed modes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ogan_bench.data import Dataset, ImageShape
from ogan_bench.data.base import Split, to_float
from ogan_bench.errors import UserError
from ogan_bench.features.cache import (
    Entry,
    Fact,
    cached_record,
    cached_tensors,
    content_key,
    fingerprint,
)
from ogan_bench.seeding import generator

FEATURES = 64
WIDTHS = (32, 64)
SMALLEST = 4
"""Halvings stop when the feature map is at most this wide, but there are at least two."""
LEARNING_RATE = 2e-3
"""Adam's initial learning rate, with cosine decay to zero."""
BATCH_SIZE = 128
MIN_EPOCHS = 4
MIN_IMAGES = 60_000
"""Training continues until this many images were seen, so small datasets get more epochs."""
FEATURE_RMS = 1.0
"""Root mean square of the features over the training images."""
VERSION = 1
"""Increment when the code changes what is trained; the constants above are part of the key."""


@dataclass(frozen=True)
class Classifier:
    """The trained classifier as an extractor.

    Args:
        net: Maps images in [-1, 1] to logits; its last layer maps the features to logits.
        name: ``classifier:<dataset>-<resolution>px@<hash>``.
        weights_hash: SHA-256 of the weights.
        test_accuracy: Share of test images classified correctly.
        device: Where it computes.
    """

    net: nn.Sequential
    name: str
    weights_hash: str
    test_accuracy: float
    device: torch.device
    batch_size: int = 256

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 ``(n, c, h, w)`` to features ``(n, 64)`` and logits ``(n, classes)``.

        The features' root mean square over the training images is 1.
        """
        features = self.net[:-1](to_float(images))
        return features, self.net[-1](features)


def dataset_classifier(
    dataset: Dataset, device: torch.device, seed: int = 0, *, min_images: int = MIN_IMAGES
) -> Classifier:
    """A classifier of a dataset, trained once and kept in the cache.

    Training on a CPU repeats bit for bit on the same make of processor: one thread, its own random
    generators. Other processors and GPUs add numbers up in another order and end with other
    weights; the hash in the name tells them apart.

    Args:
        dataset: With labels.
        device: Where to train and to compute.
        seed: Of the initial weights and of the order of the images.
        min_images: Training takes whole epochs, at least 4, until this many images were seen.

    Raises:
        UserError: There are no test images, or the cache folder cannot be written.
    """
    if not len(dataset.test):
        raise UserError(
            f"{dataset.name}: the test split is empty; the classifier's accuracy needs test images"
        )

    def make() -> Entry:
        net = build(dataset.shape, len(dataset.classes)).to_empty(device=device)
        _train(net, dataset.train, device, min_images, seed)
        _scale_features(net, dataset.train, device)
        facts: dict[str, Fact] = {
            "torch": str(torch.__version__),
            "dataset": dataset.name,
        }
        return Entry({name: t.cpu() for name, t in net.state_dict().items()}, facts)

    entry = cached_tensors("classifiers", training_key(dataset, seed, min_images), make)
    return with_weights(dataset, entry.tensors, None, device)


def training_key(dataset: Dataset, seed: int, min_images: int) -> str:
    """Hash of all that the training of a classifier depends on, but for the machine.

    Test images are no part of it: images held out of training take their place while it runs.
    """
    return _training_key({"train": dataset.train.hash}, dataset, seed, min_images)


def former_training_key(dataset: Dataset, seed: int, min_images: int) -> str:
    """The key by which results have stored classifiers before, with the test images."""
    return _training_key({"data": dataset.hash}, dataset, seed, min_images)


def _training_key(data: dict[str, str], dataset: Dataset, seed: int, min_images: int) -> str:
    parts = {
        **data,
        "architecture": str(build(dataset.shape, len(dataset.classes))),
        "training": [LEARNING_RATE, BATCH_SIZE, MIN_EPOCHS, min_images, seed, FEATURE_RMS],
        "version": VERSION,
    }
    return content_key(parts)


def with_weights(
    dataset: Dataset, weights: dict[str, Tensor], test_accuracy: float | None, device: torch.device
) -> Classifier:
    """The classifier of a dataset with known weights.

    Args:
        dataset: Its shape and classes are those of the net.
        weights: The net's state.
        test_accuracy: Share of test images classified correctly; ``None``: from the cache, or
            computed.
        device: Where it computes.
    """
    net = build(dataset.shape, len(dataset.classes))
    net.load_state_dict(weights, assign=True)
    digest = fingerprint(weights)
    name = f"{label(dataset)}@{digest[:8]}"
    frozen = net.to(device).eval().requires_grad_(False)
    if test_accuracy is None:
        parts = {"weights": digest, "test": dataset.test.hash}
        record = cached_record(
            "classifiers",
            content_key(parts),
            lambda: {"test_accuracy": accuracy(frozen, dataset.test, device)},
        )
        test_accuracy = float(record["test_accuracy"])
    return Classifier(frozen, name, digest, test_accuracy, device)


def label(dataset: Dataset) -> str:
    """``classifier:<dataset>-<resolution>px``."""
    return f"classifier:{dataset.name}-{dataset.shape.height}px"


def accuracy(net: nn.Module, split: Split, device: torch.device) -> float:
    """Share of a split's images that a net classifies correctly."""
    with torch.inference_mode():
        batches = zip(split.images.split(500), split.known_labels.split(500), strict=True)
        right = sum(
            int((net(to_float(x.to(device))).argmax(1) == y.to(device)).sum()) for x, y in batches
        )
    return right / len(split)


def build(shape: ImageShape, classes: int) -> nn.Sequential:
    """The net without weights, on ``meta``, so that nothing is drawn from the global generator."""
    halvings = max(len(WIDTHS), math.ceil(math.log2(max(shape.height, shape.width) / SMALLEST)))
    layers: list[nn.Module] = []
    channels, height, width = shape
    with torch.device("meta"):
        for level in range(halvings):
            outputs = WIDTHS[min(level, len(WIDTHS) - 1)]
            kernel = 5 if level == 0 else 3
            conv = nn.Conv2d(channels, outputs, kernel, stride=2, padding=kernel // 2)
            layers += [conv, nn.ReLU()]
            channels, height, width = outputs, math.ceil(height / 2), math.ceil(width / 2)
        dense = nn.Linear(channels * height * width, FEATURES)
        layers += [nn.Flatten(), dense, nn.ReLU(), nn.Linear(FEATURES, classes)]
        return nn.Sequential(*layers)


def _train(
    net: nn.Sequential, train: Split, device: torch.device, min_images: int, seed: int
) -> None:
    batch_size = min(BATCH_SIZE, len(train))
    initial = generator(seed, "classifier/init")
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            weight = torch.empty(module.weight.shape)
            nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=initial)
            with torch.no_grad():
                module.weight.copy_(weight)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
    images, labels = train.images, train.known_labels
    optimizer = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE)
    epochs = max(MIN_EPOCHS, -(-min_images // len(train)))
    per_epoch = len(train) // batch_size
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * per_epoch)
    with _one_thread(device), torch.enable_grad():
        for epoch in range(epochs):
            order = torch.randperm(
                len(train), generator=generator(seed, "classifier/order", epoch)
            ).to(images.device)
            for batch in order[: per_epoch * batch_size].split(batch_size):
                x, y = images[batch].to(device), labels[batch.to(labels.device)].to(device)
                loss = F.cross_entropy(net(to_float(x)), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()


def _scale_features(net: nn.Sequential, train: Split, device: torch.device) -> None:
    """Scale the features to a root mean square of 1 over the training images; logits stay the same.

    The kernel distance's (x·y / k + 1)³ is meant for features of about unit size. A positive factor
    commutes with the ReLU between the last two layers.
    """
    with torch.no_grad():
        batches = [net[:-1](to_float(x.to(device))) for x in train.images.split(500)]
        scale = torch.cat(batches).square().mean().sqrt().clamp_min(1e-12) / FEATURE_RMS
        for parameter in net[-3].parameters():
            parameter.div_(scale)
        net[-1].get_parameter("weight").mul_(scale)


@contextmanager
def _one_thread(device: torch.device) -> Iterator[None]:
    """One CPU thread, so that the order of sums does not depend on the number of cores."""
    threads = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
