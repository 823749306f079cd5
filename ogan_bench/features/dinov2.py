"""DINOv2 features, a space learnt without labels; the user provides its weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ogan_bench.features.feature_space import FeatureSpace
from ogan_bench.features.pretrained_weights import Release
from ogan_bench.features.vision_transformers import VisionTransformer, architecture

DINOV2 = Release(
    title="DINOv2",
    variable="OGAN_BENCH_DINOV2",
    repositories=("facebook/dinov2-large", "facebook/dinov2-base"),
    kinds=("dinov2",),
    advice="`hf download facebook/dinov2-large config.json model.safetensors` (or dinov2-base) "
    "puts them where they are found; or download the two files from "
    "https://huggingface.co/facebook/dinov2-large to a folder and set $OGAN_BENCH_DINOV2 to it",
)
SIZE = 224
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Per-channel statistics of ImageNet."""
OFFSET = 0.1
"""Added by the published code to the height of the target grid of position embeddings."""


def dinov2(device: torch.device) -> VisionTransformer:
    """DINOv2 from the folder that :data:`DINOV2` finds.

    Features are the class token after the final normalisation, for images resized to 224 pixels.
    With ViT-L/14 their Fréchet distance is the literature's FD-DINOv2; ViT-B/14 costs a third and
    gives different numbers.

    Raises:
        NoValueError: There are no weights, or they are damaged or belong to another net.

    References:
        M. Oquab et al., DINOv2: Learning Robust Visual Features without Supervision, 2023,
        https://arxiv.org/abs/2304.07193
        G. Stein et al., Exposing Flaws of Generative Model Evaluation Metrics and Their Unfair
        Treatment of Diffusion Models, 2023, https://arxiv.org/abs/2306.04675
    """
    DINOV2.folder()  # reports anything missing before the heavy imports
    from transformers import Dinov2Config, Dinov2Model

    net, digest = DINOV2.load(Dinov2Model, Dinov2Config.from_dict, device)
    patch = net.config.patch_size
    positions = net.embeddings.position_embeddings
    net.embeddings.position_embeddings = nn.Parameter(
        published_positions(positions, SIZE // patch), requires_grad=False
    )
    kind = architecture("dinov2", net.config.hidden_size, patch)
    return VisionTransformer(net, kind, SIZE, MEAN, DEVIATION, class_token, digest, device)


def class_token(net: Any, x: Tensor) -> Tensor:
    """The class token after the final normalisation, shape ``(n, k)``."""
    tokens: Tensor = net(x).last_hidden_state
    return tokens[:, 0]


def published_positions(positions: Tensor, grid: int) -> Tensor:
    """Position embeddings on a smaller or larger grid of patches, as in the published code.

    Row i of the new grid is sampled at (i + ½) n / (grid + 0.1) - ½ of the n old rows. The library
    transformers omits the 0.1, so its features differ from those behind published numbers.

    Args:
        positions: Embeddings of the class token and of n × n patches, shape ``(1, 1 + n², k)``.
        grid: New number of rows and columns.
    """
    token, patches = positions[:, :1], positions[:, 1:]
    n = round(patches.shape[1] ** 0.5)
    if n == grid:
        return positions
    square = patches.unflatten(1, (n, n)).movedim(3, 1)
    factor = (grid + OFFSET) / n
    new = F.interpolate(square, scale_factor=(factor, factor), mode="bicubic")
    return torch.cat((token, new.flatten(2).mT), dim=1)


SPACE = FeatureSpace(
    title=DINOV2.title,
    load=lambda dataset, device, classifiers: dinov2(device),
    weights=DINOV2.folder,
    label=lambda dataset: "dinov2",
    variable=DINOV2.variable,
)
