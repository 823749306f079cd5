"""Resizing of images for feature extractors: Pillow as oracle."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from ogan_bench.errors import NoValueError
from ogan_bench.features.resizing import Filter, colour, resized, standardised
from tests.oracles.features.photographs import by_pillow, crops

pytestmark = pytest.mark.usefixtures("_nothing_of_the_user")


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
        with pytest.raises(NoValueError, match="neither grey nor in colour"):
            colour(crops(1, 32)[:, :2])

    def test_standardised_is_by_channel(self) -> None:
        x = torch.tensor([255.0, 0.0, 51.0]).view(1, 3, 1, 1)
        expected = [(1 - 0.5) / 0.1, (0 - 0.4) / 0.2, (0.2 - 0.3) / 0.4]
        found = standardised(x, (0.5, 0.4, 0.3), (0.1, 0.2, 0.4)).flatten()
        assert found.tolist() == pytest.approx(expected, abs=1e-5)
