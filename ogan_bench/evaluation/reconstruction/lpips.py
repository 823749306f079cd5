"""LPIPS, an image distance fitted to human judgements; the user provides its weights."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.errors import NoValueError
from ogan_bench.features.pretrained_weights import ENVIRONMENT, require
from ogan_bench.features.resizing import colour
from ogan_bench.files import sha256

VARIABLE = "OGAN_BENCH_LPIPS"
SOURCE = "https://download.pytorch.org/models/"
SIDE = 64
"""Width in pixels to which smaller images are enlarged: that of the patches people judged."""
BATCH_SIZE = 32
VERSION = "0.1"
"""Version of the linear layers that ship with the library."""


@dataclass(frozen=True)
class Backbone:
    """An ImageNet classifier of torchvision.

    Args:
        file: Name of its weights file.
        published: First digits of that file's SHA-256.
    """

    file: str
    published: str


BACKBONES = {
    "alex": Backbone("alexnet-owt-7be5be79.pth", "7be5be79"),
    "vgg": Backbone("vgg16-397923af.pth", "397923af"),
}
"""Keys are the names that the library ``lpips`` uses."""


@dataclass(frozen=True)
class Perceptual:
    """LPIPS with one backbone.

    Args:
        net: The library's net.
        backbone: A key of :data:`BACKBONES`.
        weights_hash: SHA-256 of the backbone's weights file.
        device: Where it computes.
    """

    net: Any
    backbone: str
    weights_hash: str
    device: torch.device

    @property
    def name(self) -> str:
        """``lpips-<backbone>:v0.1@<hash of the file>``."""
        return f"lpips-{self.backbone}:v{VERSION}@{self.weights_hash[:8]}"

    @property
    def is_published(self) -> bool:
        """Whether the weights are those behind the numbers in the literature."""
        return self.weights_hash.startswith(BACKBONES[self.backbone].published)

    def __call__(self, x: Tensor, x_rec: Tensor) -> Tensor:
        """The distance of each pair of images, shape ``(n,)``, on the CPU.

        Args:
            x: Images in [-1, 1], shape ``(n, c, h, w)``; grey ones are repeated to three channels,
                those smaller than 64 pixels are enlarged bilinearly.
            x_rec: What they are compared with, same shape.

        References:
            R. Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual
            Metric, 2018, https://arxiv.org/abs/1801.03924
        """
        with torch.inference_mode():
            return torch.cat(
                [
                    self.net(self._prepared(a), self._prepared(b)).flatten().cpu()
                    for a, b in zip(x.split(BATCH_SIZE), x_rec.split(BATCH_SIZE), strict=True)
                ]
            )

    def _prepared(self, images: Tensor) -> Tensor:
        images = colour(images.to(self.device))
        if (side := min(images.shape[-2:])) < SIDE:
            images = F.interpolate(images, scale_factor=SIDE / side, mode="bilinear")
        return images


def backbone_path(backbone: str) -> Path:
    """The weights file of a backbone; nothing is ever downloaded.

    Raises:
        NoValueError: There is none; the message says how to get it.
    """
    file, named = BACKBONES[backbone].file, os.environ.get(VARIABLE)
    folder = Path(named) if named else Path(torch.hub.get_dir()) / "checkpoints"
    path = folder / file
    if not path.is_file():
        where = f"${VARIABLE} names {folder}, which has no such file" if named else f"not at {path}"
        raise NoValueError(
            f"no weights for LPIPS ({where}): download {file} from {SOURCE}{file} to "
            f"that place, or set ${VARIABLE} to the folder that contains it"
        )
    return path


def perceptual(backbone: str, device: torch.device) -> Perceptual:
    """LPIPS with the weights of :func:`backbone_path`.

    Args:
        backbone: A key of :data:`BACKBONES`.
        device: Where to compute.

    Raises:
        NoValueError: The library or the weights are missing, or the file holds other weights.
    """
    path = backbone_path(backbone)
    require("lpips", "LPIPS")
    import lpips

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except ENVIRONMENT:
        raise
    except Exception as error:  # the errors of the file parser are not documented
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NoValueError(f"{path}: not a plain file of weights ({reason})") from None
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        # The library uses a deprecated torchvision argument.
        warnings.simplefilter("ignore", UserWarning)
        net = lpips.LPIPS(net=backbone, version=VERSION, pnet_rand=True, verbose=False)
    try:
        # "slice2.3.weight" of the library is "features.3.weight" of torchvision.
        layers = {name: f"features.{name.partition('.')[2]}" for name in net.net.state_dict()}
        net.net.load_state_dict({name: state[layer] for name, layer in layers.items()})
    except ENVIRONMENT:
        raise
    except (KeyError, RuntimeError, TypeError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise NoValueError(f"{path}: not the weights of this net ({reason})") from None
    frozen = net.to(device).eval().requires_grad_(False)
    return Perceptual(frozen, backbone, sha256(path), device)
