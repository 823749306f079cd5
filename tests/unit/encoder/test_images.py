"""Forms of images: each is read as it says, and what could be read in two ways is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from ogan_bench.data.prepared.decoding import Recipe
from ogan_bench.data.prepared.treatment import Treatment
from ogan_bench.encoder.images import as_images
from ogan_bench.errors import UserError

GREY, COLOUR = Recipe(8, "refuse", None, 1), Recipe(8, "refuse", None, 3)
RANDOM = np.random.default_rng(0)
PHOTOGRAPH = RANDOM.integers(0, 256, (8, 8, 3), dtype=np.uint8)


def test_images_of_the_training_size_stay_as_they_are() -> None:
    batch = np.stack([PHOTOGRAPH, PHOTOGRAPH[::-1]])
    found = as_images(batch, COLOUR)
    assert found.dtype == torch.uint8
    assert (found.numpy() == batch.transpose(0, 3, 1, 2)).all()
    assert torch.equal(as_images(found, COLOUR), found)
    assert torch.equal(as_images([*batch], COLOUR), found)
    assert torch.equal(as_images(Image.fromarray(batch[1]), COLOUR), found[1:])
    assert torch.equal(as_images(found[0], COLOUR), found[:1])


def test_floats_are_taken_from_0_to_1_and_put_into_the_range_of_the_nets() -> None:
    found = as_images(torch.tensor([0.0, 0.25, 1.0, 0.5]).repeat(16).reshape(1, 8, 8), GREY)
    assert found.dtype == torch.float32
    assert found.flatten()[:4].tolist() == [-1.0, -0.5, 1.0, 0.0]


def test_arrays_of_floats_are_tensors_with_their_channels_last() -> None:
    batch: npt.NDArray[np.float64] = RANDOM.random((2, 8, 8, 3))
    tensor = torch.from_numpy(batch).movedim(-1, 1)
    for recipe in (GREY, COLOUR, Recipe(4, "refuse", None, 3)):
        expected = as_images(tensor, recipe)
        for given in (batch, batch.astype(np.float32), np.asfortranarray(batch), [*batch]):
            assert torch.equal(as_images(given, recipe), expected)
    assert torch.equal(as_images(batch[:, ::-1], COLOUR), as_images(tensor.flip(2), COLOUR))
    assert torch.equal(as_images(batch[0, ..., 0], GREY), as_images(tensor[0, :1], GREY))
    assert as_images(batch[:0], COLOUR).shape == (0, 3, 8, 8)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 8])
@pytest.mark.parametrize("kind", [np.uint8, np.float64])
def test_a_grey_encoder_takes_a_batch_without_channels(n: int, kind: type) -> None:
    batch: npt.NDArray[Any] = RANDOM.integers(0, 2, (n, 8, 8)).astype(kind)
    found = as_images(batch, GREY)
    assert found.shape == (n, 1, 8, 8)
    assert torch.equal(found, as_images(batch[..., None], GREY))


def test_other_sizes_and_colours_are_as_pillow_makes_them() -> None:
    large = RANDOM.integers(0, 256, (20, 20, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(large).convert("L").resize((8, 8), 2))
    tensor = torch.from_numpy(large).movedim(-1, 0)
    for given in (large, large[None], tensor, Image.fromarray(large)):
        assert (as_images(given, GREY).numpy() == expected).all()
    floats = (as_images(tensor / 255, GREY) + 1) * 127.5
    assert float((floats - torch.tensor(expected)).abs().max()) < 1.5  # it rounds twice
    grey = as_images(PHOTOGRAPH[..., 0], COLOUR)
    assert (grey.numpy() == PHOTOGRAPH[..., 0]).all()
    assert as_images(torch.rand(2, 1, 8, 8), COLOUR).shape == (2, 3, 8, 8)


def test_pictures_are_treated_as_those_of_the_training() -> None:
    clear = Image.new("RGBA", (8, 8), (10, 20, 30, 0))
    with pytest.raises(UserError, match="transparent"):
        as_images(clear, COLOUR)
    on_white = Recipe(8, "refuse", None, 3, Treatment(alpha="white"))
    assert (as_images(clear, on_white) == 255).all()
    wide = np.zeros((8, 16, 3), np.uint8)
    wide[:, 4:12] = 255
    with pytest.raises(UserError, match="16 x 8 pixels: not a square"):
        as_images(wide, COLOUR)
    assert (as_images(wide, Recipe(8, "centre", None, 3)) == 255).all()


WRONG = {
    "floats of an array out of range": (np.full((8, 8, 3), 1.5), r"floats from 1\.5 to 1\.5"),
    "the range of tanh in an array": (np.full((2, 8, 8, 3), -1.0), "floats from -1 to -1"),
    "NaN in an array": (np.full((8, 8), np.nan), "floats from nan"),
    "complex numbers": (np.zeros((8, 8, 3), complex), "an array of complex128"),
    "truth values": (np.zeros((8, 8, 3), bool), "an array of bool"),
    "integers": (np.zeros((8, 8, 3), int), "an array of int64"),
    "tensor of integers": (torch.zeros(3, 8, 8, dtype=torch.long), r"a tensor of torch\.int64"),
    "channels first in an array": (
        np.zeros((2, 3, 8, 8), np.uint8),
        r"an array of shape \(2, 3, 8, 8\)",
    ),
    "grey images without channels": (np.zeros((5, 8, 8), np.uint8), r"shape \(5, 8, 8\)"),
    "channels last in a tensor": (torch.zeros(8, 8, 3), r"a tensor of shape \(8, 8, 3\)"),
    "alpha": (np.zeros((8, 8, 4), np.uint8), r"shape \(8, 8, 4\)"),
    "the range of tanh": (torch.full((3, 8, 8), -0.5), r"floats from -0\.5 to -0\.5; .*\(x \+ 1\)"),
    "bytes as floats": (torch.full((3, 8, 8), 200.0), "floats from 200 to 200; .*divide bytes"),
    "NaN": (torch.full((3, 8, 8), float("nan")), "floats from nan"),
    "no square": (torch.zeros(3, 8, 9), "floats of 9 x 8; crop a square"),
    "a path": ("cat.png", "of type str; give arrays"),
    "a list of batches": ([np.zeros((2, 8, 8, 3), np.uint8)], "a list that holds batches"),
    "bytes and floats": (
        [np.zeros((8, 8, 3), np.uint8), torch.zeros(3, 8, 8)],
        "a list of both bytes and floats",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_ambiguous_or_wrong_is_refused(name: str) -> None:
    given: Any
    given, message = WRONG[name]
    with pytest.raises(UserError, match=message):
        as_images(given, COLOUR)


def test_smaller_images_are_enlarged_only_where_those_of_the_training_could_be() -> None:
    small = RANDOM.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    for given in (small, torch.rand(3, 6, 6), Image.fromarray(small)):
        with pytest.raises(UserError, match=r"6 x 6.*smaller than the"):
            as_images(given, COLOUR)
        assert as_images(given, Recipe(8, "refuse", None, 3, small="enlarge")).shape == (1, 3, 8, 8)
