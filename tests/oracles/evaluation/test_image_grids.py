"""Pictures of samples, reconstructions, swaps and points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ogan_bench.data.base import to_uint8
from ogan_bench.evaluation.image_grids import (
    point_picture,
    reconstruction_grid,
    sample_grid,
    swap_grid,
)
from tests.oracles.evaluation.pixels import pixels_of


class TestPictures:
    def test_cells_are_in_reading_order(self, tmp_path: Path) -> None:
        levels = torch.arange(70, dtype=torch.uint8).view(-1, 1, 1, 1)
        sample_grid(levels.expand(-1, 1, 8, 8).contiguous(), tmp_path / "grid.png")
        pixels = pixels_of(tmp_path / "grid.png")
        assert pixels.shape == (8 * 72 + 7 * 2, 8 * 72 + 7 * 2)
        assert pixels[::74, ::74].tolist() == np.arange(64).reshape(8, 8).tolist()
        assert (pixels[:72, :72] == 0).all()
        assert (pixels[72:74] == 128).all()
        assert (pixels[:, 72:74] == 128).all()

    def test_pairs_stand_side_by_side_and_missing_ones_are_grey(self, tmp_path: Path) -> None:
        originals = torch.full((5, 3, 100, 100), 200, dtype=torch.uint8)
        reconstructions = to_uint8(torch.full((5, 3, 100, 100), -0.5))
        reconstruction_grid(originals, reconstructions, tmp_path / "grid.png")
        pixels = pixels_of(tmp_path / "grid.png")
        assert pixels.shape == (8 * 100 + 7 * 2, 8 * 100 + 4 * 2 + 3 * 8, 3)
        lefts = [pair * 210 + of * 102 for pair in range(4) for of in range(2)]
        assert pixels[0, lefts, 0].tolist() == [200, 64] * 4
        assert pixels[102, lefts, 0].tolist() == [200, 64] + [128] * 6
        assert (pixels[:, 100:102] == 128).all()
        assert (pixels[:, 202:210] == 128).all()

    def test_triples_stand_side_by_side(self, tmp_path: Path) -> None:
        x, own, swapped = (
            torch.full((30, 1, 10, 10), level, dtype=torch.uint8) for level in (9, 99, 199)
        )
        x[3] = 10  # the first image of the second row
        swap_grid(x, own, swapped, tmp_path / "grid.png")
        pixels = pixels_of(tmp_path / "grid.png")
        assert pixels.shape == (8 * 60 + 7 * 2, 9 * 60 + 6 * 2 + 2 * 8)
        lefts = [triple * 192 + of * 62 for triple in range(3) for of in range(3)]
        assert pixels[0, lefts].tolist() == [9, 99, 199] * 3
        assert pixels[62, lefts].tolist() == [10, 99, 199] + [9, 99, 199] * 2

    def test_points_are_where_they_belong(self, tmp_path: Path) -> None:
        corners = torch.tensor([[-1.0, -1.0], [1.0, 1.0]])[:, :, None, None]
        far = torch.tensor([[-1.0, 1.0], [0.0, 99.0]])[:, :, None, None]
        point_picture(corners, far.repeat(16, 1, 1, 1), tmp_path / "points.png")
        pixels = pixels_of(tmp_path / "points.png")
        assert pixels.shape == (256, 2 * 256 + 8)
        left, right = pixels[:, :256], pixels[:, -256:]
        near, away = int(0.3 / 2.6 * 256), int(2.3 / 2.6 * 256)
        # Rows run downwards, the second coordinate upwards.
        assert {tuple(p) for p in np.argwhere(left)} == {(255 - near, near), (255 - away, away)}
        assert {tuple(p) for p in np.argwhere(right)} == {(255 - away, near), (0, 128)}
        assert left.max() == 64  # one point: √(1/16)
        assert right.max() == 255
        assert (pixels[:, 256:264] == 128).all()

    def test_other_channels_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="2 channels"):
            sample_grid(torch.zeros(1, 2, 8, 8, dtype=torch.uint8), tmp_path / "grid.png")
