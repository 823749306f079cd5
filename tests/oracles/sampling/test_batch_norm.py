"""Batch-norm statistics under which the nets are measured."""

from __future__ import annotations

import copy
import dataclasses
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_float
from ogan_bench.models.base import Encoder
from ogan_bench.sampling.autoencoder import Autoencoder, Kind
from ogan_bench.sampling.batch_norm import ESTIMATION_SAMPLES, Policy, disagreement
from ogan_bench.sampling.samples import freeze_for_evaluation, prior_samples
from tests.oracles.sampling.drawing import CPU, D, Pair, draw, settings
from tests.oracles.stand_ins import Plain, Untrained


def encoder(nets: Pair, dataset: Dataset, policy: Policy, of: Kind = "real") -> nn.Module:
    """E as it is evaluated, in a pair whose G is conditional on nothing."""
    pair = Autoencoder(Untrained(), *nets, D)
    frozen = freeze_for_evaluation(pair, dataset, settings(policy), CPU)
    return (frozen.encoder_of_generated if of == "generated" else None) or frozen.encoder


def statistics(net: nn.Module, layer: str = "trunk.1") -> tuple[Tensor, Tensor]:
    found = net.get_submodule(layer)
    assert isinstance(found, nn.BatchNorm1d | nn.BatchNorm2d)
    assert found.running_mean is not None
    assert found.running_var is not None
    return found.running_mean, found.running_var


