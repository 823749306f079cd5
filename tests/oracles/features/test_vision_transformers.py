"""Vision transformers from weights on disk, against the nets themselves."""

from __future__ import annotations

import hashlib
import pickle
import shutil
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.features.clip import CLIP, clip
from ogan_bench.features.dinov2 import DINOV2
from ogan_bench.features.extractor import extract
from ogan_bench.features.vision_transformers import VisionTransformer, architecture
from tests.oracles.features.bomb import Bomb
from tests.oracles.features.photographs import by_pillow, crops, photograph
from tests.oracles.features.transformers_on_disk import Family

pytestmark = pytest.mark.usefixtures("_nothing_of_the_user")

CPU = torch.device("cpu")


def directly(family: Family, pixels: Tensor) -> Tensor:
    """Features by the library itself, of preprocessed images ``(n, 3, size, size)``."""
    from transformers import CLIPModel, Dinov2Model

    with torch.inference_mode():
        if family.release is DINOV2:
            tokens: Tensor = Dinov2Model.from_pretrained(family.folder)(pixels).last_hidden_state
            return tokens[:, 0]
        net: Any = CLIPModel.from_pretrained(family.folder)
        projected: Tensor = net.visual_projection(net.vision_model(pixels).pooler_output)
        norms: Tensor = projected.norm(dim=1, keepdim=True)
        return projected / norms


class TestVisionTransformers:
    def test_features_are_those_of_the_library(
        self, family: Family, net: VisionTransformer
    ) -> None:
        images = torch.cat([photograph(name, family.size) for name in ("chelsea", "coffee")])
        pixels = torch.from_numpy(
            (images.numpy() / 255 - np.reshape(family.mean, (3, 1, 1)))
            / np.reshape(family.deviation, (3, 1, 1))
        ).float()
        expected = directly(family, pixels)
        assert float((expected[0] - expected[1]).norm()) > 0.01
        assert torch.allclose(extract(net, images).features, expected, atol=1e-5)

    def test_images_are_resized_by_an_antialiased_bicubic_filter(
        self, family: Family, net: VisionTransformer
    ) -> None:
        images, size = crops(4, 300), (family.size, family.size)
        by_hand = by_pillow(images, family.size, Image.Resampling.BICUBIC)
        aliased = F.interpolate(images, size, mode="bicubic")
        expected, found, other = (
            extract(net, batch).features for batch in (by_hand, images, aliased)
        )
        assert float((found - expected).norm()) < 0.1 * float((other - expected).norm())

    def test_name_tells_net_size_and_weights(self, family: Family, net: VisionTransformer) -> None:
        digest = hashlib.sha256((family.folder / "model.safetensors").read_bytes()).hexdigest()
        assert net.weights_hash == digest
        assert net.name == f"{family.name}:bicubic{family.size}@{digest[:8]}"

    def test_published_nets_have_their_usual_names(self) -> None:
        assert architecture("dinov2", 1024, 14) == "dinov2-vitl14"
        assert architecture("dinov2", 768, 14) == "dinov2-vitb14"
        assert architecture("clip", 768, 32) == "clip-vitb32"

    def test_there_are_no_logits(self, net: VisionTransformer) -> None:
        found = extract(net, crops(3, 32))
        assert found.logits.shape == (3, 0)
        assert found.features.dtype == torch.float32

    def test_features_do_not_depend_on_batches_or_order(self, net: VisionTransformer) -> None:
        images = crops(5, 48)
        whole = extract(replace(net, batch_size=5), images).features
        parts = extract(replace(net, batch_size=2), images.flip(0)).features
        assert torch.allclose(whole, parts.flip(0), atol=1e-5)

    def test_grey_images_are_repeated(self, net: VisionTransformer) -> None:
        grey = crops(3, 28)[:, :1]
        repeated = extract(net, grey.repeat(1, 3, 1, 1)).features
        assert torch.equal(extract(net, grey).features, repeated)

    def test_reading_touches_neither_network_nor_global_state(
        self,
        family: Family,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        from huggingface_hub import constants
        from transformers.utils import logging

        def connect(*_: object) -> None:
            raise AssertionError("the network is asked")

        monkeypatch.setenv(family.release.variable, str(family.folder))
        monkeypatch.setattr(socket.socket, "connect", connect)
        monkeypatch.setattr(socket, "getaddrinfo", connect)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        logging.set_verbosity(30)
        logging.enable_progress_bar()  # type: ignore[no-untyped-call]
        state, verbosity = torch.get_rng_state(), logging.get_verbosity()
        capfd.readouterr()
        family.make(CPU)
        assert capfd.readouterr() == ("", "")
        assert torch.equal(torch.get_rng_state(), state)
        assert not constants.HF_HUB_OFFLINE
        assert logging.get_verbosity() == verbosity
        assert logging.is_progress_bar_enabled()

    def test_a_pickle_beside_the_weights_is_not_read(
        self, family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = shutil.copytree(family.folder, tmp_path / "net")
        (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "boom")))
        monkeypatch.setenv(family.release.variable, str(folder))
        family.make(CPU)
        assert not (tmp_path / "boom").exists()

    def test_hugging_faces_cache_is_searched(
        self, family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hub = tmp_path / "elsewhere" / "hub"
        monkeypatch.delenv("HF_HUB_CACHE")
        monkeypatch.setenv("HF_HOME", str(hub.parent))
        first, second = family.release.repositories
        snapshots = [self.keep(hub, family.folder, name) for name in (second, first)]
        assert family.release.folder() == snapshots[1]
        (snapshots[1] / "model.safetensors").unlink()
        assert family.release.folder() == snapshots[0]
        monkeypatch.setenv(family.release.variable, str(family.folder))
        assert family.release.folder() == family.folder

    def keep(self, hub: Path, net: Path, repository: str) -> Path:
        """What ``hf download`` leaves."""
        kept = hub / f"models--{repository.replace('/', '--')}"
        snapshot = shutil.copytree(net, kept / "snapshots" / "0123abc")
        (kept / "refs").mkdir()
        (kept / "refs" / "main").write_text("0123abc")
        return snapshot

    def test_clip_without_its_text_tower_is_the_same(
        self, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        images, found = crops(3, 64), []
        for key in ("clip", "clip_vision"):
            monkeypatch.setenv(CLIP.variable, str(folders[key]))
            found.append(extract(clip(CPU), images).features)
        assert torch.equal(*found)

    def test_clip_embeddings_have_length_one(
        self, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(CLIP.variable, str(folders["clip"]))
        features = extract(clip(CPU), crops(4, 64)).features
        assert features.shape == (4, 24)
        assert torch.allclose(features.norm(dim=1), torch.ones(4))
