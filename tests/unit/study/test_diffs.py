"""Merging of settings."""

from __future__ import annotations

from ogan_bench.study.diffs import merge


def test_merge_takes_a_bare_name_for_a_part() -> None:
    assert merge({"a": "x"}, {"a": {"weight": 2}}) == {"a": {"name": "x", "weight": 2}}
    assert merge({"a": {"name": "x", "weight": 2}}, {"a": "y"}) == {"a": "y"}
    assert merge({"a": {"name": "x", "w": 2}}, {"a": {"name": "x", "v": 1}}) == {
        "a": {"name": "x", "w": 2, "v": 1}
    }
