"""How many cores a process may use."""

from __future__ import annotations

import os

import pytest

from ogan_bench.data.cores import usable_cores
from ogan_bench.runner.devices import slots


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be granted here")
def test_a_process_uses_the_cores_that_it_is_granted() -> None:
    granted = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(granted)})
    try:
        assert usable_cores() == 1
        assert slots("cpu", None, 100) == ["cpu"]
    finally:
        os.sched_setaffinity(0, granted)
    assert len(slots("cpu", None, 10_000)) == usable_cores() == len(granted)


def test_where_cores_are_not_granted_all_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert usable_cores() == 7
