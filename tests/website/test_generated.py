"""Pages made from the code say what the code says, of everything that there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from ogan_bench import cli
from ogan_bench.metrics import METRICS
from ogan_bench.metrics.cautions import CAUTIONS
from ogan_bench.metrics.formulas import FORMULAS
from ogan_bench.study import catalogue
from website.commands import command_page, commands
from website.markdown import markdown, table
from website.metrics import QUESTIONS, metric_pages
from website.parts import TITLES, entries, part_pages, prose, sources
from website.verified import verified

ROOT = Path(__file__).parent.parent.parent
VERIFICATION = (ROOT / "docs" / "verification.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("``a_b`` and `c*d`", "`a_b` and `c*d`"),
        ("a_b*c <d> [e] |f|", "a\\_b\\*c \\<d\\> \\[e\\] \\|f\\|"),
        (
            "in arXiv 1706.08500, too",
            "in [arXiv 1706.08500](https://arxiv.org/abs/1706.08500), too",
        ),
        ("2018, https://arxiv.org/abs/1811.07296.", "2018, <https://arxiv.org/abs/1811.07296>."),
        ("see :mod:`~ogan_bench.models.modulation`", "see `modulation`"),
    ],
)
def test_texts_of_the_code_stay_texts(text: str, shown: str) -> None:
    assert markdown(text) == shown


def test_a_bar_does_not_end_a_cell() -> None:
    assert (
        table(("a", "b"), [("`x|y`", "c\nd")]) == "| a | b |\n| --- | --- |\n| `x\\|y` | c d |\n\n"
    )


def test_every_option_of_every_command_is_on_the_page() -> None:
    page = command_page()
    root: Any = typer.main.get_command(cli.app)
    found = list(commands(root, "ogan-bench"))
    assert [path for path, _, _ in found] == re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert "ogan-bench data prepare" in page
    sections = page.split("\n## ")[1:]
    for section, (path, command, context) in zip(sections, found, strict=True):
        shown = [param for param in command.get_params(context) if param.get_help_record(context)]
        for param in shown:
            if param.param_type_name == "option":
                assert all(name in section for name in param.opts), (path, param.opts)
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        assert len(rows) == len(shown), path


def test_every_metric_is_defined_once() -> None:
    pages = metric_pages(ROOT)
    assert set(pages) == {f"metrics/{name}.md" for name in QUESTIONS}
    rows = re.findall(r"^(?:\| |\* name: )`(\w+)`", "".join(pages.values()), re.MULTILINE)
    assert sorted(rows) == sorted(METRICS)
    files = {path.stem for path in (ROOT / "ogan_bench" / "metrics").glob("*.py")}
    assert set(QUESTIONS) == files - {
        *("__init__", "definition", "feature_spaces", "primary", "cautions", "formulas")
    }


def test_a_metric_has_its_definition_direction_and_source() -> None:
    page = metric_pages(ROOT)["metrics/latent.md"]
    entry = next(part for part in page.split("\n## ") if "name: `latent_rho`" in part)
    metric = METRICS["latent_rho"]
    assert entry.startswith(f"{markdown(metric.title)}\n\n{markdown(metric.definition)}\n")
    assert f"\n`{FORMULAS['latent_rho']}`\n" in entry
    assert "* higher is better\n" in entry
    assert f"* source: {markdown(metric.source)}\n" in entry


def test_metrics_that_differ_in_their_space_alone_share_an_entry() -> None:
    page = metric_pages(ROOT)["metrics/fidelity.md"]
    entry = next(part for part in page.split("\n## ") if "| `fid` |" in part)
    assert "| `fd_classifier` | classifier | always measured | 2 |" in entry
    assert "in a feature space." in entry


def test_what_a_metric_missed_is_what_the_verification_counts() -> None:
    found = verified(VERIFICATION)
    heads = re.findall(r"^\| defect \| should be \| (.*) \|$", VERIFICATION, re.MULTILINE)
    counts = re.findall(r"^\| passed \|  \| (.*) \|$", VERIFICATION, re.MULTILINE)
    stated = {
        title: count
        for head, count in zip(heads, counts, strict=True)
        for title, count in zip(head.split(" | "), count.split(" | "), strict=True)
    }
    assert len(stated) > 15
    assert stated == {
        title: f"{one.defects - len(one.missed)} of {one.defects}" for title, one in found.items()
    }
    assert found["precision"].missed[0] == (
        "half the standard deviation, 16 dimensions: should be same, 0.781 → 1"
    )


def test_every_caution_and_every_verification_is_on_a_page() -> None:
    pages = "".join(metric_pages(ROOT).values())
    assert pages.count("* verification: ") == len(verified(VERIFICATION))
    assert [text for text in CAUTIONS.values() if markdown(text) not in pages] == []


def test_every_part_is_on_the_page_of_its_kind() -> None:
    assert set(TITLES) == set(catalogue.KINDS)
    for path, page in part_pages().items():
        found = catalogue.parts(Path(path).stem)
        sections = page.split("\n## ")[1:]
        assert [section.split("`")[1] for section in sections] == list(found)
        for section, part in zip(sections, found.values(), strict=True):
            rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
            assert rows == [parameter.name for parameter in part.parameters]


def test_a_system_has_its_formulas_parameters_and_source() -> None:
    page = part_pages()["parts/objectives.md"]
    entry = next(part for part in page.split("\n## ") if part.startswith("`bigan`\n"))
    assert "\nE: log(1 + e^-s(x, E(x))).\\\nG: log(1 + e^s(G(z), z)).\n" in entry
    assert "| `hidden` | int, above 0 | `1024` | Width of the critic's joint layers. |" in entry
    assert "Adversarial Feature Learning, 2017, <https://arxiv.org/abs/1605.09782>\n" in entry


def test_docstrings_are_taken_apart() -> None:
    assert entries("a: One\n    line.\nb: Two.\n") == {"a": "One line.", "b": "Two."}
    remark = "A, https://a.org/1 (the first)\nB,\nhttps://b.org"
    assert sources(remark) == ["A, https://a.org/1 (the first)", "B, https://b.org"]
    assert sources("A, 2018,\nhttps://a.org/1\nB, 2020\n") == [
        "A, 2018, https://a.org/1",
        "B, 2020",
    ]
    assert prose("One line\nwraps.") == "One line\nwraps.\n\n"
    assert prose("    x = 1") == "```python\nx = 1\n```\n\n"
