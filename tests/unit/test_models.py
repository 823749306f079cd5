"""Every architecture: shapes, sizes, modulation, spectral norm and initial weights."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrize import is_parametrized

from ogan_bench.data.base import ImageShape
from ogan_bench.errors import UserError
from ogan_bench.models import spectral
from ogan_bench.models.base import Architecture, Encoder, Generator
from ogan_bench.models.base import mlp as perceptron
from ogan_bench.models.description import count_parameters, describe_model
from ogan_bench.models.initialisation import initialise
from ogan_bench.models.modulation import Modulation
from ogan_bench.models.resnet import DownBlock, UpBlock
from ogan_bench.seeding import generator as seeded
from ogan_bench.study.parts import build, component_of

CLASSES = 3
MODULATIONS = ("none", "self", "class", "additive")
CONDITIONAL = ("class", "additive")
SIDES = {"dcgan": (16, 32, 64, 128, 256), "resnet": (16, 32, 64, 128)}

SMALL: list[tuple[dict[str, Any], ImageShape]] = [
    *(
        ({"name": name, "z_dim": 6, "width": 4, "modulation": modulation}, ImageShape(1, 16, 16))
        for name in SIDES
        for modulation in MODULATIONS
    ),
    (
        {"name": "dcgan", "z_dim": 6, "width": 4, "spectral_norm": True},
        ImageShape(1, 16, 16),
    ),
    (
        {"name": "resnet", "z_dim": 6, "width": 4, "spectral_norm": False},
        ImageShape(3, 32, 32),
    ),
    ({"name": "mlp", "z_dim": 5, "width": 16}, ImageShape(2, 1, 1)),
    ({"name": "mlp", "z_dim": 5, "width": 16, "layers": 3}, ImageShape(1, 8, 8)),
]
"""One of each kind that costs little."""


def label(value: object) -> str:
    if isinstance(value, dict):
        return "-".join(str(value[key]) for key in value if key not in ("z_dim", "width"))
    return "x".join(map(str, value)) if isinstance(value, ImageShape) else str(value)


def architecture(model: dict[str, Any], shape: ImageShape, classes: int = CLASSES) -> Architecture:
    built: Architecture = build("models", component_of("models", model), shape, classes)
    return built


def nets(model: dict[str, Any], shape: ImageShape, seed: int = 0) -> tuple[Encoder, Generator]:
    """A pair with the initial weights of a training."""
    family = architecture(model, shape)
    pair = family.encoder(family.z_dim), family.generator()
    for name, net in zip(("encoder", "generator"), pair, strict=True):
        initialise(net, seeded(seed, name))
    return pair


def with_labels_at_work(net: nn.Module) -> None:
    """Embeddings are zero at the start; here they are as after some training."""
    random = torch.Generator().manual_seed(1)
    for module in net.modules():
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, generator=random)


def draw(n: int, d: int, seed: int = 5) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("modulation", MODULATIONS)
@pytest.mark.parametrize(("name", "side"), [(n, side) for n in SIDES for side in SIDES[n]])
def test_shapes_at_every_resolution(name: str, side: int, modulation: str) -> None:
    """On the meta device, on which every architecture can be built."""
    model = {"name": name, "z_dim": 6, "width": 4}
    model |= {"modulation": modulation, "spectral_norm": modulation == "none"}
    with torch.device("meta"):
        family = architecture(model, ImageShape(3, side, side))
        labels = torch.zeros(2, dtype=torch.long)
        images = family.generator()(torch.empty(2, 6), labels)
        assert images.shape == (2, 3, side, side)
        encoder = family.encoder(7)
        assert encoder(images).shape == (2, 7)
        assert encoder.trunk(images).shape == (2, encoder.features)
    assert (family.z_dim, family.classes) == (6, CLASSES)


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("shape", [ImageShape(2, 1, 1), ImageShape(3, 5, 7)], ids=label)
def test_shapes_of_the_mlp(shape: ImageShape, layers: int) -> None:
    model = {"name": "mlp", "z_dim": 9, "width": 4, "layers": layers}
    with torch.device("meta"):
        family = architecture(model, shape, 0)
        images = family.generator()(torch.empty(2, 9))
        assert images.shape == (2, *shape)
        assert family.encoder(11)(images).shape == (2, 11)


@pytest.mark.parametrize(
    ("name", "shape", "sides"),
    [
        ("dcgan", ImageShape(1, 28, 28), "16, 32, 64, 128 or 256"),
        ("dcgan", ImageShape(1, 16, 32), "16, 32, 64, 128 or 256"),
        ("resnet", ImageShape(1, 24, 24), "16, 32, 64 or 128"),
        ("resnet", ImageShape(1, 256, 256), "16, 32, 64 or 128"),
        ("resnet", ImageShape(1, 32, 16), "16, 32, 64 or 128"),
    ],
)
def test_other_resolutions_are_refused(name: str, shape: ImageShape, sides: str) -> None:
    with pytest.raises(UserError, match=sides):
        architecture({"name": name}, shape)


def test_sizes_of_the_resnets_are_the_published_ones() -> None:
    """At 32 pixels those that other implementations report; E has one output there."""
    with torch.device("meta"):
        family = architecture({"name": "resnet"}, ImageShape(3, 32, 32))
        assert count_parameters(family.generator()) == 4_276_739
        assert count_parameters(family.encoder(1)) == 1_053_825
        plain = architecture({"name": "resnet", "spectral_norm": False}, ImageShape(3, 32, 32))
        assert count_parameters(plain.encoder(1)) == 1_053_825


def test_largest_resnet_has_the_published_feature_maps() -> None:
    with torch.device("meta"):
        family = architecture({"name": "resnet"}, ImageShape(3, 128, 128))
        seen: list[tuple[int, ...]] = []
        encoder, generator = family.encoder(1), family.generator()
        for module in (*encoder.modules(), *generator.modules()):
            if isinstance(module, DownBlock | UpBlock):
                module.register_forward_hook(lambda *args: seen.append(tuple(args[2].shape[1:])))
        encoder(generator(torch.empty(1, 128)))
    up = [(1024, 8, 8), (512, 16, 16), (256, 32, 32), (128, 64, 64), (64, 128, 128)]
    down = [(64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8), (1024, 4, 4), (1024, 4, 4)]
    assert seen == [*up, *down]


@pytest.mark.parametrize(("model", "shape"), SMALL, ids=label)
def test_description_accounts_for_every_parameter(model: dict[str, Any], shape: ImageShape) -> None:
    chosen = component_of("models", model)
    described = describe_model(chosen, shape.channels, shape.height, CLASSES)
    encoder, generator = nets(model, shape)
    for net, name in ((encoder, "encoder"), (generator, "generator")):
        layers = described[name]["layers"]
        assert described[name]["parameters"] == count_parameters(net)
        # The shared embeddings of the additive form are layers like all others.
        assert sum(layer["parameters"] for layer in layers) == count_parameters(net)
        assert not [layer for layer in layers if layer["layer"].startswith(("Param", "_"))]
    assert described["generator"]["layers"][-1]["output"] == list(shape)
    assert described["encoder"]["layers"][-1]["output"] == [model["z_dim"]]


@pytest.mark.parametrize(("model", "shape"), SMALL, ids=label)
def test_every_parameter_gets_a_gradient(model: dict[str, Any], shape: ImageShape) -> None:
    """Of biases before batch norm it is zero, of all kernels and embeddings it is not."""
    encoder, generator = nets(model, shape)
    labels = torch.arange(8) % CLASSES
    encoder(generator(draw(8, model["z_dim"]), labels)).square().mean().backward()
    for net in (encoder, generator):
        for name, parameter in net.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.ndim == 1 or parameter.grad.any(), name


@pytest.mark.parametrize(("model", "shape"), SMALL, ids=label)
def test_images_depend_on_labels_where_the_generator_says_so(
    model: dict[str, Any], shape: ImageShape
) -> None:
    _, generator = nets(model, shape)
    with_labels_at_work(generator)
    generator.eval()
    z = draw(4, model["z_dim"])
    images = [generator(z, torch.full((4,), label)) for label in range(CLASSES)]
    assert generator.conditional == (model.get("modulation") in CONDITIONAL)
    for one, other in itertools.combinations(images, 2):
        same = [torch.equal(a, b) for a, b in zip(one, other, strict=True)]
        assert not any(same) if generator.conditional else all(same)
    if generator.conditional:
        with pytest.raises(ValueError, match="needs labels"):
            generator(z)
    else:
        assert torch.equal(generator(z), images[0])


@pytest.mark.parametrize("modulation", CONDITIONAL)
@pytest.mark.parametrize("name", SIDES)
def test_conditional_generators_need_classes(name: str, modulation: str) -> None:
    model = {"name": name, "modulation": modulation}
    with pytest.raises(UserError, match="needs a dataset with labels"):
        architecture(model, ImageShape(1, 16, 16), 0)


def reference_norm(
    h: Tensor, z: Tensor, labels: Tensor, w: Mapping[str, Tensor], prefix: str, modulation: str
) -> Tensor:
    """Batch norm and modulation, written out."""
    mean = h.mean(dim=(0, 2, 3))[None, :, None, None]
    variance = (h - mean).pow(2).mean(dim=(0, 2, 3))[None, :, None, None]
    h = (h - mean) / (variance + 1e-3).sqrt()
    if modulation == "class":
        gamma, beta = (1 + w[f"{prefix}.gamma.weight"][labels], w[f"{prefix}.beta.weight"][labels])
    else:
        c = z
        if modulation == "additive":
            c = z + w["labelled.shift.weight"][labels] + w["labelled.scale.weight"][labels] * z
        outputs = []
        for part in ("gamma", "beta"):
            first, second = f"{prefix}.{part}.0", f"{prefix}.{part}.2"
            hidden = (c @ w[f"{first}.weight"].T + w[f"{first}.bias"]).clamp(min=0)
            outputs.append(hidden @ w[f"{second}.weight"].T + w[f"{second}.bias"])
        gamma, beta = outputs[0] + 1, outputs[1]
    return h * gamma[:, :, None, None] + beta[:, :, None, None]


@pytest.mark.parametrize("modulation", ["self", "class", "additive"])
def test_modulated_dcgan_is_its_formula(modulation: str) -> None:
    """The whole generator at 16 pixels, against a forward pass written by hand."""
    model = {"name": "dcgan", "z_dim": 6, "width": 4, "generator_kernel": 4}
    _, generator = nets(model | {"modulation": modulation}, ImageShape(2, 16, 16))
    generator.double()
    random = torch.Generator().manual_seed(2)
    for parameter in generator.parameters():  # biases and embeddings too
        nn.init.normal_(parameter, std=0.3, generator=random)
    w = dict(generator.named_parameters())
    z, labels = draw(5, 6).double(), torch.tensor([0, 1, 2, 1, 0])

    h = (z @ w["layers.0.weight"].T + w["layers.0.bias"]).reshape(5, 8, 4, 4)
    h = reference_norm(h, z, labels, w, "layers.2", modulation).clamp(min=0)
    h = F.conv_transpose2d(h, w["layers.4.weight"], w["layers.4.bias"], stride=2, padding=1)
    h = reference_norm(h, z, labels, w, "layers.5", modulation).clamp(min=0)
    h = F.conv_transpose2d(h, w["layers.7.weight"], w["layers.7.bias"], stride=2, padding=1)
    torch.testing.assert_close(generator(z, labels), h.tanh())


@pytest.mark.parametrize("name", SIDES)
def test_conditional_generators_begin_as_unconditional_ones(name: str) -> None:
    """``additive`` begins as ``self`` and ``class`` as ``none``, from the same seed."""
    model, shape = {"name": name, "z_dim": 6, "width": 4}, ImageShape(1, 16, 16)
    z, labels = draw(5, 6), torch.tensor([0, 1, 2, 1, 0])
    for conditional, plain in (("additive", "self"), ("class", "none")):
        _, one = nets(model | {"modulation": conditional}, shape)
        _, other = nets(model | {"modulation": plain}, shape)
        torch.testing.assert_close(one(z, labels), other(z))


@pytest.mark.parametrize("halves", [False, True])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(("inputs", "outputs"), [(3, 5), (5, 5)])
def test_encoder_block_is_that_of_the_paper(
    inputs: int, outputs: int, halves: bool, first: bool
) -> None:
    """There the shortcut of all blocks but the first is convolved before it is made smaller."""
    block = DownBlock(inputs, outputs, halves=halves, first=first).double()
    w = list(block.parameters())
    x = draw(2, inputs * 64).reshape(2, inputs, 8, 8).double()
    h = F.conv2d(x if first else x.clamp(min=0), w[0], w[1], padding=1)
    h = F.conv2d(h.clamp(min=0), w[2], w[3], padding=1)
    shortcut = F.conv2d(x, w[4], w[5]) if len(w) > 4 else x
    if halves:
        h, shortcut = F.avg_pool2d(h, 2), F.avg_pool2d(shortcut, 2)
    assert (len(w) > 4) == (halves or inputs != outputs)
    assert len(w[0]) == (outputs if first else inputs)
    torch.testing.assert_close(block(x), h + shortcut)


def test_generator_block_is_that_of_the_paper() -> None:
    """There the shortcut is enlarged before it is convolved."""
    block = UpBlock(3, 5, Modulation("none", 6, 0, 2e-5, 0.1)).double()
    w = dict(block.named_parameters())
    x = draw(2, 48).reshape(2, 3, 4, 4).double()

    def norm(h: Tensor) -> Tensor:
        return F.batch_norm(h, None, None, training=True, eps=2e-5)

    def double(h: Tensor) -> Tensor:
        return torch.kron(h, torch.ones(1, 1, 2, 2, dtype=h.dtype))

    h = double(norm(x).clamp(min=0))
    h = F.conv2d(h, w["residual.3.weight"], w["residual.3.bias"], padding=1)
    h = norm(h).clamp(min=0)
    h = F.conv2d(h, w["residual.6.weight"], w["residual.6.bias"], padding=1)
    shortcut = F.conv2d(double(x), w["shortcut.0.weight"], w["shortcut.0.bias"])
    torch.testing.assert_close(block(x, x), h + shortcut)


def largest_singular_values(net: nn.Module) -> list[float]:
    """Of all kernels, as matrices with one row for every output."""
    return [
        float(torch.linalg.matrix_norm(module.weight.detach().flatten(1), ord=2))
        for module in net.modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]


@pytest.mark.parametrize("name", SIDES)
def test_spectral_norm_makes_every_kernel_of_the_encoder_of_norm_one(name: str) -> None:
    model, shape = {"name": name, "z_dim": 6, "width": 4}, ImageShape(3, 16, 16)
    images = draw(2, 3 * 16 * 16).reshape(2, 3, 16, 16)
    for spectral_norm in (True, False):
        encoder, generator = nets(model | {"spectral_norm": spectral_norm}, shape)
        with torch.no_grad():
            for _ in range(30):
                encoder(images)
        encoder.eval()
        near_one = [abs(value - 1) < 0.01 for value in largest_singular_values(encoder)]
        assert len(near_one) > 2
        assert all(near_one) if spectral_norm else not any(near_one)
        assert not any(is_parametrized(module) for module in generator.modules())


@pytest.mark.parametrize("training", [False, True])
def test_settling_finds_the_norm_of_changed_kernels(training: bool) -> None:
    """As after a moving average: other kernels, and vectors that are not of norm one."""
    encoder, _ = nets({"name": "resnet", "z_dim": 6, "width": 4}, ImageShape(1, 16, 16))
    encoder.train(training)
    with torch.no_grad():
        for tensor in (*encoder.parameters(), *encoder.buffers()):
            change = draw(1, tensor.numel()).view_as(tensor)
            tensor.mul_(0.7).add_(0.05 * tensor.std(correction=0) * change)
    before = largest_singular_values(copy.deepcopy(encoder).eval())
    assert all(abs(value - 1) > 0.1 for value in before)
    modes = [module.training for module in encoder.modules()]
    spectral.settle(encoder)
    assert [module.training for module in encoder.modules()] == modes
    assert all(abs(value - 1) < 0.05 for value in largest_singular_values(encoder.eval()))


@pytest.mark.parametrize(("model", "shape"), SMALL, ids=label)
def test_nothing_depends_on_the_global_generator(model: dict[str, Any], shape: ImageShape) -> None:
    """Two builds after different global seeds have equal states and equal outputs."""
    built = []
    with torch.random.fork_rng(devices=[]):
        for seed in (1, 2):
            torch.manual_seed(seed)
            encoder, generator = nets(model, shape)
            before = torch.get_rng_state()
            initialise(copy.deepcopy(encoder), torch.Generator())
            initialise(copy.deepcopy(generator), torch.Generator())
            images = generator(draw(4, model["z_dim"]), torch.arange(4) % CLASSES)
            outputs = (images, encoder(images))
            assert torch.equal(torch.get_rng_state(), before)
            built.append((encoder.state_dict(), generator.state_dict(), outputs))
    (e1, g1, outputs1), (e2, g2, outputs2) = built
    for one, other in ((e1, e2), (g1, g2)):
        assert one.keys() == other.keys()
        assert [name for name in one if not torch.equal(one[name], other[name])] == []
    assert all(torch.equal(a, b) for a, b in zip(outputs1, outputs2, strict=True))


def test_another_seed_gives_other_weights() -> None:
    for model, shape in SMALL:
        pairs = zip(nets(model, shape, 0), nets(model, shape, 1), strict=True)
        for one, other in pairs:
            for name, parameter in one.named_parameters():
                drawn = parameter.ndim > 1 and bool(parameter.any())
                assert torch.equal(parameter, other.get_parameter(name)) != drawn, name


def test_initial_weights_of_the_dcgan_pair_stay_what_they_were() -> None:
    """First and last number of every kernel, in the order in which they are drawn."""
    family = architecture({"name": "dcgan", "z_dim": 16, "width": 8}, ImageShape(1, 16, 16), 10)
    wanted: dict[str, tuple[nn.Module, dict[str, tuple[float, float]]]] = {
        "encoder": (
            family.encoder(16),
            {
                "trunk.0.weight": (0.01960597, -0.02059107),
                "trunk.2.weight": (-0.01446348, 0.0024638),
                "head.weight": (-0.01057842, 0.01716262),
            },
        ),
        "generator": (
            family.generator(),
            {
                "layers.0.weight": (0.00040395, -0.01427829),
                "layers.4.weight": (-0.00200759, -0.02534319),
                "layers.7.weight": (-0.00313601, 0.01928348),
            },
        ),
    }
    for stage, (net, numbers) in wanted.items():
        initialise(net, seeded(3, stage))
        kernels = {name: p for name, p in net.named_parameters() if p.ndim > 1}
        assert list(kernels) == list(numbers)
        for name, ends in numbers.items():
            found = kernels[name].detach().flatten()[[0, -1]].tolist()
            assert found == pytest.approx(ends, abs=2e-8), name


def spread(kernel: Tensor) -> tuple[float, float]:
    """Standard deviation, and the largest magnitude in units of it: √3 where it is uniform."""
    std = float(kernel.detach().std(correction=0))
    return std, float(kernel.detach().abs().max()) / std


def glorot_std(kernel: Tensor) -> float:
    places = math.prod(kernel.shape[2:])
    return math.sqrt(2 / ((kernel.shape[0] + kernel.shape[1]) * places))


def test_self_modulation_is_glorot_uniform_in_a_net_that_is_normal() -> None:
    model = {"name": "dcgan", "z_dim": 64, "width": 32, "modulation": "self"}
    _, generator = nets(model, ImageShape(1, 16, 16))
    modulating = 0
    for name, kernel in generator.named_parameters():
        if kernel.ndim == 1:
            assert not kernel.any()
            continue
        std, extent = spread(kernel)
        uniform = "gamma" in name or "beta" in name
        modulating += uniform
        assert std == pytest.approx(glorot_std(kernel) if uniform else 0.02, rel=0.05), name
        assert (extent < 1.8) == uniform, name
    assert modulating == 8  # two dense layers each for gamma and beta, twice


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_resnet_is_glorot_uniform_with_a_gain_within_residual_blocks(spectral_norm: bool) -> None:
    model = {"name": "resnet", "z_dim": 64, "width": 16, "spectral_norm": spectral_norm}
    for net in nets(model, ImageShape(3, 16, 16)):
        gains = set()
        for name, kernel in net.named_parameters():
            if kernel.ndim == 1:
                continue
            gain = math.sqrt(2) if "residual" in name else 1
            std, extent = spread(kernel)
            assert std == pytest.approx(gain * glorot_std(kernel), rel=0.08), name
            assert extent < 1.9, name
            gains.add(gain)
        assert len(gains) == 2


def test_dense_nets_keep_the_size_of_what_enters() -> None:
    """With N(0, 0.02) three hidden layers of 64 would make it about a thousand times smaller."""
    net = perceptron(64, 64, hidden=64, layers=3)
    initialise(net, torch.Generator().manual_seed(0))
    ratio = float(net(draw(256, 64)).detach().std())
    assert 0.1 < ratio < 10
    assert [type(module) for module in net] == [*[nn.Linear, nn.LeakyReLU] * 3, nn.Linear]


def test_embeddings_of_a_readout_are_drawn_too() -> None:
    encoder, _ = nets({"name": "dcgan", "z_dim": 6, "width": 4}, ImageShape(1, 16, 16))
    head = nn.Embedding(50, encoder.features)
    encoder.score_head = head
    initialise(encoder, torch.Generator().manual_seed(0))
    assert spread(head.weight)[0] == pytest.approx(0.02, rel=0.05)


def test_mlp_fits_points_beyond_the_range_of_images() -> None:
    """G learns to send two-dimensional noise to a ring of radius 3."""
    _, generator = nets({"name": "mlp"}, ImageShape(2, 1, 1))
    z = draw(128, 2)
    points = 3 * F.normalize(z, dim=1)
    optimizer = torch.optim.Adam(generator.parameters(), lr=3e-3)
    losses = []
    for _ in range(200):
        loss = (generator(z)[:, :, 0, 0] - points).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.02 * losses[0]


def test_mlp_makes_images_in_the_range_of_tanh() -> None:
    _, generator = nets({"name": "mlp"}, ImageShape(1, 8, 8))
    assert generator(1e4 * draw(16, 2)).abs().max() == 1
    _, generator = nets({"name": "mlp"}, ImageShape(2, 1, 1))
    assert generator(1e4 * draw(16, 2)).abs().max() > 100


def test_normalised_encoders_can_be_copied_and_saved() -> None:
    """Moving averages copy nets, and checkpoints their state."""
    model, shape = {"name": "resnet", "z_dim": 6, "width": 4}, ImageShape(1, 16, 16)
    encoder, _ = nets(model, shape)
    other, _ = nets(model, shape, seed=1)
    encoder.eval()
    images = draw(2, 256).reshape(2, 1, 16, 16)
    other.load_state_dict(encoder.state_dict())
    for twin in (copy.deepcopy(encoder), other.eval()):
        assert torch.equal(twin(images), encoder(images))
