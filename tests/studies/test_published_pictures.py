"""Published grids have gaps between their images, and wider ones between pairs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ogan_bench.evaluation.image_grids import GAP, GREY, LINE, MAX_WIDTH, SIDE
from ogan_bench.report.image_grids import SIZE_OF_POINTS

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
GRIDS = sorted(REFERENCE.glob("*/*/seed-*/*.png"))

LAYOUTS = {
    "samples.png": (SIDE, 1),
    **dict.fromkeys(
        ("reconstructions.png", "neighbours.png", "missing.png", "invented.png"), (SIDE, 2)
    ),
    "swapped.png": (SIDE + 1, 3),
    "interpolations.png": (10, 1),
}
"""Name to images in a row, and images in a group of them."""


def test_every_kind_of_published_grid_is_known() -> None:
    assert {path.name for path in GRIDS} <= set(LAYOUTS)


@pytest.mark.parametrize("path", GRIDS, ids=lambda path: path.relative_to(REFERENCE).as_posix())
def test_a_published_grid_is_laid_out_as_the_tool_lays_out_new_ones(path: Path) -> None:
    """Grids of earlier versions had no gaps; theirs were cut and laid out again."""
    with Image.open(path) as image:
        if image.size == SIZE_OF_POINTS:
            return
        pixels = np.asarray(image)
    study = json.loads((path.parents[2] / "study.json").read_text(encoding="utf-8"))
    side = study["arms"][path.parts[-3]]["data"]["resolution"]
    width, group = LAYOUTS[path.name]
    factor = MAX_WIDTH // (width * side)
    step = side * factor + LINE
    lefts = [
        column * step + (column // group * (GAP - LINE) if group > 1 else 0)
        for column in range(width)
    ]
    assert pixels.shape[:2] == (SIDE * step - LINE, lefts[-1] + side * factor)
    between = np.ones(pixels.shape[:2], bool)
    for top in range(0, pixels.shape[0], step):
        for left in lefts:
            tile = np.s_[top : top + side * factor, left : left + side * factor]
            between[tile] = False
            blocks = pixels[tile].reshape(side, factor, side, factor, -1)
            assert (blocks == blocks[:, :1, :, :1]).all()  # one image, each pixel enlarged
    assert between.any()
    assert (pixels[between] == GREY).all()
