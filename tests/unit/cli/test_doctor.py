"""``ogan-bench doctor``: what it says of this machine."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.cli.doctor import EXIT_DAMAGED, NOT_TESTED
from ogan_bench.errors import UserError
from ogan_bench.store import contention
from ogan_bench.store.contention import Contention
from tests.unit.cli.asking import ask

ROOT = Path(__file__).parents[3]


def test_doctor_knows_this_machine() -> None:
    facts = json.loads(ask("doctor", "--json"))
    assert facts["versions"]["torch"]
    assert "cpu" in facts["devices"]
    assert "digits" in facts["data"]
    assert list(facts["not tested"]) == list(NOT_TESTED)
    assert set(facts["not tested"].values()) <= {"this machine", "not this machine"}
    assert "Inception-v3" in ask("doctor")


def test_doctor_and_readme_say_what_was_not_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert {name: is_here() for name, is_here in NOT_TESTED.items()} == {
        "Windows": False, "macOS": True, "Apple's GPUs": True,
    }  # fmt: skip
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    *most, last = NOT_TESTED
    assert f"{', '.join(most)} and {last} are not tested." in readme


def test_doctor_examines_results(root: Path) -> None:
    trial = root / "demo" / "pearson" / "seed-0"
    found = json.loads(ask("doctor", "--results", str(root), "--json"))
    assert found["faults"] == []
    (study,) = found["studies"]
    assert (study["planned"], study["finished"], study["running"]) == (20, 18, 0)

    (trial / "result.json").write_bytes((trial / "result.json").read_bytes()[:-40])
    left = trial / ".checkpoint.pt.abc123"
    left.write_bytes(b"half")
    for repair in ((), ("--repair",)):
        done = CliRunner().invoke(app, ["doctor", str(root), *repair], catch_exceptions=False)
        assert done.exit_code == EXIT_DAMAGED
        assert f"{trial}/result.json: cannot be read" in done.stdout
        assert str(left) in done.stdout
    assert not left.exists()


def test_the_folder_may_also_be_the_argument(root: Path) -> None:
    named = ask("doctor", "--results", str(root), "--json")
    assert ask("doctor", str(root), "--json") == named
    with pytest.raises(UserError, match="name one results folder"):
        ask("doctor", str(root), "--results", str(root))


def test_doctor_says_where_there_is_nothing_to_examine(tmp_path: Path) -> None:
    for arguments, said in (
        ((str(tmp_path / "none"),), "no such folder"),
        ((str(tmp_path),), "no study is stored here"),
        (("--repair",), "name one"),
    ):
        with pytest.raises(UserError, match=said):
            ask("doctor", *arguments)


def test_doctor_tries_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("doctor", "--results", str(tmp_path), "--try-claims", "0.3")
    found = json.loads(ask(*asked, "--json"))
    assert found["claims"].startswith("lock")
    assert found["clashes"] == 0 < found["held"]
    assert found["others"] == []
    clash = Contention(held=9, clashes=2, others=frozenset({"node2-7-0"}))
    monkeypatch.setattr(contention, "contend_in_processes", lambda *_: clash)
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == EXIT_DAMAGED
    assert "2 processes, and 1 of other commands contended: held 9 times here, 2" in done.stdout
    assert "Claims do not exclude in this folder" in done.stderr
    with pytest.raises(UserError, match="--try-claims is for a results folder"):
        ask("doctor", "--try-claims", "1")
