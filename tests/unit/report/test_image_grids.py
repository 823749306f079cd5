"""Pictures of trials side by side: median and worst seeds, one z, steps."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

import torch

from ogan_bench.analysis.analyse import analyse
from ogan_bench.evaluation.image_grids import point_picture, reconstruction_grid, sample_grid
from ogan_bench.report.image_grids import MOST_BYTES, MOST_STEPS, contact, grid_words, steps
from ogan_bench.report.picture_labels import labelled
from tests.unit.analysis.study_with_pictures import load, trial, write

REFERENCE = Path(__file__).parent.parent.parent.parent / "results" / "reference"


def shown(rows: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    return [(row["arm"], row["seed"], row["which"]) for row in rows]


def test_median_and_worst_seeds_stand_side_by_side_and_one_z(tmp_path: Path) -> None:
    samples, same = contact(analyse(load(write(tmp_path))), tmp_path / "demo")
    assert shown(samples["rows"]) == [
        ("none", 2, "median"), ("none", 0, "worst"),
        ("pea_rson", 2, "median"), ("pea_rson", 0, "worst"),
    ]  # fmt: skip
    assert shown(same["rows"]) == [("none", 0, "same z"), ("pea_rson", 0, "same z")]
    links = [row["picture"].link for group in (samples, same) for row in group["rows"]]
    assert all((tmp_path / "demo" / link).is_file() for link in links)


def test_what_is_missing_and_invented_follows_the_neighbours(tmp_path: Path) -> None:
    folder = trial(write(tmp_path), "none", 2).path
    for name in ("invented", "neighbours", "missing"):
        shutil.copy(folder / "samples.png", folder / f"{name}.png")
    titles = [
        group["title"].split(",")[0]
        for group in contact(analyse(load(tmp_path)), tmp_path / "demo")[2:]
    ]
    assert titles == [
        "Samples closest to training images",
        "Test images farthest from any sample",
        "Samples farthest from any test image",
    ]


def test_one_z_is_of_the_lowest_seed_that_all_arms_have(tmp_path: Path) -> None:
    (trial(write(tmp_path), "none", 0).path / "samples.png").unlink()
    assert shown(contact(analyse(load(tmp_path)), tmp_path / "demo")[1]["rows"]) == [
        ("none", 1, "same z"), ("pea_rson", 1, "same z"),
    ]  # fmt: skip


def test_too_many_pictures_leave_the_worst_out(tmp_path: Path) -> None:
    """Six pictures are shown, and base64 makes each a third longer."""
    results = load(write(tmp_path))
    for share, shown in ((12, {"median", "worst", "same z"}), (5, {"median", "same z"})):
        for path in tmp_path.rglob("samples.png"):
            path.write_bytes(bytes(MOST_BYTES // share))
        groups = contact(analyse(results), tmp_path / "demo")
        assert {row["which"] for group in groups for row in group["rows"]} == shown


def test_steps_are_evenly_chosen_of_those_that_all_have(tmp_path: Path) -> None:
    results = load(write(tmp_path, spread=30))
    trial(tmp_path, "none", 2).step_picture(500 * 29).unlink()
    table = steps(analyse(results), tmp_path / "demo")
    assert len(table["steps"]) == MOST_STEPS
    assert (table["steps"][0], table["steps"][-1]) == (0, 500 * 28)
    assert [(row["arm"], row["seed"], len(row["pictures"])) for row in table["arms"]] == [
        ("none", 2, 12), ("pea_rson", 2, 12),
    ]  # fmt: skip
    assert table["arms"][0]["pictures"][0].link == "none/seed-2/steps/step-0000000.png"


def test_without_step_pictures_there_are_no_steps(tmp_path: Path) -> None:
    analysis = analyse(load(write(tmp_path)))
    assert steps(analysis, tmp_path / "demo") == {"steps": [], "arms": []}


def test_pictures_of_the_page_say_what_they_show_and_stored_ones_stay(tmp_path: Path) -> None:
    path = trial(write(tmp_path), "none", 2).path / "samples.png"
    sample_grid(torch.zeros(64, 1, 8, 8, dtype=torch.uint8), path)
    stored = path.read_bytes()
    median = contact(analyse(load(tmp_path)), tmp_path / "demo")[0]["rows"][0]["picture"]
    shown = base64.b64decode(median.uri.partition(",")[2])
    assert shown == labelled(stored, "demo: Generated images", "none, seed 2")
    assert path.read_bytes() == stored


def test_densities_of_points_are_not_called_images(tmp_path: Path) -> None:
    picture = tmp_path / "reconstructions.png"
    points = torch.rand(9, 2, 1, 1)
    point_picture(points, points, picture)
    assert grid_words(picture).startswith("Density of test points")
    images = torch.zeros(64, 1, 16, 16, dtype=torch.uint8)
    reconstruction_grid(images, images, picture)
    assert grid_words(picture).startswith("Test images")
    for name in ("ring_none", "grid_none"):
        for published in REFERENCE.glob(f"*/{name}/seed-*/samples.png"):
            assert grid_words(published).startswith("Density of test points")
