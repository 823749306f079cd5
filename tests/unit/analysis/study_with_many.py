"""A stored study of as many arms and metrics as the largest shipped one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.results import StudyResults
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.trial import config_hash
from tests.unit.analysis.study_with_pictures import ROW, settings

ARMS = [f"arm_{index}" for index in range(21)]
METRICS = (
    "autoencoding_mse", "reconstruction_mse", "reconstruction_ratio", "reconstruction_mse_raw",
    "latent_rho", "fd_classifier", "kd_classifier", "modes_classifier", "modes_kl_classifier",
    "precision_classifier", "recall_classifier", "rfd_classifier", "probe_accuracy",
    "probe_accuracy_untrained", "probe_accuracy_pca", "probe_accuracy_pixels",
)  # fmt: skip


def many_arms(root: Path) -> StudyResults:
    """21 arms of 3 seeds and 16 metrics; the values of ``arm_0`` are far the lowest."""
    record = {
        "format": 1, "name": "many", "scale": None, "folder": "many", "question": "Which?",
        "source": "", "alpha": 0.05, "seeds": [0, 1, 2], "metrics": list(METRICS),
        "hypotheses": [
            {"id": "better", "claim": "It is_100 % & more.", "test": "superiority",
             "arm": "arm_1", "metric": "probe_accuracy", "control": "arm_2", "margin": None}
        ],
        "arms": {arm: settings(arm) for arm in ARMS},
        "command": "ogan-bench run studies/many.yaml", "study_file_sha256": "0" * 64,
    }  # fmt: skip
    TrialStore(root).write_study("many", record)
    for index, arm in enumerate(ARMS):
        for seed in range(3):
            folder = TrialFolder(root / "many" / arm / f"seed-{seed}")
            identity = {"format": 1, "study": "many", "arm": arm, "seed": seed}
            identity["config_hash"] = config_hash({**settings(arm), "seed": seed})
            folder.write("run.json", {**identity, "config": settings(arm), "provenance": {}})
            noise = np.random.default_rng([index, seed]).random(len(METRICS))
            rows = [
                {"metric": name, "value": index + 0.01 * value, **ROW}
                for name, value in zip(METRICS, noise.tolist(), strict=True)
            ]
            training = {"steps": 20, "seconds": 2.0, "images_per_second": 1000.0}
            result = {**identity, "outcome": "ok", "metrics": rows, "training": training}
            folder.write("result.json", {**result, "evaluation_seconds": 1.5})
    return load_results(root, "many")
