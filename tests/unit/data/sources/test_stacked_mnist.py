"""Three digits of MNIST stacked as channels."""

from __future__ import annotations

from pathlib import Path

import torch

from ogan_bench.data import DATASETS
from tests.unit.data.sources.published_files import write_mnist


class TestStackedMNIST:
    def test_channels_are_the_digits_that_the_label_names(self, root: Path) -> None:
        write_mnist(root)
        dataset = DATASETS["stacked_mnist"](images=300)
        source = dataset.channels_of
        assert source is not None
        assert source.hash == DATASETS["mnist"]().hash
        assert (dataset.shape, len(dataset.classes)) == ((3, 32, 32), 1000)
        assert (len(dataset.train), len(dataset.test)) == (300, 10_000)
        for split, known in ((dataset.train, source.train), (dataset.test, source.test)):
            table = {
                image.numpy().tobytes(): int(label)
                for image, label in zip(known.images[:, 0], known.known_labels, strict=True)
            }
            for image, label in zip(split.images[:300], split.known_labels, strict=False):
                a, b, c = (table[channel.numpy().tobytes()] for channel in image)
                assert int(label) == 100 * a + 10 * b + c

    def test_is_fixed_and_its_splits_differ(self, root: Path) -> None:
        write_mnist(root)
        first, second = (DATASETS["stacked_mnist"](images=200) for _ in range(2))
        assert first.hash == second.hash
        assert not torch.equal(first.train.known_labels, first.test.known_labels[:200])
