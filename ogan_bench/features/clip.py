"""CLIP's image embeddings, the space of CMMD; the user provides its weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.features.feature_space import FeatureSpace
from ogan_bench.features.pretrained_weights import Release
from ogan_bench.features.vision_transformers import VisionTransformer, architecture

CLIP = Release(
    title="CLIP",
    variable="OGAN_BENCH_CLIP",
    repositories=("openai/clip-vit-large-patch14-336", "openai/clip-vit-base-patch32"),
    kinds=("clip", "clip_vision_model"),
    advice='`python -c "from transformers import CLIPVisionModelWithProjection as M; '
    "M.from_pretrained('openai/clip-vit-large-patch14-336').save_pretrained('clip')\"` writes "
    "config.json and model.safetensors to the folder clip (or the same with "
    "openai/clip-vit-base-patch32); set $OGAN_BENCH_CLIP to it",
)
MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""Per-channel standard deviation of the images that CLIP was trained on."""


def clip(device: torch.device) -> VisionTransformer:
    """CLIP from the folder that :data:`CLIP` finds.

    Features are the projected embeddings of the images, of Euclidean length 1, as in CMMD;
    images are resized to the net's training resolution. Published CMMD uses ViT-L/14 at 336 pixels;
    the extractor's name states the net and the size.

    Raises:
        NoValueError: There are no weights, or they are damaged or belong to another net.

    References:
        A. Radford et al., Learning Transferable Visual Models From Natural Language Supervision,
        2021, https://arxiv.org/abs/2103.00020
        S. Jayasumana et al., Rethinking FID: Towards a Better Evaluation Metric for Image
        Generation, 2024, https://arxiv.org/abs/2401.09603
    """
    CLIP.folder()  # reports anything missing before the heavy imports
    from transformers import CLIPConfig, CLIPVisionConfig, CLIPVisionModelWithProjection

    def configure(settings: dict[str, Any]) -> Any:
        if settings["model_type"] == "clip_vision_model":
            return CLIPVisionConfig.from_dict(settings)
        return CLIPConfig.from_dict(settings).vision_config

    parts = ("vision_model.", "visual_projection.")
    net, digest = CLIP.load(CLIPVisionModelWithProjection, configure, device, *parts)
    kind = architecture("clip", net.config.hidden_size, net.config.patch_size)
    size = net.config.image_size
    return VisionTransformer(net, kind, size, MEAN, DEVIATION, embedding, digest, device)


def embedding(net: Any, x: Tensor) -> Tensor:
    """The projected embedding, of length 1, shape ``(n, k)``."""
    return F.normalize(net(x).image_embeds, dim=1)


SPACE = FeatureSpace(
    title=CLIP.title,
    load=lambda dataset, device, classifiers: clip(device),
    weights=CLIP.folder,
    label=lambda dataset: "clip",
    variable=CLIP.variable,
)
