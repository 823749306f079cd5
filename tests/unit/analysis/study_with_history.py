"""A stored study whose trials were evaluated in the course of the training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.trial import config_hash

ERRORS = {
    ("none", 0): [9.0, 3.0, 5.0, 6.0, 7.0, 8.0, 8.0],
    ("none", 1): [9.0, 8.0, 4.0, 6.0, 6.0, 6.0, 6.0],
    ("pearson", 0): [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0],
    ("pearson", 1): [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0],
}
STEPS = tuple(range(100, 800, 100))


def write_with_history(root: Path, *, counted: bool = True, history: bool = True) -> Path:
    arms = ("none", "pearson")
    settings: dict[str, dict[str, Any]] = {arm: {"data": {}, "arm": arm} for arm in arms}
    TrialStore(root).write_study(
        "demo",
        {
            "format": 1, "name": "demo", "scale": None, "folder": "demo", "question": "?",
            "source": "", "alpha": 0.05, "seeds": [0, 1], "hypotheses": [], "arms": settings,
            "metrics": ["reconstruction_mse", "latent_rho", "gradient_cosine_output", "step_flops"],
            "command": "", "study_file_sha256": "0" * 64,
        },
    )  # fmt: skip
    for (arm, seed), errors in ERRORS.items():
        folder = TrialFolder(root / "demo" / arm / f"seed-{seed}")
        identity = {"format": 1, "study": "demo", "arm": arm, "seed": seed}
        identity["config_hash"] = config_hash({**settings[arm], "seed": seed})
        folder.write("run.json", {**identity, "config": settings[arm], "provenance": {}})
        for step, error in zip(STEPS, errors, strict=True):
            folder.log.append({"step": step, "rho": 0.1})
            if history:
                values = {"reconstruction_mse": error, "latent_rho": 1 / error,
                          "gradient_cosine_output": None if arm == "none" else 0.0}  # fmt: skip
                folder.history.append(
                    {"step": step, "images": 64 * step, "seconds": step / 100, "on": "test",
                     "metrics": values}
                )  # fmt: skip
        costs = {"step_flops": 2e6 if arm == "none" else 3e6, "activation_bytes": 100,
                 "peak_bytes": None}  # fmt: skip
        rows = [
            {"metric": "reconstruction_mse", "value": errors[-1], "n_samples": 9, "split": "test"}
        ]
        folder.write(
            "result.json",
            {**identity, "outcome": "ok", "metrics": rows,
             "training": {"steps": 700, "seconds": 7.0,
                          "images_per_second": 300.0 if arm == "none" else 200.0,
                          **(costs if counted else {})}},
        )  # fmt: skip
    return root
