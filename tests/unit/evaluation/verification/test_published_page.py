"""The published verification is of the experiments and metrics that the program has now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ogan_bench.cli.verify import LARGE, POINTS
from ogan_bench.evaluation.fidelity.quantities import DEFINITIONS
from ogan_bench.evaluation.verification import verify
from ogan_bench.evaluation.verification.experiments import CHECKS, EXPERIMENTS, Kind
from ogan_bench.evaluation.verification.smallest_defect import FAMILIES
from ogan_bench.evaluation.verification.tables import check_table, limit_table
from ogan_bench.evaluation.verification.verify import Limit

PAGE = (Path(__file__).parents[4] / "docs" / "verification.md").read_text(encoding="utf-8")
KINDS: tuple[Kind, ...] = ("fidelity", "diversity", "distance")
MEASURED = ("fd", "precision", "recall", "clipped_density", "clipped_coverage")


def rows(kind: Kind) -> list[list[str]]:
    """Cells of the published table of a kind, with its header."""
    text = PAGE.split(f"\n{kind.capitalize()}:\n")[1].strip().split("\n\n")[0]
    return [line.strip("| ").split(" | ") for line in text.splitlines()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_metric_and_every_experiment_is_in_the_table(kind: Kind) -> None:
    header, _, *cells, total = rows(kind)
    of_kind = [name for name, of in verify.judged().items() if of == kind]
    assert header[2:] == [DEFINITIONS[name].title for name in of_kind]
    expected = [
        (experiment.title, experiment.desired[kind])
        for experiment in EXPERIMENTS.values()
        if kind in experiment.desired
    ]
    assert [(row[0], row[1]) for row in cells] == expected
    for column, count in enumerate(re.findall(r"(\d+) of (\d+)", " | ".join(total)), start=2):
        passed = sum(row[column].endswith("pass") for row in cells)
        assert count == (str(passed), str(len(cells)))


def test_the_page_says_which_checks_of_the_paper_they_stand_for() -> None:
    assert len(CHECKS) == 15
    assert {name for names in CHECKS.values() for name in names} <= set(EXPERIMENTS)
    assert check_table() in PAGE


def test_cells_are_what_the_program_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    few = ("mode_dropped", "one_coordinate_scaled")
    monkeypatch.setattr(verify, "EXPERIMENTS", {name: EXPERIMENTS[name] for name in few})
    without = [name for name in verify.judged() if name not in MEASURED]
    found = verify.outcomes(1000, without=without)
    assert {outcome.quantity for outcome in found} == set(MEASURED)
    for outcome in found:
        kind = verify.judged()[outcome.quantity]
        header, _, *cells, _ = rows(kind)
        if kind not in EXPERIMENTS[outcome.experiment].desired:
            continue
        (row,) = [cell for cell in cells if cell[0] == EXPERIMENTS[outcome.experiment].title]
        shown = row[header.index(DEFINITIONS[outcome.quantity].title)]
        before, after, verdict = re.fullmatch(r"(\S+) → (\S+) (\S+)", shown).groups()  # type: ignore[union-attr]
        assert (outcome.base, outcome.defect) == pytest.approx(
            (float(before), float(after)), rel=0.02, abs=1e-3
        )
        assert (verdict == "pass") == outcome.passed


def smallest_defects() -> list[list[str]]:
    """Cells of the published table of smallest defects, with its header."""
    text = "| smallest defect found" + PAGE.split("| smallest defect found")[1].split("\n\n")[0]
    return [line.strip("| ").split(" | ") for line in text.splitlines()]


def test_smallest_defects_are_of_every_metric_at_both_sizes() -> None:
    made = limit_table(
        [
            Limit(family, name, n, None)
            for n in (POINTS, LARGE)
            for family in FAMILIES
            for name in verify.judged()
        ]
    )
    expected = [line.strip("| ").split(" | ") for line in made.splitlines()]
    found = smallest_defects()
    assert found[0] == expected[0]
    assert [row[0] for row in found[2:]] == [row[0] for row in expected[2:]]


def test_smallest_defects_are_what_the_program_measures() -> None:
    found = verify.limits(POINTS, without=[name for name in verify.judged() if name != "fd"])
    header, _, *rows = smallest_defects()
    (row,) = [row for row in rows if row[0] == DEFINITIONS["fd"].title]
    for limit in found:
        column = header.index(f"{FAMILIES[limit.family].title}, n = {POINTS:,}")
        assert float(row[column]) == limit.smallest
