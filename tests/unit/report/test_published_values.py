"""Values of the literature stand under the results and take no part in them."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.errors import StudyError
from ogan_bench.report.report import write_report
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study, study_record

STUDY = """\
name: tiny
question: Does it work?
base:
  data: {name: ring}
  model: {name: mlp, z_dim: 3}
  objective: {name: pac_gan}
  training: {steps: 1, optimizer: {name: adam, lr: 1e-3}}
arms:
  none: {objective: {packing: 1}}
  pac2: {}
seeds: [0, 1]
metrics: [modes_points]
hypotheses:
  - {id: ok, claim: c, metric: modes_points, arm: pac2, control: none, test: superiority}
"""
PUBLISHED = """\
published:
  - source: <i>A paper</i>, table 1
    differs: "twice the steps | other nets"
    values:
      GAN: {modes_points: 6.3 ± 0.5, high_quality_share: 98.2 %}
      PacGAN2: {modes_points: "8"}
  - source: Another paper
    differs: the data
    values:
      GAN: {modes_kl_points: "0.70"}
"""


def record_of(folder: Path, text: str) -> dict[str, object]:
    """What is stored of a study without trials."""
    path = folder / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    study = load_study(path)
    return study_record(study, study.seeds, "ogan-bench run tiny.yaml")


def reports(folder: Path, record: dict[str, object]) -> dict[str, str]:
    TrialStore(folder).write_study("tiny", record)
    report = write_report(analyse_stored(folder, "tiny"))
    files = (report.markdown, report.html, report.table)
    return {path.name: path.read_text(encoding="utf-8") for path in files}


def test_every_source_has_a_table_of_its_own(tmp_path: Path) -> None:
    pages = reports(tmp_path, record_of(tmp_path, STUDY + PUBLISHED))
    section = pages["report.md"].split("## Published values\n")[1].split("\n## ")[0]
    first, second = section.split("Another paper. Differs: the data\n")
    assert r"&lt;i&gt;A paper&lt;/i&gt;, table 1. Differs: twice the steps \| other nets" in first
    assert (
        "| | modes (points) | high-quality share |\n| --- | --- | --- |\n"
        "| GAN | 6.3 ± 0.5 | 98.2 % |\n| PacGAN2 | 8 | – |\n" in first
    )
    assert second.strip() == "| | modes KL (points, nats) |\n| --- | --- |\n| GAN | 0.70 |"

    page = pages["report.html"]
    assert page.index("Results</h2>") < page.index("Published values</h2>")
    assert html.escape("<i>A paper</i>, table 1") in page
    assert '<tr><th scope="row">PacGAN2</th><td>8</td><td>–</td></tr>' in page


def test_what_is_quoted_changes_neither_verdicts_nor_the_table(tmp_path: Path) -> None:
    with_values, without = (
        reports(tmp_path, record_of(tmp_path, text)) for text in (STUDY + PUBLISHED, STUDY)
    )
    assert with_values["table.csv"] == without["table.csv"]
    parts = [pages["report.md"].split("## Results")[0] for pages in (with_values, without)]
    assert parts[0] == parts[1]


def test_a_study_that_quotes_nothing_is_stored_and_reported_as_before(tmp_path: Path) -> None:
    record = record_of(tmp_path, STUDY)
    assert "published" not in record
    pages = reports(tmp_path, record)
    assert pages == reports(tmp_path, {**record, "published": []})
    assert not any("Published values" in page for page in pages.values())
    quoting = record_of(tmp_path, STUDY + PUBLISHED)
    added = set(quoting) - set(record)
    assert added == {"published"}
    assert [key for key in quoting if key not in added] == list(record)
    assert json.loads(json.dumps(quoting["published"]))[1]["values"] == {
        "GAN": {"modes_kl_points": "0.70"}
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("modes_kl_points", "modes_kl_point", "Did you mean 'modes_kl_points'?"),
        ('"0.70"', "0.70", "string"),
        ("    differs: the data\n", "", "differs"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert PUBLISHED.count(old) == 1
    with pytest.raises(StudyError) as caught:
        record_of(tmp_path, STUDY + PUBLISHED.replace(old, new))
    (problem,) = caught.value.problems
    assert "published" in problem
    assert message in problem
