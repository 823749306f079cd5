"""A made-up results folder with the nets of two trials, and its archive."""

from __future__ import annotations

import json
from pathlib import Path

from ogan_bench.archive.author import parse_author
from ogan_bench.archive.crate import Deposit
from ogan_bench.archive.write import Archived, Weights, write_archive
from ogan_bench.files import Record
from tests.contracts.small_trials import few_images, small_trial
from tests.unit.analysis.stored_study import change, png
from tests.unit.analysis.study_with_pictures import register, trial, write
from tests.unit.encoder.stored_encoders import store

CARBERRY = parse_author("Josiah Carberry <0000-0002-1825-0097>")
DEPOSIT = Deposit("CC-BY-4.0", [CARBERRY], "2026-01-31")
WITH_NETS = ("demo/none/seed-1", "demo/none/seed-2")


def with_nets(root: Path) -> Path:
    """A registered study of six trials: one diverged, one failed, and two have stored nets."""
    write(root)
    for picture in root.rglob("*.png"):
        picture.write_bytes(png(8, 8))
    register(root)
    for place in WITH_NETS:
        store(root / place, small_trial(), few_images())
    change(trial(root, "pea_rson", 1), outcome="diverged", reason="not finite", metrics=[])
    failed = trial(root, "pea_rson", 2)
    (failed.path / "result.json").unlink()
    failed.error.write_text("Traceback\n  ...\nRuntimeError: <b>out of memory</b>\n")
    begun = trial(root, "none", 1)
    attempts = [
        {"started": "2026-01-02T00:00:00+00:00"},  # killed: it has no end
        {"started": "2026-01-03T00:00:00+00:00", "ended": "2026-01-03T01:00:00+00:00"},
    ]
    begun.write("run.json", {**(begun.read("run.json") or {}), "attempts": attempts})
    return root


def archived(root: Path, out: Path, weights: Weights = "all") -> Archived:
    """The archive of the study."""
    return write_archive(root, ["demo"], out, DEPOSIT, weights)


def entities(folder: Path) -> dict[str, Record]:
    """The entities of the crate by their identifiers."""
    text = (folder / "ro-crate-metadata.json").read_text("utf-8")
    return {entity["@id"]: entity for entity in json.loads(text)["@graph"]}
