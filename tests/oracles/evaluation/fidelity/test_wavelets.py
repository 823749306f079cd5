"""Wavelet packets keep energy; their distance has closed forms and grows with the damage."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import pywt
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.frechet import frechet_distance, frechet_error, frechet_floor
from ogan_bench.evaluation.fidelity.wavelets import (
    PacketMoments,
    haar_packets,
    packet_level,
    packet_moments,
    wavelet_distance,
    wavelet_error,
    wavelet_floor,
)
from tests.oracles.evaluation.spread import assert_about_the_spread

CPU = torch.device("cpu")


def images(n: int, side: int = 16, channels: int = 1, seed: int = 0) -> Tensor:
    """Smooth random fields with some noise, uint8."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(n, channels, side // 4, side // 4, generator=random)
    fine = torch.rand(n, channels, side, side, generator=random)
    smooth = torch.nn.functional.interpolate(coarse, size=side, mode="bilinear")
    return (255 * (0.8 * smooth + 0.2 * fine)).round().to(torch.uint8)


def of(pixels: Tensor) -> PacketMoments:
    return packet_moments(pixels, CPU)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_packets_keep_the_sum_of_squares(level: int) -> None:
    x = images(5, 32, 3).double()
    packets = haar_packets(x, level)
    side = 32 // 2**level
    assert packets.shape == (5, 4**level, 3, side, side)
    assert packets.square().sum() == pytest.approx(float(x.square().sum()))


def test_a_constant_image_is_in_the_first_packet_alone() -> None:
    packets = haar_packets(torch.full((1, 1, 16, 16), 3.0), 2)
    assert torch.equal(packets[0, 0], torch.full((1, 4, 4), 12.0))  # 3 times 2 per level
    assert packets[0, 1:].abs().max() == 0


def test_one_level_is_the_transform_written_out() -> None:
    a, b, c, d = 1.0, 2.0, 5.0, 11.0
    packets = haar_packets(torch.tensor([[[[a, b], [c, d]]]]), 1).flatten()
    written = [(a + b + c + d) / 2, (a - b + c - d) / 2, (a + b - c - d) / 2, (a - b - c + d) / 2]
    assert packets.tolist() == written


@pytest.mark.parametrize("level", [1, 2, 3])
def test_packets_are_those_of_pywavelets(level: int) -> None:
    image = images(1, 32).double()
    tree = pywt.WaveletPacket2D(image[0, 0].numpy(), "haar", "periodization", level)
    expected = [tree["".join(path)].data for path in itertools.product("ahvd", repeat=level)]
    found = haar_packets(image, level)[0, :, 0].numpy()
    matched = {
        min(range(4**level), key=lambda i: np.abs(found[i] - packet).max()) for packet in expected
    }
    assert matched == set(range(4**level))
    for packet in expected:
        assert min(np.abs(packet - of).max() for of in found) < 1e-10


def test_levels_go_down_to_packets_of_eight_pixels() -> None:
    sides = {16: 1, 32: 2, 64: 3, 128: 4, 256: 4, 24: 1, 28: 1}
    assert {side: packet_level(side, side) for side in sides} == sides
    for side in (8, 15, 17):
        with pytest.raises(NoValueError, match="no packets"):
            packet_level(side, side)


def test_the_distance_is_the_mean_of_the_packets_distances() -> None:
    x, y = images(400), images(300, seed=1)
    packets = [haar_packets(pixels.double() / 255, 1).flatten(2) for pixels in (x, y)]
    single = [frechet_distance(packets[0][:, p], packets[1][:, p]) for p in range(4)]
    assert wavelet_distance(of(x), of(y)) == pytest.approx(sum(single) / 4, rel=1e-6)
    floors = [frechet_floor(packets[1][:, p], 400) for p in range(4)]
    assert wavelet_floor(of(y), 400) == pytest.approx(sum(floors) / 4, rel=1e-6)


def test_a_shift_of_all_pixels_is_in_the_first_packet() -> None:
    x = images(300).clamp(max=200)
    shifted = wavelet_distance(of(x + 51), of(x))  # by 0.2: 0.4 in each of 64 coefficients
    assert shifted == pytest.approx(64 * 0.4**2 / 4, rel=1e-6)


def test_equal_sets_have_distance_zero_and_equal_distributions_their_floor() -> None:
    x = images(500)
    assert wavelet_distance(of(x), of(x)) == pytest.approx(0, abs=1e-8)
    drawn = [wavelet_distance(of(images(500, seed=s)), of(x)) for s in range(1, 6)]
    assert 0.8 < sum(drawn) / 5 / wavelet_floor(of(x), 500) < 1.3


def error_of(samples: Tensor, reference: Tensor) -> float | None:
    return wavelet_error(samples, of(samples), of(reference), CPU)


def test_the_error_is_about_the_spread_over_samples() -> None:
    y = images(2000)
    drawn = [(images(400, seed=1 + i).float() * 0.8).to(torch.uint8) for i in range(40)]
    values = [wavelet_distance(of(x), of(y)) for x in drawn]
    assert_about_the_spread(values, [error_of(x, y) or 0 for x in drawn], least=0.65, most=1.35)


def test_the_error_is_that_of_features_where_one_packet_differs() -> None:
    """A shift moves the first of four packets alone; the rest is far below it."""
    y = images(600).clamp(max=100)
    x = images(500, seed=1).clamp(max=100) + 150
    first, known = (haar_packets(pixels.double() / 255, 1)[:, 0].flatten(1) for pixels in (x, y))
    single = frechet_error(first, known)
    assert single is not None
    assert error_of(x, y) == pytest.approx(single / 4, rel=0.01)


def test_few_samples_have_no_error_and_copies_of_one_have_none_either() -> None:
    y = images(300)
    assert error_of(images(191, seed=1), y) is None  # packets of 64 coefficients
    assert error_of(y[:1].expand(200, -1, -1, -1), y) == pytest.approx(0, abs=1e-9)


def test_packets_constant_in_the_reference_have_an_error() -> None:
    y = images(300)[:, :, ::2].repeat_interleave(2, 2)
    x = images(300, seed=1)
    assert (error_of(x, y) or 0) > 0
    assert wavelet_floor(of(y), 300) > 0


def test_blur_and_noise_raise_it() -> None:
    x, other = images(400).float(), images(400, seed=1)
    random = torch.Generator().manual_seed(2)
    noise = torch.randn(x.shape, generator=random)
    blurred = avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
    found = [
        wavelet_distance(of(damaged.round().clamp(0, 255).to(torch.uint8)), of(other))
        for damaged in (x, x + 10 * noise, x + 40 * noise)
    ]
    assert found == sorted(found)
    assert wavelet_distance(of(blurred.to(torch.uint8)), of(other)) > found[0]


def test_a_collapsed_set_is_finite_and_one_image_is_too_few() -> None:
    x = images(300)
    assert wavelet_distance(of(x[:1].expand(50, -1, -1, -1)), of(x)) > wavelet_distance(
        of(images(300, seed=1)), of(x)
    )
    with pytest.raises(NoValueError, match="1 images are too few"):
        of(x[:1])
    with pytest.raises(NoValueError, match="no floor"):
        wavelet_floor(of(x), 100)
