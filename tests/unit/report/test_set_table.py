"""Several sets side by side: nothing that a row says is dropped."""

from __future__ import annotations

from typing import Any

from ogan_bench.report.set_table import set_table


def row(metric: str, value: float | None, **of: Any) -> dict[str, Any]:
    return {
        "metric": metric, "value": value, "error": None, "floor": None, "degenerate": None,
        "note": None, **of,
    }  # fmt: skip


def test_notes_floors_and_degenerate_values_stand_in_the_table_or_below() -> None:
    missing = "no weights here; they have to be fetched " + "as is said elsewhere " * 6
    fid = row("fid", None, note=missing)
    rows = {
        "a": [row("fd_classifier", 1.5, error=0.1, floor=0.25, note="resized"), fid],
        "b": [row("fd_classifier", 0.25, floor=0.5, degenerate="floor"), fid],
    }
    difference = {"value": -1.25, "low": -1.5, "high": -1.0, "p": 0.0}
    table, floors, explained, notes = set_table(rows, {"b": {"fd_classifier": difference}}).split(
        "\n\n"
    )
    _, distance, without = table.splitlines()
    assert "1.5" in distance
    assert "±0.2 [1]" in distance
    assert distance.index("floor") > distance.index("[1]")
    assert "p < 1e-6" in distance
    assert without.split()[-2:] == ["-", "[2]"]
    assert without.count("[2]") == 2  # equal notes share a number
    assert floors.split()[:5] == ["floor", "or", "chance", "a", "b"]
    assert [float(text) for text in floors.split()[-2:]] == [0.25, 0.5]
    assert "random halves" in explained
    assert notes.startswith("[1] resized\n[2] no weights here")
    assert max(map(len, notes.splitlines())) <= 100


def test_without_floors_and_notes_there_is_the_table_alone() -> None:
    text = set_table({"a": [row("fid", 3.0)], "b": [row("fid", 4.0)]}, {})
    assert text.count("\n\n") == 1
