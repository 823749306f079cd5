"""Shared by tests of features: a trained classifier, an empty cache, and weights on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.features.classifier import Classifier, dataset_classifier
from ogan_bench.features.clip import CLIP, clip
from ogan_bench.features.dinov2 import DINOV2, dinov2
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.features.vision_transformers import VisionTransformer
from tests.oracles.features.transformers_on_disk import Family

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def classifier(dataset: Dataset) -> Classifier:
    return dataset_classifier(dataset, CPU)


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def _nothing_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for space in FEATURE_SPACES.values():
        if space.variable is not None:
            monkeypatch.delenv(space.variable, raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny nets as the library transformers writes them."""
    from transformers import (
        CLIPConfig,
        CLIPModel,
        CLIPVisionModelWithProjection,
        Dinov2Config,
        Dinov2Model,
    )

    root = tmp_path_factory.mktemp("nets")
    body: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    seen = {**body, "intermediate_size": 64, "image_size": 64, "patch_size": 16}
    read = {**body, "intermediate_size": 64, "vocab_size": 50, "bos_token_id": 0, "eos_token_id": 1}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        dino = Dinov2Model(Dinov2Config(**body, image_size=224, patch_size=14))
        both = CLIPModel(
            CLIPConfig(
                vision_config={**seen, "projection_dim": 24},
                text_config={**read, "projection_dim": 24},
                projection_dim=24,
            )
        )
        for net in (dino, both):  # weights as they are drawn hardly tell images apart
            for name, parameter in net.named_parameters():
                if "embeddings" in name or "projection" in name:
                    torch.nn.init.normal_(parameter, std=0.3)
        vision: Any = both.config.vision_config
        image = CLIPVisionModelWithProjection(vision)
    image.vision_model.load_state_dict(both.vision_model.state_dict())
    image.visual_projection.load_state_dict(both.visual_projection.state_dict())
    nets = {"dinov2": dino, "clip": both, "clip_vision": image}
    for key, made in nets.items():
        made.save_pretrained(root / key)
    return {key: root / key for key in nets}


@pytest.fixture(params=["dinov2", "clip"])
def family(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Family:
    folder = folders[request.param]
    if request.param == "dinov2":
        mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        return Family(DINOV2, dinov2, folder, "dinov2-vit32w14", mean, deviation, 224)
    mean = (0.48145466, 0.4578275, 0.40821073)
    deviation = (0.26862954, 0.26130258, 0.27577711)
    return Family(CLIP, clip, folder, "clip-vit32w16", mean, deviation, 64)


@pytest.fixture
def net(family: Family, monkeypatch: pytest.MonkeyPatch) -> VisionTransformer:
    monkeypatch.setenv(family.release.variable, str(family.folder))
    return family.make(CPU)
