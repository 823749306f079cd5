"""Which figures are drawn by default, and how a report names the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ogan_bench.analysis.analyse import analyse, analyse_stored
from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.selection import selected
from ogan_bench.errors import UserError
from ogan_bench.report.figure_list import (
    SELECTIONS,
    Selection,
    count_figures,
    drawings,
    main_figures,
)
from ogan_bench.report.figures.style import COLOURS
from ogan_bench.report.report import write_report
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from tests.unit.analysis.study_with_history import write_with_history
from tests.unit.report.figures.drawn_parts import drawn, lines_of

MAIN = {"forest", "seeds-reconstruction_mse", "curve-rho"}
MORE = {
    "seeds-latent_rho", "seeds-gradient_cosine_output", "seeds-step_flops",
    "course-reconstruction_mse", "course-latent_rho", "mechanism-gradient_cosine_output",
}  # fmt: skip


def with_metrics(root: Path, **changes: Any) -> Path:
    """The stored study of two metrics, of which a hypothesis names the first."""
    write_with_history(root)
    store = TrialStore(root)
    hypothesis = {
        "id": "better", "claim": "It is.", "test": "superiority", "arm": "pearson",
        "metric": "reconstruction_mse", "control": "none", "margin": None,
    }  # fmt: skip
    record = {**store.read_study("demo"), "hypotheses": [hypothesis], **changes}
    store.write_study("demo", record)
    return root


def test_main_figures_are_those_of_the_metrics_that_hypotheses_name(tmp_path: Path) -> None:
    analysis = analyse_stored(with_metrics(tmp_path), "demo")
    assert set(drawings(analysis)) == MAIN
    assert set(drawings(analysis, "all")) == MAIN | MORE
    assert count_figures(analysis) == len(MAIN | MORE)


CURVES = {
    ("none", 0): [[0.5, 0.0], [0.0, 0.5]],
    ("none", 1): [[0.7, 0.0], [0.0, 0.9]],
    ("pearson", 0): [[1.0, 0.0], [0.0, 1.0]],
}


def test_curves_of_precision_and_recall_are_drawn_where_they_were_measured(tmp_path: Path) -> None:
    root, metric = with_metrics(tmp_path), "prd_precision_classifier"
    for (arm, seed), curve in CURVES.items():
        folder = root / "demo" / arm / f"seed-{seed}"
        result = TrialFolder(folder).read("result.json")
        assert result is not None
        row = {"metric": metric, "value": 0.5, "n_samples": 9, "split": "train", "curve": curve}
        result.pop("seal", None)
        TrialFolder(folder).write("result.json", {**result, "metrics": [*result["metrics"], row]})
    analysis = analyse_stored(root, "demo")
    assert set(drawings(analysis)) == {*MAIN, "plane-prd"}
    drawing = drawings(analysis)["plane-prd"]
    assert "PRD precision (F_1/8)" in drawing.alt
    (axes,) = drawn(drawing).axes
    thin, thick = lines_of(axes)
    assert [line.tolist() for line in thin.get_segments()] == list(CURVES.values())
    assert thick.get_segments()[0] == pytest.approx(np.array([[0.6, 0.0], [0.0, 0.7]]))
    assert "![Precision against recall" in write_report(analysis).markdown.read_text()
    assert "plane-prd" not in drawings(selected(analysis, None, ["latent_rho"]), "all")


def test_arms_of_a_sweep_are_shown_along_it(tmp_path: Path) -> None:
    arms: dict[str, dict[str, Any]] = {
        name: {"objective": {"consistency_weight": {"weight": weight}}}
        for name, weight in (("none", 0.0), ("pearson", 1.0), ("strong", 8.0))
    }
    swept = analyse(load_results(with_metrics(tmp_path, arms=arms), "demo"))
    assert main_figures(swept) == {"forest", "level-reconstruction_mse", "curve-rho"}
    arms["aside"] = {"objective": {"consistency_weight": {"name": "other"}}}
    partly = analyse(load_results(with_metrics(tmp_path, arms=arms), "demo"))
    assert main_figures(partly) == {*main_figures(swept), "seeds-reconstruction_mse"}


def test_a_selection_draws_its_arms_and_metrics_and_every_hypothesis(tmp_path: Path) -> None:
    analysis = analyse_stored(with_metrics(tmp_path), "demo")
    part = selected(analysis, ["pearson"], ["latent_rho"])
    figures = drawings(part, "all")
    assert {"forest", "seeds-latent_rho", "course-latent_rho"} <= set(figures)
    assert "seeds-reconstruction_mse" not in figures
    assert set(drawings(part)) == {"forest", "seeds-latent_rho", "curve-rho"}
    for name in ("seeds-latent_rho", "course-latent_rho", "curve-rho"):
        assert "pearson" in figures[name].alt
        assert "none" not in figures[name].alt, name
    assert figures["forest"].alt == drawings(analysis)["forest"].alt


def test_an_arm_keeps_its_colour_in_a_selection(tmp_path: Path) -> None:
    analysis = analyse_stored(with_metrics(tmp_path), "demo")
    second = COLOURS[1]
    for shown in (analysis, selected(analysis, ["pearson"])):
        (axes,) = drawn(drawings(shown)["seeds-reconstruction_mse"]).axes
        assert any(line.get_color() == second for line in axes.lines)


def test_a_report_says_how_to_get_the_other_figures(tmp_path: Path) -> None:
    analysis = analyse_stored(with_metrics(tmp_path), "demo")
    command = "ogan-bench report demo --figures all"

    def texts(figures: Selection) -> tuple[str, str]:
        report = write_report(analysis, figures=figures)
        return report.markdown.read_text(), report.html.read_text()

    main, every = texts("main"), texts("all")
    assert f"6 more figures: `{command}`" in main[0]
    assert f"6 more figures: <code>{command}</code>" in main[1]
    assert not any(command in text for text in every)
    assert {path.stem for path in (tmp_path / "demo" / "figures").iterdir()} == MAIN | MORE


def test_the_figures_change_no_table(tmp_path: Path) -> None:
    analysis = analyse_stored(with_metrics(tmp_path), "demo")
    tables = [
        {
            name: path.read_bytes()
            for name, path in write_report(
                analysis, formats=("csv", "json", "latex"), figures=figures
            ).files.items()
        }
        for figures in SELECTIONS
    ]
    assert tables[0] == tables[1]


def test_unknown_selections_are_refused(tmp_path: Path) -> None:
    analysis = analyse_stored(with_metrics(tmp_path), "demo")
    with pytest.raises(UserError, match="no 'png'; known: main, all"):
        write_report(analysis, figures="png")  # type: ignore[arg-type]
