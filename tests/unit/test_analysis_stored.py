"""What a report takes from stored files: pictures, steps, samplings, outcomes; and its formats."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
import webbrowser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ogan_bench.analysis.loading import load_log, load_results
from ogan_bench.analysis.results import StudyResults, runs
from ogan_bench.analysis.summary import summarise
from ogan_bench.analysis.tables import health, main_table, reproduce, seed_ranges
from ogan_bench.analysis.variance import variance
from ogan_bench.cli import app
from ogan_bench.report import image_grids as contact_module
from ogan_bench.report.export import latex
from ogan_bench.report.image_grids import contact, steps
from ogan_bench.report.parallel import write_reports
from ogan_bench.report.report import FORMATS, write_index, write_report
from ogan_bench.statistics import pooled_components
from ogan_bench.store.trial_store import TrialFolder, TrialStore
from ogan_bench.study.trial import config_hash

PICTURE = b"\x89PNG not really"
ERRORS = {"none": [3.0, 1.0, 2.0], "pea_rson": [0.3, 0.1, 0.2]}
ROW = {"n_samples": 9, "split": "test", "extractor": None, "protocol": "1", "floor": None,
       "note": None}  # fmt: skip


def settings(arm: str) -> dict[str, Any]:
    return {
        "data": {"name": "digits"},
        "objective": {"consistency": {"name": arm}, "adversarial": {"name": "linear"}},
    }


def write(root: Path, name: str = "demo", spread: int = 0) -> Path:
    """A study of two arms with three seeds, the metrics one apart."""
    record = {
        "format": 1, "name": name, "scale": None, "folder": name, "question": "Does it?",
        "source": "", "alpha": 0.05, "seeds": [0, 1, 2], "metrics": ["reconstruction_mse"],
        "hypotheses": [
            {"id": "better", "claim": "It is.", "test": "superiority", "arm": "pea_rson",
             "metric": "reconstruction_mse", "control": "none", "margin": None}
        ],
        "arms": {arm: settings(arm) for arm in ERRORS},
        "command": f"ogan-bench run studies/{name}.yaml", "study_file_sha256": "0" * 64,
    }  # fmt: skip
    TrialStore(root).write_study(name, record)
    for arm, errors in ERRORS.items():
        for seed, error in enumerate(errors):
            folder = trial(root, arm, seed, name)
            identity: dict[str, Any] = {"format": 1, "study": name, "arm": arm, "seed": seed}
            identity["config_hash"] = config_hash({**settings(arm), "seed": seed})
            folder.write("run.json", {**identity, "config": settings(arm), "provenance": {}})
            rows = [{"metric": "reconstruction_mse", "value": error, **ROW}]
            training = {"steps": 20, "seconds": 2.0, "images_per_second": 1000.0 + seed}
            result = {**identity, "outcome": "ok", "metrics": rows, "training": training}
            folder.write("result.json", result)
            for step in (10, 20):
                folder.log.append({"step": step, "rho": step / 100 + seed / 10})
            (folder.path / "samples.png").write_bytes(PICTURE + bytes([seed]))
            for index in range(spread):
                folder.step_picture(500 * index).parent.mkdir(exist_ok=True)
                folder.step_picture(500 * index).write_bytes(PICTURE)
    return root


def trial(root: Path, arm: str, seed: int, name: str = "demo") -> TrialFolder:
    return TrialFolder(root / name / arm / f"seed-{seed}")


def load(root: Path) -> StudyResults:
    return load_results(root, "demo")


def shown(rows: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    return [(row["arm"], row["seed"], row["which"]) for row in rows]


def test_median_and_worst_seeds_stand_side_by_side_and_one_z(tmp_path: Path) -> None:
    samples, same = contact(load(write(tmp_path)))
    assert shown(samples["rows"]) == [
        ("none", 2, "median"), ("none", 0, "worst"),
        ("pea_rson", 2, "median"), ("pea_rson", 0, "worst"),
    ]  # fmt: skip
    assert shown(same["rows"]) == [("none", 0, "same z"), ("pea_rson", 0, "same z")]
    links = [row["picture"].link for group in (samples, same) for row in group["rows"]]
    assert all((tmp_path / "demo" / link).is_file() for link in links)


def test_one_z_is_of_the_lowest_seed_that_all_arms_have(tmp_path: Path) -> None:
    (trial(write(tmp_path), "none", 0).path / "samples.png").unlink()
    assert shown(contact(load(tmp_path))[1]["rows"]) == [
        ("none", 1, "same z"), ("pea_rson", 1, "same z"),
    ]  # fmt: skip


def test_too_many_pictures_leave_the_worst_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_module, "MOST_BYTES", 100)
    groups = contact(load(write(tmp_path)))
    assert {row["which"] for group in groups for row in group["rows"]} == {"median", "same z"}


def test_steps_are_evenly_chosen_of_those_that_all_have(tmp_path: Path) -> None:
    results = load(write(tmp_path, spread=30))
    trial(tmp_path, "none", 2).step_picture(500 * 29).unlink()
    table = steps(results)
    assert len(table["steps"]) == contact_module.MOST_STEPS
    assert (table["steps"][0], table["steps"][-1]) == (0, 500 * 28)
    assert [(row["arm"], row["seed"], len(row["pictures"])) for row in table["arms"]] == [
        ("none", 2, 12), ("pea_rson", 2, 12),
    ]  # fmt: skip
    assert table["arms"][0]["pictures"][0].link == "none/seed-2/steps/step-0000000.png"


def test_without_step_pictures_there_are_no_steps(tmp_path: Path) -> None:
    assert steps(load(write(tmp_path))) == {"steps": [], "arms": []}


def test_variance_is_split_between_training_and_sampling(tmp_path: Path) -> None:
    write(tmp_path)
    assert variance(load(tmp_path)) == []
    tables = []
    for arm, errors in ERRORS.items():
        tables.append([[error, error + 0.02, error + 0.04] for error in errors])
        for seed, (_, second, third) in enumerate(tables[-1]):
            rows = {
                number: [{"metric": "reconstruction_mse", "value": value, **ROW},
                         {"metric": "latent_rho", "value": None, **ROW}]
                for number, value in ((1, second), (2, third))
            }  # fmt: skip
            trial(tmp_path, arm, seed).write_samplings(rows)
    expected = pooled_components(tables)
    (row,) = variance(load(tmp_path))
    assert (row["metric"], row["arm"], row["n"]) == ("reconstruction_mse", "all", 18)
    assert row["sampling_sd"] == pytest.approx(0.02)
    assert row["training_sd"] == pytest.approx(math.sqrt(expected.between))
    assert row["share"] == pytest.approx(expected.share_between)
    assert "Where the variance comes from" in write_report(tmp_path, "demo").html.read_text()


def test_health_has_outcomes_and_last_logged_values(tmp_path: Path) -> None:
    trial(write(tmp_path), "none", 1).path.joinpath("result.json").unlink()
    results = load(tmp_path)
    none, pearson = health(results, load_log(results))
    assert (none["ok"], none["unfinished"], pearson["ok"]) == (2, 1, 3)
    assert none["ρ"] == "0.3"  # 0.2 at the end, and a tenth for each seed
    assert (none["images/s"], pearson["images/s"]) == ("1,001", "1,001")


def test_rules_of_outcomes_are_applied_where_results_are_read(tmp_path: Path) -> None:
    write(tmp_path)
    folder = trial(tmp_path, "none", 0)
    result = folder.read("result.json")
    assert result is not None
    rows = [*result["metrics"], {"metric": "recall_classifier", "value": 0.0, **ROW}]
    folder.write("result.json", {**result, "metrics": rows})
    stopped = trial(tmp_path, "none", 1)
    stopped.write("result.json", {**result, "seed": 1, "outcome": "stopped", "reason": "budget"})
    results = load(tmp_path)
    assert [results.trial("none", seed)["outcome"] for seed in range(3)] == [
        "collapsed", "stopped", "ok",
    ]  # fmt: skip
    assert results.by_seed("none", "reconstruction_mse") == {0: 3.0, 2: 2.0}


def test_every_arm_has_its_command(tmp_path: Path) -> None:
    assert reproduce(load(write(tmp_path))) == [
        {"arm": arm,
         "command": f"ogan-bench run studies/demo.yaml --arms {arm} --seeds 0-2"}
        for arm in ERRORS
    ]  # fmt: skip
    assert seed_ranges([7, 0, 1, 2, 9]) == "0-2,7,9"


def test_all_formats_are_written_and_the_same_again(tmp_path: Path) -> None:
    write(tmp_path)

    def files() -> dict[str, bytes]:
        report = write_report(tmp_path, "demo", formats=FORMATS, figures=("png", "svg", "pdf"))
        assert tuple(report.files) == FORMATS
        paths = [*report.files.values(), *(tmp_path / "demo" / "figures").iterdir()]
        return {path.name: path.read_bytes() for path in paths}

    first = files()
    assert first == files()
    assert {"forest.svg", "forest.png", "forest.pdf"} <= set(first)
    assert "(figures/forest.png)" in first["report.md"].decode()


def test_only_what_is_asked_for_is_written(tmp_path: Path) -> None:
    report = write_report(write(tmp_path), "demo", formats=("json",))
    assert list(report.files) == ["json"]
    assert not list((tmp_path / "demo").glob("report.[hm]*"))


def test_json_holds_the_numbers_and_nulls(tmp_path: Path) -> None:
    write(tmp_path)
    trial(tmp_path, "none", 2).path.joinpath("result.json").unlink()
    report = write_report(tmp_path, "demo", formats=FORMATS)
    text = report.files["json"].read_text()
    stored = json.loads(text, parse_constant=pytest.fail)
    assert (stored["study"], stored["control"]) == ("demo", "none")
    verdict = stored["verdicts"][0]
    assert verdict["outcome"] == report.verdicts[0].outcome
    assert verdict["finding"]["estimate"]["low"] == report.verdicts[0].finding.estimate.low
    assert "chance" not in verdict["finding"]
    with report.table.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["mean"] for row in stored["summary"]] == [float(row["mean"]) for row in rows]
    assert stored["summary"][0]["difference"] is None
    assert stored["deviations"] == []
    assert {row["outcome"] for row in stored["trials"]} == {"ok", "unfinished"}
    assert stored["ablation"]["rows"][0]["changes"] == ["objective.consistency: none → pea_rson"]


def test_latex_is_escaped_and_has_intervals(tmp_path: Path) -> None:
    results = load(write(tmp_path))
    rows = main_table(results, summarise(results))
    rows[1]["cells"][0]["best"] = True
    text = latex("50%_demo", rows, 3)
    assert r"\caption{50\%\_demo: means over up to 3" in text
    assert r"pea\_rson & \textbf{0.20} \\" in text
    assert r" & {\scriptsize [-0.05, 0.45]} \\".replace("-", "$-$") in text
    assert r"\toprule" in text
    assert text.count("{") == text.count("}")


def test_several_reports_equal_single_ones(tmp_path: Path) -> None:
    names = [f"study_{i}" for i in range(5)]
    for name in names:
        write(tmp_path, name)
    single = {}
    for name in names:
        report = write_report(tmp_path, name)
        single[name] = {path: path.read_bytes() for path in report.files.values()}
    index = write_index(tmp_path).read_bytes()
    reports = list(write_reports(tmp_path, names, None, ("html", "md", "csv"), ("svg",)))
    assert [report.html.parent.name for report in reports] == names
    for report in reports:
        files = {path: path.read_bytes() for path in report.files.values()}
        assert files == single[report.html.parent.name]
    assert (tmp_path / "index.html").read_bytes() == index


def test_command_writes_formats_and_opens_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    write(tmp_path)
    line = ["report", "demo", "--results", str(tmp_path), "--format", "html,latex", "--open"]
    result = CliRunner().invoke(app, line)
    assert result.exit_code == 0, result.output
    assert opened == [(tmp_path / "demo" / "report.html").resolve().as_uri()]
    assert (tmp_path / "demo" / "table.tex").exists()
    assert not (tmp_path / "demo" / "report.md").exists()
    unknown = CliRunner().invoke(app, [*line[:-3], "--format", "htlm"])
    assert "html" in str(unknown.exception)


def test_reports_need_no_torch(tmp_path: Path) -> None:
    write(tmp_path)
    code = (
        "import sys, pathlib; from ogan_bench.report.report import write_report;"
        f"write_report(pathlib.Path({str(tmp_path)!r}), 'demo');"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rows_of_a_trial_are_found_together(tmp_path: Path) -> None:
    log = load_log(load(write(tmp_path)))
    found = [(arm, seed, log["step"].to_numpy()[rows].tolist()) for arm, seed, rows in runs(log)]
    assert found == [(arm, seed, [10, 20]) for arm in ERRORS for seed in range(3)]
    assert list(runs(log.iloc[:0])) == []


def test_long_logs_are_thinned(tmp_path: Path) -> None:
    folder = trial(write(tmp_path), "none", 0)
    for step in range(30, 5030, 10):
        folder.log.append({"step": step, "rho": 0.5})
    log = load_log(load(tmp_path), most=50)
    own = log[(log["arm"] == "none") & (log["seed"] == 0)]["step"].tolist()
    assert (len(own), own[0], own[-1]) == (50, 10, 5020)
