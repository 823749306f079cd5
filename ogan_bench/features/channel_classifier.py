"""A classifier of grey images applied to every channel of an image."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ogan_bench.features.classifier import Classifier


@dataclass(frozen=True)
class ChannelClassifier:
    """A classifier of grey images, applied to every channel of an image.

    Classes are tuples of one class per channel, numbered with the last channel varying fastest.
    Given the image, the channels' classes are independent:

        log p(a, b, c | x) = log p(a | x_0) + log p(b | x_1) + log p(c | x_2).

    Args:
        classifier: The classifier of one channel.
        channels: Number c of channels.

    References:
        A. Srivastava et al., VEEGAN, 2017, https://arxiv.org/abs/1705.07761 (one classifier per
        channel)
    """

    classifier: Classifier
    channels: int

    @property
    def name(self) -> str:
        """``<name of the classifier> x<channels>``."""
        return f"{self.classifier.name} x{self.channels}"

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the classifier's weights."""
        return self.classifier.weights_hash

    @property
    def test_accuracy(self) -> float:
        """Test accuracy of the classifier on images of one channel."""
        return self.classifier.test_accuracy

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.classifier.device

    @property
    def batch_size(self) -> int:
        """Images per forward pass."""
        return self.classifier.batch_size

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 ``(n, c, h, w)`` to features ``(n, 64c)`` and log-probabilities ``(n, k^c)``."""
        n, c = images.shape[:2]
        features, logits = self.classifier(images.flatten(0, 1)[:, None])
        log_p = logits.log_softmax(1).view(n, c, -1)
        joint = log_p[:, 0]
        for channel in range(1, c):
            joint = (joint[:, :, None] + log_p[:, channel, None, :]).flatten(1)
        return features.reshape(n, -1), joint
