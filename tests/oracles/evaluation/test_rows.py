"""Rows of results: what a record holds, and what a failed group leaves."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import NO_VALUE, Row, Value, attempt, measured_rows


class TestIsolation:
    def test_a_group_without_message_still_has_a_note(self) -> None:
        def fails() -> list[Row]:
            raise NoValueError

        (row,) = attempt(["latent_rho"], fails, n_samples=3, split="test")
        assert (row.value, row.note) == (None, "NoValueError")

    @pytest.mark.parametrize("kind", NO_VALUE)
    def test_one_failure_stops_no_other_metric(self, kind: type[Exception]) -> None:
        def fails() -> Value:
            raise kind("did not converge")

        first, second = measured_rows(
            {"fid": fails, "kid": lambda: Value(0.5, note="own")},
            n_samples=3,
            split="train",
            extractor="net@0",
            note="shared",
        )
        assert first == Row("fid", None, 3, "train", "net@0", note="did not converge")
        assert second == Row("kid", 0.5, 3, "train", "net@0", note="shared; own")

    def test_a_numerical_failure_of_either_library_is_no_value(self) -> None:
        singular = torch.zeros(2, 2)
        for inverse in (
            lambda: Value(float(np.linalg.inv(singular.numpy())[0, 0])),
            lambda: Value(float(torch.linalg.inv(singular)[0, 0])),
        ):
            (row,) = measured_rows({"fid": inverse}, n_samples=3, split="train")
            assert row.value is None
            assert "singular" in (row.note or "").lower()

    @pytest.mark.parametrize(
        "kind", [ValueError, RuntimeError, torch.OutOfMemoryError, OSError, ImportError]
    )
    def test_what_is_not_about_the_nets_is_no_row(self, kind: type[Exception]) -> None:
        def fails() -> Value:
            raise kind("broken")

        with pytest.raises(kind, match="broken"):
            measured_rows({"fid": fails}, n_samples=3, split="train")

    def test_a_package_that_does_not_load_is_no_row(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """numpy says with a ValueError that a package was built for another version of it."""
        (tmp_path / "built_for_another.py").write_text('raise ValueError("dtype size changed")')
        monkeypatch.syspath_prepend(tmp_path)

        def fails() -> Value:
            import built_for_another  # type: ignore[import-not-found]

            return Value(built_for_another.value)

        with pytest.raises(ValueError, match="dtype size changed"):
            measured_rows({"fid": fails}, n_samples=3, split="train")

    def test_a_value_states_what_differs_from_its_group(self) -> None:
        value = Value(1.0, 0.1, extractor="net@1", n_samples=7, split="test")
        (row,) = measured_rows({"fid": lambda: value}, n_samples=3, split="train", extractor="a@0")
        assert row == Row("fid", 1.0, 7, "test", "net@1", floor=0.1)

    @pytest.mark.parametrize("value", [math.nan, math.inf])
    def test_a_value_that_is_no_number_has_a_note(self, value: float) -> None:
        (row,) = measured_rows({"fid": lambda: Value(value)}, n_samples=3, split="train")
        assert row.value is None
        assert "not a finite number" in (row.note or "")

    def test_a_metric_without_definition_is_a_mistake_in_the_program(self) -> None:
        with pytest.raises(ValueError, match=r"'own_idea': define it in ogan_bench/metrics"):
            measured_rows({"own_idea": lambda: Value(1.0)}, n_samples=3, split="train")


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
            "error": None,
            "members": None,
            "note": None,
        }

    def test_only_the_record_of_a_curve_has_one(self) -> None:
        measures = {"prd_precision_clip": lambda: Value(0.9, curve=((1.0, 0.0), (0.0, 1.0)))}
        (row,) = measured_rows(measures, n_samples=3, split="train")
        assert row.record()["curve"] == ((1.0, 0.0), (0.0, 1.0))

    @pytest.mark.parametrize(
        ("metric", "value"), [("nonsense", 1.0), ("fid", math.nan), ("fid", None)]
    )
    def test_nonsense_is_refused(self, metric: str, value: float | None) -> None:
        with pytest.raises(ValueError, match=metric):
            Row(metric, value, 10, "train")
