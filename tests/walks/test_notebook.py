"""The researcher's way: the notebook of the guide runs from its first cell to its last."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.preprocessors import ExecutePreprocessor

ROOT = Path(__file__).parent.parent.parent
NOTEBOOK = "docs/guide/notebook.ipynb"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Its code cells, run in a copy of its place."""
    root = tmp_path_factory.mktemp("checkout")
    (root / NOTEBOOK).parent.mkdir(parents=True)
    for study in ("best_against_best", "sharing"):
        reference = Path("results/reference") / study
        shutil.copytree(ROOT / reference, root / reference)
    notebook = nbformat.read(ROOT / NOTEBOOK, as_version=4)
    place = {"metadata": {"path": str((root / NOTEBOOK).parent)}}
    ExecutePreprocessor(timeout=600).preprocess(notebook, place)
    assert (root / "docs/guide/forest.pdf").read_bytes().startswith(b"%PDF")
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(cell: Any, kind: str) -> str:
    """All that a cell shows of a kind."""
    return "".join(output.get("data", {}).get(kind, "") for output in cell.outputs)


def test_no_output_is_committed() -> None:
    notebook = nbformat.read(ROOT / NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell for cell in code if cell.outputs or cell.execution_count] == []


def test_every_cell_shows_what_the_text_says(cells: list[Any]) -> None:
    _, verdicts, numbers, forest, seeds, latex, encoder = cells
    assert "At the weights that are best for codes" in outputs(verdicts, "text/html")
    assert "refuted" in outputs(verdicts, "text/html")
    assert "separate" in outputs(numbers, "text/html")
    assert outputs(forest, "image/svg+xml") or outputs(forest, "image/png")
    assert outputs(seeds, "image/png")
    (printed,) = latex.outputs
    assert r"\begin{tabular}" in printed.text
    assert "((8, 32), (8, 16, 16, 1))" in outputs(encoder, "text/plain")


def test_nothing_warns(cells: list[Any]) -> None:
    said = [
        output.text for cell in cells for output in cell.outputs if output.get("name") == "stderr"
    ]
    assert said == []
