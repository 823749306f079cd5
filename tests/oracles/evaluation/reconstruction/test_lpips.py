"""LPIPS with random weights by the true route: torchmetrics as oracle, refusals, preparation."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.reconstruction.lpips import BACKBONES, VARIABLE, Perceptual, perceptual

CPU = torch.device("cpu")
ALEXNET = {0: (64, 3, 11), 3: (192, 64, 5), 6: (384, 192, 3), 8: (256, 384, 3), 10: (256, 256, 3)}
"""Layers of its features: index to outputs, inputs and kernel."""


def write_alexnet(folder: Path) -> None:
    random = torch.Generator().manual_seed(0)
    state = {}
    for index, (outputs, inputs, kernel) in ALEXNET.items():
        shape = (outputs, inputs, kernel, kernel)
        scale = (2 / (inputs * kernel**2)) ** 0.5
        state[f"features.{index}.weight"] = scale * torch.randn(shape, generator=random)
        state[f"features.{index}.bias"] = torch.zeros(outputs)
    torch.save(state, folder / BACKBONES["alex"].file)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def alex(tmp_path_factory: pytest.TempPathFactory) -> Perceptual:
    folder = tmp_path_factory.mktemp("weights")
    write_alexnet(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(folder))
        return perceptual("alex", CPU)


def images(n: int, channels: int = 3, side: int = 64, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(n, channels, side, side, generator=random) - 1


def test_agrees_with_torchmetrics(alex: Perceptual) -> None:
    from torchmetrics.functional.image.lpips import _LPIPS

    oracle = _LPIPS(pretrained=True, net="alex", pnet_rand=True).eval()
    oracle.net.load_state_dict(alex.net.net.state_dict())
    x, y = images(3), images(3, seed=1)
    with torch.no_grad():
        expected = oracle(x, y).flatten()
    assert float(expected.std()) > 0
    assert torch.allclose(alex(x, y), expected, atol=1e-6)


def test_equal_images_have_none_and_noise_adds(alex: Perceptual) -> None:
    x, noise = images(4), images(4, seed=1)
    values = [float(alex(x, x + amount * noise).mean()) for amount in (0.0, 0.1, 0.3, 1.0)]
    assert values[0] == 0.0
    assert values == sorted(values)


def test_depends_on_no_other_pair(alex: Perceptual) -> None:
    x, y = images(40), images(40, seed=1)
    assert torch.allclose(alex(x, y), alex(x.flip(0), y.flip(0)).flip(0), atol=1e-6)
    assert torch.allclose(alex(x, y)[:3], alex(x[:3], y[:3]), atol=1e-6)


def test_grey_and_small_images_are_what_they_are_enlarged_to(alex: Perceptual) -> None:
    x, y = images(2, 1, 8), images(2, 1, 8, seed=1)
    large = [F.interpolate(t, (64, 64), mode="bilinear").repeat(1, 3, 1, 1) for t in (x, y)]
    assert torch.allclose(alex(x, y), alex(*large), atol=1e-6)


def test_its_name_says_that_the_weights_are_not_the_published_ones(alex: Perceptual) -> None:
    assert alex.name == f"lpips-alex:v0.1@{alex.weights_hash[:8]}"
    assert not alex.is_published


@pytest.mark.parametrize("backbone", list(BACKBONES))
def test_missing_weights_say_how_to_get_them(folder: Path, backbone: str) -> None:
    file = BACKBONES[backbone].file
    with pytest.raises(NoValueError, match=f"download {file} from https.*{VARIABLE}"):
        perceptual(backbone, CPU)
    assert BACKBONES[backbone].published in file


def test_the_hub_is_looked_into_where_no_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(NoValueError, match=str(tmp_path / "hub" / "checkpoints")):
        perceptual("alex", CPU)


def test_other_files_are_refused_and_pickles_are_not_executed(folder: Path) -> None:
    path = folder / BACKBONES["alex"].file
    marker = folder / "executed"

    class Attack:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (marker,)  # type: ignore[return-value]

    path.write_bytes(pickle.dumps(Attack()))
    with pytest.raises(NoValueError, match="not a plain file of weights"):
        perceptual("alex", CPU)
    assert not marker.exists()
    torch.save({"features.0.weight": torch.zeros(1)}, path)
    with pytest.raises(NoValueError, match="not the weights of this net"):
        perceptual("alex", CPU)
