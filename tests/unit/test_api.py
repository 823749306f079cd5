"""The Python interface: what notebooks and scripts use."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ogan_bench as ob
from ogan_bench.errors import UserError
from ogan_bench.study.shipped import shipped_studies
from tests.unit.analysis.stored_study import build

REFERENCE = Path(__file__).parent.parent.parent / "results" / "reference"
STUDY = "mse_vs_pearson"


def test_the_package_imports_nothing_heavy_until_it_is_used() -> None:
    code = (
        "import sys, ogan_bench; "
        "assert not {'torch', 'pandas', 'pydantic', 'matplotlib'} & set(sys.modules); "
        "ogan_bench.load_results; "
        "assert 'pandas' in sys.modules; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_public_name_is_there() -> None:
    assert dir(ob) == sorted(ob.__all__)
    for name in ob.__all__:
        assert getattr(ob, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ob.nothing


def test_a_study_from_its_file_or_by_its_name() -> None:
    study = ob.Study.from_yaml(STUDY, scale="smoke", overrides=["training.steps=7"])
    assert study == ob.Study.from_yaml(
        shipped_studies()[STUDY], scale="smoke", overrides=["training.steps=7"]
    )
    assert study.name == f"{STUDY}-smoke"
    assert study.seeds == [0, 1]
    assert "pearson" in study.arms
    assert len(study.trials(arms=["none"])) == 2
    assert {trial.settings.training.steps for trial in study.trials()} == {7}
    assert study.hypotheses["id"].tolist()[0] == "encoder_works"
    assert study.question.split()[0] in study._repr_html_()


def test_measurements_are_one_tidy_table() -> None:
    data = ob.load_results(REFERENCE, STUDY)
    same = ob.load_results(REFERENCE / STUDY)
    assert data.equals(same)
    assert data.columns[:6].tolist() == ["study", "dataset", "arm", "seed", "outcome", "metric"]
    assert data["dataset"].unique().tolist() == ["digits at 16"]
    assert data.groupby(["arm", "seed"]).ngroups == 50
    assert not data.duplicated(["arm", "seed", "metric"]).any()
    both = ob.load_results(REFERENCE, STUDY, "score_readouts")
    assert set(both["study"]) == {STUDY, "score_readouts"}


def test_an_empty_folder_gives_an_empty_table_and_a_wrong_name_an_error(tmp_path: Path) -> None:
    assert ob.load_results(tmp_path).empty
    build(tmp_path)  # whose record does not name its data
    assert set(ob.load_results(tmp_path)["dataset"]) == {"unknown data"}
    with pytest.raises(UserError, match="no such study"):
        ob.load_results(tmp_path, "nothing")
    (tmp_path / "results.zip").touch()
    for name, said in (("resluts", "no such folder"), ("results.zip", "a file, and no results")):
        with pytest.raises(UserError, match=f"{name}: {said}"):
            ob.load_results(tmp_path / name)


def test_results_know_their_verdicts_and_show_themselves() -> None:
    results = ob.Results(REFERENCE, STUDY)
    verdicts = results.verdicts.set_index("id")
    assert verdicts["decision"]["encoder_works"] == "supported"
    assert verdicts["high"].astype(float)["encoder_works"] < 0
    shown = results._repr_html_()
    assert "supported" in shown
    assert STUDY in shown
    assert "; registered</p>" in shown
    assert {"mean", "low", "difference"} <= set(results.summary.columns)
    assert "rho" in results.log
    assert (results.trials["outcome"].isin(["ok", "collapsed"])).all()


def test_forest_shows_paired_differences_to_the_control(tmp_path: Path) -> None:
    data = ob.load_results(REFERENCE, STUDY)
    drawing = ob.figures.forest(data, "fd_classifier", control="none")
    values = data[data["metric"] == "fd_classifier"].pivot_table(
        index="seed", columns="arm", values="value"
    )
    change = values["mse"] - values["none"]
    assert f"mse − none {change.mean():.1f}" in drawing.alt
    assert "none − none" not in drawing.alt
    for name in ("f.svg", "f.png", "f.pdf"):
        assert drawing.save(tmp_path / name).stat().st_size > 1000
    assert drawing._repr_svg_().startswith("<?xml")
    with pytest.raises(UserError, match="end the name in"):
        drawing.save(tmp_path / "f.jpg")


def test_figures_of_arms_on_other_data_do_not_compare_them() -> None:
    data = ob.load_results(REFERENCE, "mode_collapse")
    alt = ob.figures.forest(data, "modes_points", control="ring_none").alt
    assert "ring_pearson" in alt
    assert "grid" not in alt


def test_a_forest_needs_something_to_compare() -> None:
    """Before, one arm alone was a ZeroDivisionError."""
    data = ob.load_results(REFERENCE, STUDY)
    with pytest.raises(UserError, match="no arm to compare 'none' with"):
        ob.figures.forest(data[data["arm"] == "none"], "fd_classifier")


def test_figures_of_several_studies_compare_arms_within_each(tmp_path: Path) -> None:
    data = ob.load_results(REFERENCE, STUDY, "score_readouts")
    seeds = ob.figures.seeds(data, "fd_classifier")
    grid = seeds.figure().axes
    assert [axes.get_title() for axes in grid] == [STUDY, "score_readouts"]
    drawn = {study: len(rows["arm"].unique()) for study, rows in data.groupby("study", sort=False)}
    means = [np.asarray(axes.collections[1].get_offsets()) for axes in grid]
    assert [len(points) for points in means] == list(drawn.values())
    forest = ob.figures.forest(data, "fd_classifier")
    alone = ob.figures.forest(data[data["study"] == STUDY], "fd_classifier")
    for part in alone.alt.removesuffix(".").split("; "):
        assert f"{STUDY}: {part}" in forest.alt
    assert "score_readouts: " in forest.alt
    for drawing in (seeds, forest):
        assert drawing.save(tmp_path / "f.png").stat().st_size > 1000


def test_several_studies_share_the_metric_of_a_figure() -> None:
    data = ob.load_results(REFERENCE, "mode_collapse", STUDY)
    with pytest.raises(UserError, match=f"{STUDY}: no metric 'modes_points'"):
        ob.figures.seeds(data, "modes_points")
    with pytest.raises(UserError, match="mode_collapse: no arm 'pearson_strong'"):
        ob.figures.forest(data, control="pearson_strong")
    assert ob.figures.seeds(data).title.startswith("reconstruction MSE")
    apart = data[data["metric"] == data["study"].map({STUDY: "fd_classifier"}).fillna("latent_rho")]
    with pytest.raises(UserError, match="no metric in common"):
        ob.figures.seeds(apart)
    with pytest.raises(UserError, match="have none"):
        ob.figures.seeds(data.iloc[:0])


def test_figures_are_of_known_names() -> None:
    one = ob.load_results(REFERENCE, STUDY)
    with pytest.raises(UserError, match=r"no metric 'fd_clasifier'.* 'fd_classifier'"):
        ob.figures.seeds(one, "fd_clasifier")
    with pytest.raises(UserError, match="no arm 'non'"):
        ob.figures.forest(one, control="non")
    means = one[one["metric"] == "reconstruction_mse"].groupby("arm")["value"].mean()
    alt = ob.figures.seeds(one, "reconstruction_mse").alt
    assert f"none {means['none']:.4f}" in alt


def test_a_report_of_some_arms_and_metrics_is_written_elsewhere(tmp_path: Path) -> None:
    results = ob.Results(REFERENCE, STUDY)
    arms, metrics = ["pearson", "none"], ["latent_rho", "fd_classifier"]
    report = results.report(
        formats=("csv",), arms=arms, metrics=metrics, transpose=True, out=tmp_path
    )
    assert report.table == tmp_path / STUDY / "table.csv"
    table = pd.read_csv(report.table)
    assert table["arm"].unique().tolist() == arms
    assert table["metric"].unique().tolist() == metrics
    assert "2 of 5 arms" in report.record["shown"]
    assert re.search(r"^ +Pearson +no term *$", report.text, re.MULTILINE)  # arms are columns
    with pytest.raises(UserError, match="no arm 'non'"):
        results.report(arms=["non"], out=tmp_path)
    with pytest.raises(UserError, match=r"formats: no 'pdf'; known: html, md"):
        results.report(formats=("pdf",), out=tmp_path / "more")
    with pytest.raises(UserError, match="a selection needs another folder"):
        results.report(arms=["none"])
    assert not (tmp_path / "more").exists()


@pytest.mark.slow
def test_a_study_runs_and_is_not_run_twice(tmp_path: Path) -> None:
    study = ob.Study.from_yaml(STUDY, scale="smoke", overrides=["training.steps=4"])
    results = ob.run(study, tmp_path, arms=["none", "pearson"], seeds=[3], device="cpu")
    assert results.name == f"{STUDY}-smoke"
    assert results.data["seed"].unique().tolist() == [3]
    assert set(results.data["arm"]) == {"none", "pearson"}
    first = (tmp_path / study.name / "none" / "seed-3" / "result.json").stat().st_mtime_ns
    again = ob.run(study, tmp_path, arms=["none", "pearson"], seeds=[3], device="cpu")
    assert (tmp_path / study.name / "none" / "seed-3" / "result.json").stat().st_mtime_ns == first
    assert np.isfinite(again.data["value"]).any()
    assert math.isnan(again.verdicts["p"].iloc[0])  # one seed decides nothing
    assert again.report().html.exists()
    assert again.stored.standing.registered is not None
