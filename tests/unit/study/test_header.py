"""Comments at the top of study files."""

from __future__ import annotations

import pytest

from ogan_bench.study.header import read_header
from ogan_bench.study.load import load_study, study_record
from ogan_bench.study.shipped import shipped_studies

STUDIES = shipped_studies()


@pytest.mark.parametrize("name", STUDIES)
def test_shipped_studies_say_what_they_ask_and_expect(name: str) -> None:
    text = STUDIES[name].read_text("utf-8")
    found = read_header(text)
    assert {"Question", "Source", "Cost", "Expected"} <= set(found)
    comments = " ".join(line.lstrip("# ") for line in text.split("\nname:")[0].splitlines()[2:])
    words = " ".join(comments.split())
    for label, said in found.items():
        assert f"{label}: {said}" in words  # whole, and nothing of another label


def test_a_record_has_the_header_of_its_file() -> None:
    path = STUDIES["mse_vs_pearson"]
    record = study_record(load_study(path), [0], "ogan-bench run")
    assert record["header"] == read_header(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name: x\n# Note: below\n",
        "# no label\nname: x\n",
        "# yaml-language-server: $schema=x\n",
    ],
)
def test_a_file_without_labels_has_no_header(text: str) -> None:
    assert read_header(text) == {}


def test_a_blank_comment_ends_a_text() -> None:
    text = "# Expected: one\n#           two: three\n#\n# four\n# Note: five\n"
    assert read_header(text) == {"Expected": "one two: three", "Note": "five"}
