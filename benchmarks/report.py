"""How long the reports of 1,000 stored trials take, and where the time goes.

Two results folders are generated: one study of 20 arms and 50 seeds, and 40 studies of 25 trials. A
trial has 15 metrics, a training log, a history of evaluations and one small picture. ``ogan-bench
report`` is run on each as a user would, in wall-clock time; the reports alone are made in this
process, by CPU time, which other work on the machine hardly changes; then the parts of single
reports.

Run it as ``python benchmarks/report.py [--trials 1000] [--lines 50]``; it prints tables in
Markdown.
"""

from __future__ import annotations

import argparse
import functools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ogan_bench.analysis.analyse import analyse, analyse_stored
from ogan_bench.analysis.history import load_history
from ogan_bench.analysis.loading import load_log, load_results
from ogan_bench.analysis.summary import summarise
from ogan_bench.analysis.verdicts import judge
from ogan_bench.report.figure_list import drawings
from ogan_bench.report.figures import render
from ogan_bench.report.report import write_report
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.trial import config_hash

METRICS = (
    "reconstruction_mse", "reconstruction_mse_raw", "reconstruction_ratio", "latent_rho",
    "fd_classifier", "kd_classifier", "modes_classifier", "modes_kl_classifier",
    "precision_classifier", "recall_classifier", "density_classifier", "coverage_classifier",
    "probe_accuracy", "probe_accuracy_pca", "autoencoding_mse",
)  # fmt: skip
COLUMNS = (
    "encoder_loss", "generator_loss", "encoder_adversarial", "encoder_consistency",
    "encoder_penalty", "generator_adversarial", "generator_consistency", "score_real",
    "score_fake", "rho", "e_real_mean", "e_real_std", "e_fake_mean", "e_fake_std",
)  # fmt: skip
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cf"
    "c0000003010100c9fe92ef0000000049454e44ae426082"
)
HYPOTHESES = [
    {"id": f"claim_{metric}", "claim": "It is better.", "test": "superiority", "metric": metric,
     "arm": "arm_1", "control": "arm_0", "margin": None}
    for metric in METRICS[:6]
]  # fmt: skip


def write_json(path: Path, record: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))


def make_study(root: Path, name: str, arms: int, seeds: int, lines: int) -> None:
    """A study whose arms differ in the weight of the consistency term."""
    rng = np.random.default_rng(0)
    settings = {
        f"arm_{arm}": {
            "data": {"name": "digits"},
            "objective": {"name": "composed", "consistency_weight": {"weight": float(arm)}},
        }
        for arm in range(arms)
    }
    record = {
        "format": 1, "name": name, "folder": name, "question": "Does it work?", "source": "",
        "scale": None, "alpha": 0.05, "seeds": list(range(seeds)), "metrics": list(METRICS),
        "hypotheses": HYPOTHESES, "arms": settings, "command": f"ogan-bench run {name}.yaml",
        "study_file_sha256": "0" * 64,
    }  # fmt: skip
    write_json(root / name / "study.json", record)
    for arm, config in settings.items():
        for seed in range(seeds):
            folder = root / name / arm / f"seed-{seed}"
            identity = {"format": 1, "study": name, "arm": arm, "seed": seed}
            identity["config_hash"] = config_hash({**config, "seed": seed})
            provenance = {"torch": "2", "device": {"name": "cpu"}}
            write_json(
                folder / "run.json", {**identity, "config": config, "provenance": provenance}
            )
            measured = [
                {"metric": metric, "value": value, "n_samples": 2000, "split": "test",
                 "extractor": None, "protocol": "1", "floor": None, "note": None}
                for metric, value in zip(METRICS, rng.uniform(0.1, 1, len(METRICS)), strict=True)
            ]  # fmt: skip
            training = {"steps": 100 * lines, "seconds": 60.0, "images_per_second": 1000.0}
            result = {**identity, "outcome": "ok", "metrics": measured, "training": training}
            write_json(folder / "result.json", result)
            values = rng.normal(size=(lines, len(COLUMNS)))
            log = (
                {"step": 100 * (i + 1), **dict(zip(COLUMNS, row, strict=True))}
                for i, row in enumerate(values.tolist())
            )
            (folder / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in log))
            history = (
                {"step": 100 * i, "images": 6400 * i, "seconds": float(i), "on": "test",
                 "metrics": {"fd_classifier": 30 / i, "latent_rho": 1 - 1 / i}}
                for i in range(1, 11)
            )  # fmt: skip
            lined = "".join(json.dumps(line) + "\n" for line in history)
            (folder / "history.jsonl").write_text(lined)
            (folder / "samples.png").write_bytes(PIXEL)


def command(root: Path) -> float:
    """Wall-clock seconds of the command."""
    started = time.perf_counter()
    line = [sys.executable, "-m", "ogan_bench", "report", "--results", str(root)]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def reports(root: Path) -> float:
    """CPU seconds of all reports, without imports."""
    started = time.process_time()
    for study in TrialStore(root).studies():
        write_report(analyse_stored(root, study))
    return time.process_time() - started


def parts(root: Path, study: str) -> Iterator[tuple[str, float]]:
    """CPU seconds of the parts of a report."""
    found: dict[str, Any] = {}

    def timed(name: str, make: Callable[[], object]) -> tuple[str, float]:
        started = time.process_time()
        found[name] = make()
        return name, time.process_time() - started

    yield timed("results", lambda: load_results(root, study))
    results = found["results"]
    yield timed("log", lambda: load_log(results))
    yield timed("history", lambda: load_history(results))
    yield timed("verdicts", lambda: judge(results))
    yield timed("summary", lambda: summarise(results))
    yield timed("all of the analysis", lambda: analyse(results))
    yield timed("figures, laid out", lambda: drawings(found["all of the analysis"]))
    drawn = found["figures, laid out"].values()
    for kind in ("svg", "png"):
        render_all = functools.partial(lambda kind: [render(one, kind) for one in drawn], kind)
        yield timed(f"figures as {kind}", render_all)
    yield timed("the whole report", lambda: write_report(analyse_stored(root, study)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--lines", type=int, default=50, help="Lines of each training log.")
    arguments = parser.parse_args()
    few, lines = max(arguments.trials // 25, 1), arguments.lines
    print_line = sys.stdout.write
    print_line("| results | command, wall clock | reports, CPU time |\n|---|---|---|\n")
    with tempfile.TemporaryDirectory() as temporary:
        one, many = Path(temporary) / "one", Path(temporary) / "many"
        make_study(one, "study", 20, max(arguments.trials // 20, 2), lines)
        for index in range(few):
            make_study(many, f"study_{index}", 5, 5, lines)
        for title, root in (("one study", one), (f"{few} studies of 25 trials", many)):
            print_line(f"| {title} | {command(root):.1f} s | {reports(root):.1f} s |\n")
        print_line("\n| part | the one study | one of the others |\n|---|---|---|\n")
        for large, small in zip(parts(one, "study"), parts(many, "study_0"), strict=True):
            print_line(f"| {large[0]} | {large[1]:.2f} s | {small[1]:.3f} s |\n")


if __name__ == "__main__":
    main()
