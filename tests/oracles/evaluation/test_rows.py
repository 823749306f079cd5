"""Rows of results: what a record holds, and what a failed group leaves."""

from __future__ import annotations

import math

import pytest

from ogan_bench.evaluation.rows import Row, attempt


class TestIsolation:
    def test_a_group_without_message_still_has_a_note(self) -> None:
        def fails() -> list[Row]:
            raise ValueError

        (row,) = attempt(["latent_rho"], fails, n_samples=3, split="test")
        assert (row.value, row.note) == (None, "ValueError")


class TestRow:
    def test_record_holds_every_field(self) -> None:
        record = Row("latent_rho", 0.5, 10, "generated", floor=0.0).record()
        assert record == {
            "metric": "latent_rho",
            "value": 0.5,
            "n_samples": 10,
            "split": "generated",
            "extractor": None,
            "protocol": "1",
            "floor": 0.0,
            "note": None,
        }

    @pytest.mark.parametrize(
        ("metric", "value"), [("nonsense", 1.0), ("fid", math.nan), ("fid", None)]
    )
    def test_nonsense_is_refused(self, metric: str, value: float | None) -> None:
        with pytest.raises(ValueError, match=metric):
            Row(metric, value, 10, "train")
