"""What commands print, and where."""

from __future__ import annotations

import json
import math
import sys

import pytest

from ogan_bench.cli.output import print_json, print_table, say

LONG = "word " * 100 + "end"


def test_json_has_null_for_what_is_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"known": 1.5, "missing": (math.nan, math.inf), "name": "ρ"})
    shown = capsys.readouterr().out
    assert json.loads(shown, parse_constant=pytest.fail) == {
        "known": 1.5, "missing": [None, None], "name": "ρ",
    }  # fmt: skip
    assert "ρ" in shown


def test_a_table_is_whole_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "summary"), [["x", LONG]])
    assert capsys.readouterr().out == f"name  summary\nx     {LONG}\n"


def test_a_table_is_folded_to_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(("name", "summary"), [["x", LONG]])
    lines = capsys.readouterr().out.split("\n")
    assert max(map(len, lines)) <= 50
    assert " ".join(" ".join(lines).split()) == f"name summary x {LONG}"


def test_a_table_of_nothing_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(None, [])
    assert capsys.readouterr().out == ""


def test_messages_are_no_data(capsys: pytest.CaptureFixture[str]) -> None:
    say("measuring ...")
    assert capsys.readouterr() == ("", "measuring ...\n")
