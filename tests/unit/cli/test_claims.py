"""``ogan-bench claims`` on stored studies."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.store.trial_store import TrialStore
from tests.unit.analysis.study_with_pictures import register, trial, write
from tests.unit.cli.asking import ask


def test_claims_are_shown_with_the_ratio_of_every_setting(tmp_path: Path) -> None:
    store = TrialStore(write(tmp_path))
    record = store.read_study("demo")
    record["hypotheses"][0]["part_of"] = "It works."
    store.write_study("demo", record)
    (claim,) = json.loads(ask("claims", "--results", str(tmp_path), "--json"))
    (setting,) = claim["settings"]
    assert setting["factor"][0] == pytest.approx(10)
    assert claim["new_setting"] == [None, None, None]
    title, answer, sentence, header, row, *_ = ask("claims", "--results", str(tmp_path)).split("\n")
    assert title == "It works."
    assert answer.startswith("It holds wherever the data decide")
    assert answer == claim["answer"]
    assert sentence == "1 supported"
    assert header.split("  ")[-1] == "ratio to control (above 1 is better)"
    assert re.split("  +", row)[:3] == ["supported", "demo", "not registered"]
    assert setting["standing"]["text"] == "not registered"
    assert "10 [" in row


def test_claims_name_the_studies_that_are_preliminary_or_deviate(tmp_path: Path) -> None:
    store = TrialStore(write(tmp_path))
    register(tmp_path)
    record = store.read_study("demo")
    record["hypotheses"][0]["part_of"] = "It works."
    store.write_study("demo", record)
    trial(tmp_path, "none", 2).path.joinpath("result.json").unlink()
    (claim,) = json.loads(ask("claims", "--results", str(tmp_path), "--json"))
    standing = claim["settings"][0]["standing"]
    assert standing["text"] == "preliminary; deviated"
    assert standing["complete"] is False
    assert standing["deviations"] == ['hypothesis better changed (part_of: "" → "It works.")']
    assert "  preliminary; deviated  " in ask("claims", "--results", str(tmp_path))


def test_a_folder_of_smoke_tests_has_no_claims_and_says_so(tmp_path: Path) -> None:
    store = TrialStore(write(tmp_path, "demo"))
    record = store.read_study("demo")
    record["hypotheses"][0]["part_of"] = "It works."
    store.write_study("demo", {**record, "scale": "smoke"})
    with pytest.raises(UserError, match="only demo is stored here; the scale smoke tests"):
        ask("claims", "--results", str(tmp_path))
    write(tmp_path, "other")
    with pytest.raises(UserError, match="no stored hypothesis says which wider claim"):
        ask("claims", "--results", str(tmp_path))


def test_a_page_is_written_for_each_claim(tmp_path: Path) -> None:
    store = TrialStore(write(tmp_path / "results"))
    record = store.read_study("demo")
    record["hypotheses"][0]["part_of"] = "It works."
    store.write_study("demo", record)
    pages = tmp_path / "pages"
    said = ask("claims", "--results", str(tmp_path / "results"), "--out", str(pages))
    assert said.endswith(f"Pages: {pages}\n")
    (page,) = pages.iterdir()
    assert page.name == "it-works.md"
    assert page.read_text("utf-8").startswith("# It works.\n")


def test_without_claims_the_message_says_how_to_state_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"`part_of: \.\.\.` in the study file"):
        ask("claims", "--results", str(write(tmp_path)))


@pytest.mark.parametrize("command", [("claims",), ("report",), ("watch",), ("mirror", "--to", "x")])
def test_a_folder_without_studies_says_so(command: tuple[str, ...], tmp_path: Path) -> None:
    """``claims`` spoke of `part_of`, which no study lacked."""
    for results, message in (
        (tmp_path / "nowhere", "nowhere: no such folder"),
        (tmp_path, "no study is stored here"),
        (write(tmp_path / "results") / "demo", r"demo: the folder of one study.*results$"),
        (Path(__file__), r"test_claims\.py: a file, and no results folder"),
    ):
        with pytest.raises(UserError, match=message):
            ask(*command, "--results", str(results))
