"""Values that say nothing: of collapsed trials, at chance, at the floor of finite samples."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import pytest

from ogan_bench.analysis.analyse import analyse
from ogan_bench.analysis.degenerate import degenerate, degenerate_text, examined, spread
from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.summary import summarise
from ogan_bench.metrics import METRICS
from ogan_bench.report.terminal import measurements, result_text
from ogan_bench.store.trial_folder import TrialFolder
from tests.unit.analysis.stored_study import build, change, change_rows, row, row_of

LOWER, HIGHER, NEITHER = "fd_classifier", "probe_accuracy", "probe_accuracy_pca"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build(tmp_path)


@pytest.mark.parametrize(
    ("metric", "value", "floor", "error", "outcome", "wanted"),
    [
        (HIGHER, 0.9, 0.1, None, "ok", None),
        (HIGHER, 0.1, 0.1, None, "ok", "chance"),
        (HIGHER, 0.05, 0.1, None, "ok", "chance"),
        (HIGHER, 0.13, 0.1, 0.02, "ok", "chance"),  # within two standard errors
        (HIGHER, 0.15, 0.1, 0.02, "ok", None),
        (LOWER, 3.0, 2.0, None, "ok", None),
        (LOWER, 2.0, 2.0, None, "ok", "floor"),
        (LOWER, 2.1, 2.0, 0.1, "ok", "floor"),
        (LOWER, 2.3, 2.0, 0.1, "ok", None),
        (NEITHER, 0.1, 0.1, None, "ok", None),
        (LOWER, 3.0, None, None, "ok", None),
        (LOWER, 3.0, math.nan, math.nan, "ok", None),
        (LOWER, 3.0, 2.0, None, "collapsed", "collapsed"),
        (LOWER, 3.0, 2.0, None, "saturated", None),
        (LOWER, None, 2.0, None, "collapsed", None),
    ],
)
def test_by_direction_floor_error_and_outcome(
    metric: str,
    value: float | None,
    floor: float | None,
    error: float | None,
    outcome: str,
    wanted: str | None,
) -> None:
    assert (METRICS[LOWER].better, METRICS[HIGHER].better) == ("lower", "higher")
    assert METRICS[NEITHER].better is None
    assert degenerate(metric, value, floor, error, outcome) == wanted


def test_text_counts_each_kind() -> None:
    assert degenerate_text(["chance"], 5) == "chance 1/5"
    assert degenerate_text([], 5) == ""


def test_a_collapsed_trial_marks_all_its_values(root: Path) -> None:
    """An arm of two collapsed trials beside five sound ones of another."""
    for seed in (0, 1):
        folder = TrialFolder(root / "demo" / "pearson" / f"seed-{seed}")
        measured = (folder.read("result.json") or {})["metrics"]
        change(folder, metrics=[*measured, row("modes_kl_classifier", 2.0)])
    results = load_results(root, "demo")
    flags = results.metrics[["arm", "seed", "degenerate"]].dropna()
    assert set(flags.itertuples(index=False, name=None)) == {
        ("pearson", 0, "collapsed"),
        ("pearson", 1, "collapsed"),
    }
    assert row_of(summarise(results), "fd_classifier", "pearson")["degenerate"] == "collapsed 2/5"
    assert row_of(summarise(results), "fd_classifier", "none")["degenerate"] == ""
    assert "(collapsed 2/5)" in result_text(analyse(results))


def test_errors_and_members_are_numbers_in_the_summary(root: Path) -> None:
    for seed, (error, members) in enumerate([(0.3, (1.0, 3.0)), (0.4, (1.0, 1.0))]):
        change_rows(root, "pearson", seed, "fd_classifier", error=error, members=members)
    found = row_of(summarise(load_results(root, "demo")), "fd_classifier", "pearson")
    assert found["error"] == pytest.approx(math.sqrt((0.09 + 0.16) / 2))
    assert found["members_sd"] == pytest.approx(1.0)  # rms of sqrt(2) and 0
    other = row_of(summarise(load_results(root, "demo")), "fd_classifier", "none")
    assert math.isnan(other["error"])
    assert math.isnan(other["members_sd"])


def test_the_terminal_shows_errors_beside_values_and_says_what_is_degenerate() -> None:
    rows = [
        row(LOWER, 2.0, floor=2.0, error=0.12, members=(1.0, 3.0)),
        row(HIGHER, 0.9, floor=0.1, note="fitted on 5"),
    ]
    header, first, second, _, note = measurements(examined(rows)).splitlines()
    assert "± sampling" in header
    assert "± classifier" in header
    assert "0.12" in first
    assert "1.4" in first
    assert first.endswith("floor")
    assert second.endswith("[1]")
    assert note == "[1] fitted on 5"
    assert "sampling" not in measurements(examined([row(HIGHER, 0.9, floor=0.1)]))
    collapsed = [*rows, row("modes_kl_classifier", 2.0)]
    assert all("collapsed" in line for line in measurements(examined(collapsed)).splitlines()[1:4])


def test_long_notes_stand_below_the_table_once_each() -> None:
    """They used to make lines of several hundred characters."""
    long = " ".join(["word"] * 60)
    rows = [row(LOWER, 2.0, note=long), row(HIGHER, 0.9, note="short"), row(LOWER, 3.0, note=long)]
    text = measurements(examined(rows))
    table, notes = text.split("\n\n")
    assert [line.split()[-1] for line in table.splitlines()[1:]] == ["[1]", "[2]", "[1]"]
    assert max(map(len, text.splitlines())) <= 100
    first, second = notes.split("\n[")
    assert first.split() == ["[1]", *long.split()]
    assert second == "2] short"


@pytest.mark.parametrize(
    "members",
    [[0.1, 0.2, 0.4], [3, 5], [1e-30, 3e-30], [1e16, 1e16 + 2], [-2.5, 1e9, 0.3], [7.0, 7.0]],
)
def test_the_spread_of_members_is_their_standard_deviation(members: list[float]) -> None:
    """To the last digit or the one before: sums are exact."""
    found = spread(members)
    assert found == pytest.approx(statistics.stdev(members), rel=3e-16, abs=0)


def test_one_member_has_no_spread() -> None:
    assert (spread(None), spread([]), spread([0.5])) == (None, None, None)
