"""Pictures of trials side by side: median and worst seeds, one z, steps."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ogan_bench.analysis.analyse import analyse
from ogan_bench.report.image_grids import MOST_BYTES, MOST_STEPS, contact, steps
from tests.unit.analysis.study_with_pictures import load, trial, write


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
