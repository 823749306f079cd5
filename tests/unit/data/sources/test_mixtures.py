"""Mixtures of Gaussians in the plane."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ogan_bench.data import DATASETS


class TestMixtures:
    @pytest.mark.parametrize(("name", "k", "std"), [("ring", 8, 0.01), ("grid", 25, 0.05)])
    def test_every_mode_has_its_centre_deviation_and_number(
        self, name: str, k: int, std: float
    ) -> None:
        dataset = DATASETS[name]()
        assert dataset.modes is not None
        assert (dataset.shape, dataset.is_points) == ((2, 1, 1), True)
        assert (len(dataset.train), len(dataset.test)) == (100_000, 10_000)
        assert (len(dataset.classes), dataset.modes.std) == (k, std)
        x, labels = dataset.train.images[:, :, 0, 0], dataset.train.known_labels
        assert labels.bincount().tolist() == [100_000 // k] * k
        noise = (x - dataset.modes.centres[labels]) / std
        n = 100_000 // k
        for label in range(k):
            of_mode = noise[labels == label]
            assert of_mode.mean(0).abs().max() < 5 / n**0.5
            assert (torch.cov(of_mode.T) - torch.eye(2)).abs().max() < 5 * (2 / n) ** 0.5

    def test_centres_are_those_of_the_literature(self) -> None:
        known = [DATASETS[name]().modes for name in ("ring", "grid")]
        ring, grid = (modes.centres for modes in known if modes is not None)
        angles = np.arange(8) * np.pi / 4
        assert np.allclose(ring, np.stack([np.cos(angles), np.sin(angles)], 1), atol=1e-6)
        expected = [[x, y] for x in range(-4, 5, 2) for y in range(-4, 5, 2)]
        assert grid.tolist() == expected

    def test_are_the_same_every_time_and_their_splits_differ(self) -> None:
        first, second = DATASETS["ring"](), DATASETS["ring"]()
        assert first.hash == second.hash
        n = len(first.test)
        assert not torch.equal(first.train.images[:n], first.test.images)
