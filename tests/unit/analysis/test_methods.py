"""Methods, compute and limitations in words, from what is stored."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd

from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.methods import methods
from ogan_bench.analysis.registration import Standing
from ogan_bench.analysis.results import StudyResults
from ogan_bench.store.trial_store import TrialStore
from tests.unit.analysis.study_with_pictures import load, trial, write


def changed(root: Path, arm: str, seed: int, name: str, **changes: Any) -> None:
    folder = trial(root, arm, seed)
    folder.write(name, {**(folder.read(name) or {}), **changes})


def stored(root: Path, **sections: Any) -> StudyResults:
    """The study with more settings in every arm."""
    store = TrialStore(write(root))
    record = store.read_study("demo")
    for settings in record["arms"].values():
        settings.update(sections)
    store.write_study("demo", record)
    return load(root)


def test_the_settings_that_a_paper_states_are_in_the_sentences(tmp_path: Path) -> None:
    results = stored(
        tmp_path,
        data={"name": "digits", "resolution": 16},
        model={"name": "dcgan", "z_dim": 32},
        training={
            "steps": 1500, "batch_size": 64, "optimizer": {"name": "adam", "lr": 2e-4},
            "ema": None,
        },
        evaluation={"samples": 2000, "probe_images": 10_000, "encoder_statistics": "mixed"},
    )  # fmt: skip
    text = " ".join(methods(results).sentences)
    for piece in (
        "The data are digits(resolution=16).",
        "Metrics of test images are measured on 9 that no net was trained on.",
        "The nets of none are dcgan(z_dim=32).",
        "Its objective is consistency=none, adversarial=linear.",
        "1,500 steps, batches of 64 and the optimiser adam(lr=0.0002).",
        "Every arm is trained with 3 seeds (0, 1, 2);",
        "2,000 samples of each trial are drawn",
        "with Holm's adjustment over all hypotheses of the study; docs/verdicts.md of ogan_bench",
    ):
        assert piece in text
    control, arm = methods(results).settings
    assert control["sections"]["training"] == (
        "steps=1500, batch_size=64, optimizer=adam(lr=0.0002), ema=none"
    )
    assert set(control["sections"]) == {"data", "model", "objective", "training", "evaluation"}
    assert arm["sections"] == {"objective": "consistency=pea_rson, adversarial=linear"}


def test_a_study_that_is_tuned_says_how(tmp_path: Path) -> None:
    store = TrialStore(write(tmp_path))
    search = {"arms": ["none"], "candidates": {"training.steps": [1, 2]}, "metric": "latent_rho"}
    tune = {"seeds": [900], "searches": [{**search, "target": 0.9}]}
    store.write_study("demo", {**store.read_study("demo"), "tune": tune})
    assert "none is tuned: of the candidates training.steps: 1, 2," in " ".join(
        methods(load(tmp_path)).sentences
    )


def test_an_unstated_setting_is_left_out(tmp_path: Path) -> None:
    text = " ".join(methods(load(write(tmp_path))).sentences)
    assert "nets" not in text
    assert "optimiser" not in text
    assert "samples of each trial" not in text
    results = stored(tmp_path, evaluation={"samples": 9, "probe_images": 0})
    assert "9 samples of each trial are drawn." in " ".join(methods(results).sentences)


def test_compute_counts_failed_and_stopped_trials(tmp_path: Path) -> None:
    write(tmp_path)
    for seed, outcome in enumerate(("diverged", "stopped", "ok")):
        changed(
            tmp_path, "none", seed, "result.json",
            outcome=outcome, training={"seconds": 3600.0}, evaluation_seconds=1800.0,
        )  # fmt: skip
        changed(tmp_path, "none", seed, "run.json", provenance={"device": "cuda"})
    facts = {"device": "cpu", "cpu": "Some CPU", "cores": 2, "threads": 1}
    for seed in range(3):
        changed(tmp_path, "pea_rson", seed, "run.json", provenance=facts)
    trial(tmp_path, "pea_rson", 0).path.joinpath("result.json").unlink()
    assert methods(load(tmp_path)).compute == (
        "5 trials, failed and stopped ones included, took 4.5 device-hours by the clock: 3 of "
        "training and 1.5 of evaluation, on cuda and Some CPU (1 thread per trial); 1 "
        "started trial stored no time."
    )


def test_limitations_are_those_of_the_data(tmp_path: Path) -> None:
    results = stored(tmp_path, data={"name": "digits", "resolution": 16})
    assert methods(results).limitations == [
        "One dataset, digits; other datasets may give other results.",
        "One resolution, 16 pixels.",
        "3 training seeds per arm.",
        "The study was not registered before its first trial.",
    ]
    results.record["arms"]["none"]["data"] = {"name": "ring"}
    kinds = pd.Series(["chance", "chance", "floor", None, None, None], dtype=object)
    marked = results.metrics.assign(degenerate=kinds)
    limited = dataclasses.replace(
        results, standing=Standing("0" * 64, ("seeds", "alpha")), metrics=marked
    )
    assert methods(limited).limitations == [
        "The datasets are ring and digits; others may give other results.",
        "One resolution, 16 pixels.",
        "3 training seeds per arm.",
        "The study deviates from its registration: 2 changes.",
        "2 of 6 values are no better than chance.",
        "1 of 6 values are at the floor of finite samples.",
    ]


def test_failed_and_unfinished_trials_are_limitations(root: Path) -> None:
    found = methods(load_results(root, "demo")).limitations
    assert "Incomplete: of 20 trials, 1 missing and 1 failed." in found
    failed = next(text for text in found if text.startswith("Arms with failed trials"))
    assert "mse (diverged 1 of 5)" in failed
