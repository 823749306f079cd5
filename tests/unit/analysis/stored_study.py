"""A made-up results folder of twenty trials, some of which failed."""

from __future__ import annotations

import hashlib
import json
import shutil
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ogan_bench.analysis.results import records
from ogan_bench.files import write_bytes
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore

HOSTILE = "<script>alert(1)</script> & does ![x](http://evil.example/a.png) | `hold`?"
ARMS = ("none", "pearson", "mse", "broken")
SEEDS = (0, 1, 2, 3, 4)
LEVELS = {"none": 0.080, "pearson": 0.013, "mse": 0.079, "broken": 0.080}
HYPOTHESES: list[dict[str, Any]] = [
    {"id": "encoder_works", "claim": "Pearson makes a working encoder.", "test": "superiority",
     "metric": "reconstruction_mse", "arm": "pearson", "control": "none", "margin": None},
    {"id": "mse_is_worse_than_pearson", "claim": "MSE beats Pearson.", "test": "superiority",
     "metric": "reconstruction_mse", "arm": "mse", "control": "pearson", "margin": None},
    {"id": "quality_is_kept", "claim": "Sample quality is kept.", "test": "non_inferiority",
     "metric": "fd_classifier", "arm": "pearson", "control": "none",
     "margin": {"value": 0.25, "relative": True}},
    {"id": "broken_works", "claim": HOSTILE, "test": "superiority",
     "metric": "reconstruction_mse", "arm": "broken", "control": "none", "margin": None},
]  # fmt: skip


def png(width: int, height: int) -> bytes:
    """A grey image, written by hand so that no image library is needed."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + checksum

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    lines = b"".join(bytes([0, *[(7 * x * y) % 256 for x in range(width)]]) for y in range(height))
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def settings(arm: str) -> dict[str, Any]:
    return {"objective": {"consistency": {"name": arm}}, "training": {"steps": 200}}


def config_hash(arm: str, seed: int) -> str:
    text = json.dumps({**settings(arm), "seed": seed}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def row(metric: str, value: float | None, **changes: Any) -> dict[str, Any]:
    return {
        "metric": metric, "value": value, "n_samples": 2000, "extractor": "classifier-digits-1",
        "split": "test", "protocol": "1", "floor": None, "note": None, **changes,
    }  # fmt: skip


def write_trial(root: Path, arm: str, seed: int, rng: np.random.Generator) -> TrialFolder:
    """A finished trial."""
    folder = TrialFolder(root / "demo" / arm / f"seed-{seed}")
    identity = {"format": 1, "study": "demo", "arm": arm, "seed": seed}
    identity["config_hash"] = config_hash(arm, seed)
    folder.write(
        "run.json",
        {
            **identity,
            "config": {**settings(arm), "seed": seed},
            "attempts": [{"started": "2026-01-01T00:00:00+00:00", "host": "somewhere"}],
            "provenance": {"torch": "2.12", "device": {"name": "cpu" if seed else "H100"}},
        },
    )
    for step in range(0, 200, 10):
        e = float(rng.normal())
        line = {"step": step, "score_real": e, "score_fake": e + 1, "rho": step / 200}
        folder.log.append(line if seed else {**line, "e_real_mean": 0.1})
    quality = 30 + float(rng.normal())
    measured = [
        row("reconstruction_mse", LEVELS[arm] * float(1 + 0.03 * rng.normal()), extractor=None),
        row("fd_classifier", quality, floor=2.5),
        row("modes_classifier", 10.0),
    ]
    folder.write(
        "result.json",
        {
            **identity, "outcome": "ok", "reason": None, "metrics": measured,
            "training": {"steps": 200, "seconds": 12.5 + seed, "images_per_second": 1000.0,
                         "parameters": {"encoder": 12000, "generator": 34000}},
            "evaluation_seconds": 3.0,
        },
    )  # fmt: skip
    write_bytes(folder.path / "samples.png", png(64, 64))
    write_bytes(folder.path / "reconstructions.png", png(64, 64))
    return folder


def build(root: Path) -> Path:
    """A study of 20 trials: 17 ok, one diverged, one failed, one missing."""
    rng = np.random.default_rng(0)
    record = {
        "format": 1, "name": "demo", "scale": None, "folder": "demo", "question": HOSTILE,
        "source": "Su, 2019", "alpha": 0.05, "seeds": list(SEEDS),
        "metrics": ["reconstruction_mse", "fd_classifier"], "hypotheses": HYPOTHESES,
        "arms": {arm: settings(arm) for arm in ARMS},
        "command": "ogan-bench run studies/demo.yaml", "study_file_sha256": "0" * 64,
    }  # fmt: skip
    TrialStore(root).write_study("demo", record)
    for arm in ARMS:
        for seed in SEEDS:
            folder = write_trial(root, arm, seed, rng)
            if (arm, seed) == ("mse", 2):
                change(folder, outcome="diverged", reason="loss is not finite", metrics=[])
            if (arm, seed) == ("mse", 3):
                (folder.path / "result.json").unlink()
                folder.error.write_text("Traceback\n  ...\nRuntimeError: <b>out of memory</b>\n")
    shutil.rmtree(root / "demo" / "none" / "seed-4")
    return root


def change(folder: TrialFolder, **entries: Any) -> None:
    """Overwrite entries of a stored result."""
    result = folder.read("result.json")
    assert result is not None
    folder.write("result.json", {**result, **entries})


def change_rows(root: Path, arm: str, seed: int, metric: str, **entries: Any) -> None:
    folder = TrialFolder(root / "demo" / arm / f"seed-{seed}")
    result = folder.read("result.json")
    assert result is not None
    for entry in result["metrics"]:
        if entry["metric"] == metric:
            entry.update(entries)
    folder.write("result.json", result)


def row_of(frame: pd.DataFrame, metric: str, arm: str) -> dict[str, Any]:
    """The one row of a table for a metric and an arm."""
    rows = [row for row in records(frame) if (row["metric"], row["arm"]) == (metric, arm)]
    assert len(rows) == 1
    return rows[0]
