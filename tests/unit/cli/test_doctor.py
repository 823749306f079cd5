"""``ogan-bench doctor``: what it says of this machine."""

from __future__ import annotations

import json

from tests.unit.cli.asking import ask


def test_doctor_knows_this_machine() -> None:
    facts = json.loads(ask("doctor", "--json"))
    assert facts["versions"]["torch"]
    assert "cpu" in facts["devices"]
    assert "digits" in facts["data"]
    assert "Inception-v3" in ask("doctor")
