"""``ogan-bench verify``: what it prints."""

from __future__ import annotations

import json
import re

import pytest

from ogan_bench.evaluation.verification import verify
from ogan_bench.evaluation.verification.experiments import EXPERIMENTS
from tests.unit.cli.asking import ask


def test_it_prints_a_table_or_json(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"memorised": EXPERIMENTS["memorised"]}
    monkeypatch.setattr(verify, "EXPERIMENTS", few)
    table = ask("verify", "--quick")
    assert re.search(r"\| defect \| should be \|.* precision \| density \|", table)
    assert "the samples are the points of the reference | not better |" in table
    found = json.loads(ask("verify", "--quick", "--json"))
    assert {outcome["experiment"] for outcome in found["outcomes"]} == set(few)
    assert found["limits"] == []