def moments(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of each channel."""
    channels = values.transpose(0, 1).flatten(1)
    return channels.mean(1), channels.var(1)


def close(found: tuple[Tensor, Tensor], wanted: tuple[Tensor, Tensor], rtol: float = 1e-4) -> bool:
    return all(
        torch.allclose(a, b, rtol=rtol, atol=1e-4) for a, b in zip(found, wanted, strict=True)
    )


class TestStatistics:
    def test_policies_differ(self, nets: Pair, dataset: Dataset) -> None:
        codes = [
            draw(nets, dataset, settings(policy)).trained.test
            for policy in ("mixed", "real", "batch", "balanced")
        ]
        for i in range(4):
            for j in range(i):
                assert not torch.allclose(codes[i], codes[j], atol=1e-2)

    def test_each_kind_of_images_is_normalised_by_its_own_statistics(
        self, nets: Pair, dataset: Dataset
    ) -> None:
        """Before the first layer of batch norm nothing depends on the batches: a closed form."""
        conv = nets[0].get_submodule("trunk.0")
        pair = Autoencoder(Untrained(), *nets, D)
        chosen = settings("matched")
        G = freeze_for_evaluation(pair, dataset, chosen, CPU).generator
        z = prior_samples(pair, ESTIMATION_SAMPLES, 0, "evaluation/statistics/z")
        with torch.no_grad():
            real = moments(conv(to_float(dataset.train.images)))
            generated = moments(conv(G(z)))
        assert close(statistics(encoder(nets, dataset, "matched")), real)
        of_generated = statistics(encoder(nets, dataset, "matched", "generated"))
        # the mean of the variances of ten batches of 256 is nearly that of all 2,560
        assert close(of_generated, generated, rtol=2e-2)
        assert not close(of_generated, real, rtol=0.2)

        samples = draw(nets, dataset, chosen)
        E, other = encoder(nets, dataset, "matched"), encoder(nets, dataset, "matched", "generated")
        with torch.no_grad():
            torch.testing.assert_close(samples.trained.test, E(to_float(dataset.test.images)))
            torch.testing.assert_close(
                samples.codes, other(G(prior_samples(pair, len(samples.codes), 0)))
            )

    def test_balanced_is_half_of_each_kind(self, nets: Pair, dataset: Dataset) -> None:
        real, generated = (
            statistics(encoder(nets, dataset, "matched", of)) for of in ("real", "generated")
        )
        half = tuple((a + b) / 2 for a, b in zip(real, generated, strict=True))
        found = statistics(encoder(nets, dataset, "balanced"))
        assert all(map(torch.equal, found, half))

    @pytest.mark.parametrize("policy", ["matched", "balanced", "real"])
    def test_what_training_left_in_the_running_averages_changes_nothing(
        self, nets: Pair, dataset: Dataset, policy: Policy
    ) -> None:
        """The share of real images in them depends on the objective, not on the weights."""
        others = copy.deepcopy(nets)
        for net in others:
            for module in net.modules():
                if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                    module.reset_running_stats()
        first, second = (draw(pair, dataset, settings(policy)) for pair in (nets, others))
        assert torch.equal(first.images, second.images)
        assert torch.equal(first.codes, second.codes)
        assert torch.equal(first.reconstructions, second.reconstructions)

    def test_g_is_normalised_by_samples_of_the_final_weights(
        self, nets: Pair, dataset: Dataset
    ) -> None:
        pair = Autoencoder(Untrained(), *nets, D)
        chosen = settings("matched")
        frozen = freeze_for_evaluation(pair, dataset, chosen, CPU)
        z = prior_samples(pair, ESTIMATION_SAMPLES, 0, "evaluation/statistics/z")
        with torch.no_grad():
            wanted = moments(nets[1].get_submodule("net.0")(z))
        assert close(statistics(frozen.generator, "net.1"), wanted, rtol=2e-2)
        running = chosen.model_copy(update={"generator_statistics": "running"})
        kept = freeze_for_evaluation(pair, dataset, running, CPU).generator
        assert all(map(torch.equal, statistics(kept, "net.1"), statistics(nets[1], "net.1")))

    def test_a_conditional_g_is_given_classes(self, nets: Pair, dataset: Dataset) -> None:
        seen: list[Tensor] = []

        class Told(Plain):
            conditional = True

            def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
                assert labels is not None
                seen.append(labels)
                return super().forward(z) * labels.view(-1, 1, 1, 1)

        pair = Autoencoder(Untrained(), nets[0], Told(nets[1].net), D)
        freeze_for_evaluation(pair, dataset, settings("matched"), CPU)
        shares = torch.cat(seen).bincount() / len(torch.cat(seen))
        assert torch.allclose(shares, torch.full((3,), 1 / 3), atol=0.05)

    @pytest.mark.parametrize("policy", get_args(Policy))
    def test_nets_without_batch_norm_are_the_same_under_every_policy(
        self, dataset: Dataset, policy: Policy
    ) -> None:
        E = Encoder(nn.Flatten(), nn.Linear(16, D))
        G = Plain(nn.Sequential(nn.Linear(D, 16), nn.Unflatten(1, (1, 4, 4)), nn.Tanh()))
        found = draw((E, G), dataset, settings(policy))
        with torch.no_grad():
            assert torch.equal(found.trained.test, E(to_float(dataset.test.images))) or (
                policy == "batch"  # in other batches: equal up to the order of sums
            )
            torch.testing.assert_close(found.trained.test, E(to_float(dataset.test.images)))
        pair = Autoencoder(Untrained(), E, G, D)
        assert (
            freeze_for_evaluation(pair, dataset, settings(policy), CPU).encoder_of_generated is None
        )

    def test_real_is_the_average_over_training_images(self, nets: Pair, dataset: Dataset) -> None:
        with torch.no_grad():
            before = nets[0].get_submodule("trunk.0")(to_float(dataset.train.images))
        E = encoder(nets, dataset, "real")
        assert close(statistics(E), moments(before))
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


def normalising(mean: float, variance: float) -> nn.Sequential:
    layer = nn.BatchNorm1d(3, eps=0.0)
    layer.running_mean, layer.running_var = torch.full((3,), mean), torch.full((3,), variance)
    return nn.Sequential(nn.Linear(3, 3), layer).eval()


class TestDisagreement:
    def test_is_how_far_normalised_inputs_are_moved(self) -> None:
        running, of_batches = normalising(1.0, 4.0), normalising(2.0, 9.0)
        assert disagreement(running, of_batches) == pytest.approx(0.5**0.5)
        x = 2 + 3 * torch.randn(100_000, 3, generator=torch.Generator().manual_seed(0))
        moved = (running[1](x) - of_batches[1](x)).detach()
        assert float(moved.square().mean().sqrt()) == pytest.approx(0.5**0.5, rel=0.01)

    def test_of_equal_statistics_or_none_is_zero(self) -> None:
        assert disagreement(normalising(1.0, 4.0), normalising(1.0, 4.0)) == 0.0
        assert disagreement(nn.Linear(3, 3), nn.Linear(3, 3)) == 0.0

    def test_only_running_statistics_have_a_remark(self, nets: Pair, dataset: Dataset) -> None:
        def remark(E: nn.Module, G: nn.Module, policy: Policy) -> str | None:
            pair = Autoencoder(Untrained(), E, G, D)  # type: ignore[arg-type]
            return freeze_for_evaluation(pair, dataset, settings(policy), CPU).remark

        found = remark(*nets, "mixed")
        assert found is not None
        assert all(name in found for name in ("(G)", "(E, real images)", "(E, generated images)"))
        assert remark(*nets, "matched") is None
        G = freeze_for_evaluation(
            Autoencoder(Untrained(), *nets, D), dataset, settings("matched"), CPU
        ).generator
        agreeing = remark(nets[0], G, "mixed")
        assert agreeing is not None
        assert "(G)" not in agreeing
