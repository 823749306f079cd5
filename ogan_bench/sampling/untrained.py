"""The encoder before training, the baseline of a trained one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.models.base import Encoder
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.batch_norm import real_batches, with_estimated_statistics
from ogan_bench.sampling.forward import BATCH_SIZE, encode_images
from ogan_bench.seeding import generator
from ogan_bench.study.settings import Evaluation


@dataclass(frozen=True)
class Codes:
    """Raw codes of labelled images.

    Args:
        train: Codes of the training images that probes are fitted on, shape ``(m, d)``.
        test: Codes of all test images, shape ``(t, d)``.
    """

    train: Tensor
    test: Tensor


class UntrainedEncoder:
    """E before training, and its codes.

    The codes do not depend on the training. If all evaluations of a trial are given the same
    object, they are computed once.

    Args:
        encoder: E at initialisation; not modified, and not to be modified while this is in use.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._kept: dict[tuple[int, ...], tuple[Tensor, Tensor]] = {}

    def frozen(self, dataset: Dataset, settings: Evaluation, device: torch.device) -> Encoder:
        """A copy in evaluation mode.

        The batch-norm statistics are always those of real images: those before the first step
        describe nothing.

        Args:
            dataset: Its training images give the statistics.
            settings: Seed of the choice of images.
            device: Where to compute.
        """
        real = real_batches(dataset.trained.images, device, settings.seed)
        return with_estimated_statistics(self.encoder, real, device)

    def codes(
        self,
        pair: Autoencoder,
        dataset: Dataset,
        settings: Evaluation,
        device: torch.device,
        batch_size: int = BATCH_SIZE,
    ) -> Codes:
        """Raw codes of the images that a pair is probed with, on the CPU.

        Args:
            pair: Extracts the code from E's output.
            dataset: Where the images come from.
            settings: Number of training images, and the seed of their choice.
            device: Where to compute.
            batch_size: Images per forward pass.

        Raises:
            NonFiniteError: E outputs values that are not finite.
        """
        train, test, seed = dataset.train.images, dataset.test.images, settings.seed
        frozen: list[Autoencoder] = []

        def encode(images: Tensor) -> Tensor:
            if not frozen:
                frozen.append(replace(pair, encoder=self.frozen(dataset, settings, device)))
            return encode_images(frozen[0], images, "real", device, seed, batch_size)

        chosen = probe_indices(dataset, settings).to(train.device)
        at = (id(train), seed)
        return Codes(
            self._once((*at, len(chosen)), train, lambda: encode(train[chosen])),
            self._once((*at, id(test)), test, lambda: encode(test)),
        )

    def _once(self, key: tuple[int, ...], images: Tensor, make: Callable[[], Tensor]) -> Tensor:
        if key not in self._kept:
            self._kept[key] = images, make()  # with the images, so that no other gets their id
        return self._kept[key][1]


def probe_indices(dataset: Dataset, settings: Evaluation) -> Tensor:
    """Indices of the training images for the probes: the first of a shuffle of those trained on."""
    order = torch.randperm(
        len(dataset.train), generator=generator(settings.seed, "evaluation/probe")
    )
    if dataset.trained_on is not None:
        order = order[torch.isin(order, dataset.trained_on)]
    return order[: settings.probe_images]
