"""Batch-norm statistics under which the nets are measured."""

from __future__ import annotations

import copy
import dataclasses
from typing import get_args

import pytest
import torch
from torch import nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_float
from ogan_bench.sampling.batch_norm import Policy, with_statistics
from tests.oracles.sampling.drawing import CPU, D, Pair, draw, settings


class TestStatistics:
    def test_policies_differ(self, nets: Pair, dataset: Dataset) -> None:
        codes = [
            draw(nets, dataset, settings(policy)).trained.test
            for policy in ("mixed", "real", "batch")
        ]
        for i in range(3):
            assert not torch.allclose(codes[i], codes[i - 1], atol=1e-2)

    def test_real_is_the_average_over_training_images(self, nets: Pair, dataset: Dataset) -> None:
        E = with_statistics(nets[0], "real", dataset.train.images, CPU, 0)
        layer = E.get_submodule("trunk.1")
        assert isinstance(layer, nn.BatchNorm2d)
        with torch.no_grad():
            before = nets[0].get_submodule("trunk.0")(to_float(dataset.train.images))
        values = before.transpose(0, 1).flatten(1)
        assert layer.running_mean is not None
        assert layer.running_var is not None
        assert torch.allclose(layer.running_mean, values.mean(1), atol=1e-5)
        assert torch.allclose(layer.running_var, values.var(1), rtol=1e-4)
        assert not any(module.training for module in E.modules())

    def test_real_does_not_see_the_running_averages(self, nets: Pair, dataset: Dataset) -> None:
        other = copy.deepcopy(nets[0])
        layer = other.get_submodule("trunk.1")
        assert isinstance(layer, nn.BatchNorm2d)
        layer.reset_running_stats()
        first = draw(nets, dataset, settings("real"))
        second = draw((other, nets[1]), dataset, settings("real"))
        assert torch.equal(first.trained.test, second.trained.test)
        # The untrained encoder's statistics are always the real ones.
        mixed = draw(nets, dataset, settings("mixed"))
        assert torch.equal(mixed.untrained.test, first.trained.test)

    def test_batch_is_training_mode(self, nets: Pair, dataset: Dataset) -> None:
        few = dataclasses.replace(
            dataset, test=Split(dataset.test.images[:40], dataset.test.known_labels[:40])
        )
        found = draw(nets, few, settings("batch")).trained.test
        E = copy.deepcopy(nets[0]).eval()
        E.get_submodule("trunk.1").train()
        with torch.no_grad():
            assert torch.allclose(found, E(to_float(few.test.images)), atol=1e-5)

    @pytest.mark.parametrize("statistics", get_args(Policy))
    def test_without_probe_images_there_are_no_codes_of_them(
        self, nets: Pair, dataset: Dataset, statistics: Policy
    ) -> None:
        chosen = settings(statistics).model_copy(update={"probe_images": 0})
        samples = draw(nets, dataset, chosen)
        assert samples.trained.train.shape == samples.untrained.train.shape == (0, D)
        assert samples.trained.test.shape == (90, D)

    @pytest.mark.parametrize("n", [1, 63, 65, 90])
    def test_batch_encodes_every_image_whatever_their_number(
        self, nets: Pair, dataset: Dataset, n: int
    ) -> None:
        few = dataclasses.replace(
            dataset, test=Split(dataset.test.images[:n], dataset.test.known_labels[:n])
        )
        # Codes are nearly those of any other batch of the same images: no row is left unset.
        codes = draw(nets, few, settings("batch")).trained.test
        whole = draw(nets, few, settings("real")).trained.test
        assert codes.shape == (n, D)
        assert bool(codes.isfinite().all())
        assert float((codes - whole).abs().max()) < 3
