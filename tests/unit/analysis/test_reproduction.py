"""Comparison of results with a reference."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.margin import share
from ogan_bench.analysis.reproduction import Reproduction, Row, compare
from ogan_bench.analysis.results import StudyResults
from ogan_bench.errors import UserError
from ogan_bench.report.report import write_report
from tests.unit.analysis.made_up_values import results
from tests.unit.analysis.stored_study import ARMS, SEEDS, change_rows

MSE = "reconstruction_mse"


def row_of(found: Reproduction, metric: str, arm: str) -> Row:
    (row,) = (row for row in found.rows if (row.metric, row.arm) == (metric, arm))
    return row


def drawn(sd: float, n: int, seed: int, arms: int = 1) -> StudyResults:
    """A run of arms whose true mean is 1."""
    rng = np.random.default_rng(seed)
    return results({f"a{i}": list(1 + sd * rng.standard_normal(n)) for i in range(arms)}, [])


def test_a_run_agrees_with_itself_and_differs_where_its_means_do(
    root: Path, tmp_path: Path
) -> None:
    reference = shutil.copytree(root, tmp_path / "reference")
    for seed in SEEDS:
        change_rows(reference, "pearson", seed, MSE, value=0.5 + seed / 100)
        for arm in set(ARMS):
            if (reference / "demo" / arm / f"seed-{seed}" / "result.json").exists():
                change_rows(reference, arm, seed, "modes_classifier", extractor="another")
    for seed in SEEDS[1:]:
        shutil.rmtree(reference / "demo" / "broken" / f"seed-{seed}")
    found = compare(load_results(root, "demo"), load_results(reference, "demo"))
    answers = {arm: row_of(found, MSE, arm).answer for arm in ARMS}
    assert answers == {
        "none": "agrees", "pearson": "differs", "mse": "agrees", "broken": "undecided"
    }  # fmt: skip
    assert row_of(found, MSE, "broken").note == "fewer than two values"
    unlike = row_of(found, "modes_classifier", "none")
    assert unlike.answer == "not comparable"
    assert "extractor: classifier-digits-1 here, another in the reference" in unlike.note
    assert math.isnan(unlike.difference.estimate)
    assert found.sentence == (
        "Preliminary. Not reproduced: of 8 means, 5 agree within 10 %, 1 differs (reconstruction "
        "MSE of pearson) and 2 are undecided, without an interval; 4 more cannot be compared."
    )


def test_the_answer_is_the_same_sentence_everywhere(root: Path, tmp_path: Path) -> None:
    reference = shutil.copytree(root, tmp_path / "reference")
    analysis = analyse_stored(root, "demo", reference, margin="20%")
    report = write_report(analysis, formats=("html", "md", "json"))
    assert analysis.comparison is not None
    sentence = analysis.comparison.sentence
    assert "agree within 20 %" in sentence
    record = json.loads(report.files["json"].read_text())["comparison"]
    assert record["sentence"] == sentence
    assert len(record["rows"]) == len(analysis.comparison.rows)
    for text in (report.html.read_text(), report.markdown.read_text(), report.text):
        assert sentence in " ".join(text.replace("\\", "").split())


def test_a_wide_interval_is_never_agreement() -> None:
    found = compare(drawn(0.5, 5, seed=0), drawn(0.5, 5, seed=1))
    (row,) = found.rows
    assert row.difference.low < 0 < row.difference.high
    assert row.answer == "undecided"
    assert found.sentence == (
        "Open: the only mean is undecided: with so few seeds it may differ by "
        f"{100 * row.reach:.0f} %."
    )


def test_agreement_needs_the_whole_interval_within_the_margin() -> None:
    here, there = drawn(0.05, 20, seed=2), drawn(0.05, 20, seed=3)
    answers = set()
    for margin in ("10%", "5%", "2%", "1%"):
        (row,) = compare(here, there, margin).rows
        assert (row.answer == "agrees") == (row.reach < share(margin)), margin
        answers.add(row.answer)
    assert len(answers) > 1
    assert compare(here, there).sentence == "Reproduced: the only mean agrees within 10 %."


def test_answers_are_adjusted_for_the_number_of_rows() -> None:
    rows = compare(drawn(0.02, 5, seed=4, arms=60), drawn(0.02, 5, seed=5, arms=60)).rows
    excluded = [row for row in rows if row.difference.low > 0 or row.difference.high < 0]
    assert excluded
    assert [row for row in rows if row.answer == "differs"] == []


def test_what_is_equal_seed_by_seed_agrees_however_few_and_noisy() -> None:
    values = {"a": [0.1, 9.0, 4.0]}
    same, fewer = results(values, []), results({"a": values["a"][:2]}, [])
    for run in (same, fewer):
        (row,) = compare(run, same).rows
        assert (row.answer, row.note) == ("agrees", "the same in every seed")


def test_where_all_agree_the_answer_says_all() -> None:
    same = drawn(0.5, 3, seed=0, arms=4)
    assert compare(same, same).sentence == "Reproduced: all 4 means agree within 10 %."


def test_a_run_that_lost_trials_does_not_agree() -> None:
    values = [1.0, 1.01, 0.99, 1.0, 1.005]
    part = results({"a": [*values[:4], math.nan]}, [])
    (row,) = compare(part, results({"a": values}, [])).rows
    assert row.answer == "undecided"
    assert re.search("1 trial without a value, 0 in the reference", row.note)


@pytest.mark.parametrize("text", ["", "10", "ten %", "0%", "-5%", "nan%", "inf%"])
def test_a_margin_is_a_percentage(text: str) -> None:
    with pytest.raises(UserError, match=r"--margin .*such as 10%"):
        share(text)
