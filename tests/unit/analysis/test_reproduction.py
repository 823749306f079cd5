"""Comparison of results with a reference."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.reproduction import compare
from ogan_bench.report.report import write_report
from tests.unit.analysis.stored_study import ARMS, SEEDS, change_rows, row_of


def test_comparison_with_a_reference(root: Path, tmp_path: Path) -> None:
    reference = shutil.copytree(root, tmp_path / "reference")
    for seed in SEEDS:
        change_rows(reference, "pearson", seed, "reconstruction_mse", value=0.5 + seed / 100)
        for arm in set(ARMS):
            if (reference / "demo" / arm / f"seed-{seed}" / "result.json").exists():
                change_rows(reference, arm, seed, "modes_classifier", extractor="another")
    for seed in SEEDS[1:]:
        shutil.rmtree(reference / "demo" / "broken" / f"seed-{seed}")
    frame = compare(load_results(root, "demo"), load_results(reference, "demo"))
    agrees = {arm: row_of(frame, "reconstruction_mse", arm)["agrees"] for arm in ARMS}
    assert agrees == {"none": "yes", "pearson": "no", "mse": "yes", "broken": "too few"}
    unlike = row_of(frame, "modes_classifier", "none")
    assert unlike["agrees"] == "not comparable"
    assert "extractor: classifier-digits-1 here, another in the reference" in unlike["note"]
    assert math.isnan(unlike["difference"])
    report = write_report(analyse_stored(root, "demo", against=reference))
    assert "Comparison with the reference" in report.html.read_text()
    assert "another in the reference" in report.markdown.read_text()
