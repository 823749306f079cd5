"""Examines a results folder: is every stored file whole, in its place and of this version?

Nothing is mended on the way but what nobody needs: temporary files that a killed process left.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.store import compaction
from ogan_bench.store.lease import BusyError
from ogan_bench.store.packed import FILES, PackedStudy
from ogan_bench.store.preregistration import registration
from ogan_bench.store.sealed import DamagedError, unsealed
from ogan_bench.store.stored_nets import FACTS, WEIGHTS, read_facts, read_weights
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.trial import config_hash

T = TypeVar("T")

TEMPORARY = re.compile(
    r"\.[^/]+\.(json|jsonl|pt|png|txt|html|md|csv|svg|pdf|tex|bib|parquet|zip|safetensors)\.\w{3,}"
)
"""Names under which files are written before they replace the one that is named in them."""

IN_USE_SECONDS = 3600.0
"""Age up to which a temporary file outside of a trial may still be in use."""


@dataclass(frozen=True)
class Fault:
    """Something in a results folder that is not as it was written.

    Args:
        path: The file.
        text: What is wrong with it, and the mend.
        is_repaired: Whether it has been removed just now.
    """

    path: Path
    text: str
    is_repaired: bool = False


@dataclass(frozen=True)
class Examined:
    """A study of a results folder.

    Args:
        study: Name of its folder.
        planned: Number of planned trials; 0 if its record cannot be read.
        finished: Number of trials with a result, of any outcome.
        running: Number of trials that are being run now and were passed over.
        versions: Versions of this package that trained its trials.
        faults: What is wrong with it.
    """

    study: str
    planned: int
    finished: int
    running: int
    versions: tuple[str, ...]
    faults: tuple[Fault, ...]


def examine_results(root: Path, *, repair: bool = False) -> list[Examined]:
    """Read every stored file of every study.

    Args:
        root: The results folder.
        repair: Remove temporary files that are left over.
    """
    store = TrialStore(root)
    names = {path.parent.name for path in root.glob("*/study.json")}
    names |= {path.parent.name for path in root.glob("*/registered.json")}
    names |= {path.parent.parent.name for path in root.glob("*/*/seed-*")}
    return [_study(store, name, repair) for name in sorted(names)]


def leftovers(folder: Path, repair: bool, *, in_use_seconds: float = 0.0) -> Iterator[Fault]:
    """Temporary files in a folder, which are removed if asked for.

    Args:
        folder: Where to look; not in the folders inside.
        repair: Whether to remove them.
        in_use_seconds: Age up to which one is left alone, because it may be in use.
    """
    for path in sorted(folder.glob(".*")):
        if not TEMPORARY.fullmatch(path.name) or not path.is_file():
            continue
        if time.time() - path.stat().st_mtime < in_use_seconds:
            continue
        text = f"{path}: left over by a process that was killed; --repair removes it"
        if repair:
            path.unlink(missing_ok=True)
            text = f"{path}: left over by a process that was killed; removed"
        yield Fault(path, text, repair)


def _study(store: TrialStore, name: str, repair: bool) -> Examined:
    folder = store.root / name
    faults = [*leftovers(folder, repair, in_use_seconds=IN_USE_SECONDS)]
    registered = _read(folder / "registered.json", lambda: registration(store, name), faults)
    trials = _read(folder, lambda: store.folders(name), faults) or []
    record: Record = {}
    if trials or registered is None or (folder / "study.json").exists():  # or it was never run
        record = _read(folder / "study.json", lambda: store.read_study(name), faults) or {}
    if PackedStudy(folder).is_compacted and not faults:
        _read(folder / FILES, lambda: compaction.check(folder), faults)
    identities = record.get("identities", {})
    finished = running = 0
    versions: set[str] = set()
    for trial in trials:
        try:
            run, found = _undisturbed(trial, repair)
        except BusyError:
            running += 1
            continue
        faults += found
        finished += trial.is_finished
        if run is None:
            continue
        versions.add(str(run.get("provenance", {}).get("ogan_bench")))
        identity = identities.get(trial.path.parent.name)
        seed = int(trial.path.name.removeprefix("seed-"))
        if identity is not None and run["config_hash"] != config_hash({**identity, "seed": seed}):
            text = "was run with other settings than study.json states, which reports say too"
            faults.append(Fault(trial.path, f"{trial.path}: {text}"))
    planned = len(record.get("arms", {})) * len(record.get("seeds", []))
    known = tuple(sorted(versions - {"None"}))
    by_text: dict[str, Fault] = {}
    for fault in faults:  # a damaged pack is met at every trial
        by_text.setdefault(fault.text, fault)
    return Examined(name, planned, finished, running, known, tuple(by_text.values()))


def _undisturbed(trial: TrialFolder, repair: bool) -> tuple[Record | None, list[Fault]]:
    """What :func:`_trial` finds while nobody writes the trial.

    A whole trial is not claimed, which would leave a file in its folder. A fault may be that
    somebody has begun to write meanwhile, so the trial is read again while it is held.

    Raises:
        BusyError: It is being run.
    """
    if trial.is_running:
        raise BusyError
    found = list[Fault]()
    run = _trial(trial, found, repair=False)
    if not found:
        return run, found
    found = []
    with ExitStack() as held:
        with suppress(UserError):  # packed or read-only: nobody can claim it, so nobody writes
            held.enter_context(trial.claim())
        return _trial(trial, found, repair), found


def _trial(trial: TrialFolder, faults: list[Fault], repair: bool) -> Record | None:
    """``run.json`` of a trial whose files have all been read, or ``None`` if it cannot be."""
    trial = trial.snapshot()
    run = _read(trial.path / "run.json", lambda: trial.read("run.json"), faults)
    result = _read(trial.path / "result.json", lambda: trial.read("result.json"), faults)
    if result is not None and run is None and not (trial.path / "run.json").exists():
        fault = trial.no_run()
        faults.append(Fault(trial.path / "run.json", str(fault)))
    _read(trial.path / "samplings.json", trial.samplings, faults)
    for name in trial.journals:
        _read(trial.path / name, partial(trial.read_log, name), faults)
    for path in (trial.checkpoint, trial.checkpoint_before, trial.chosen):
        faults += _weights(path, has_result=result is not None)
    facts = _read(trial.path / FACTS, lambda: read_facts(trial.path), faults)
    if facts is not None:
        _read(trial.path / WEIGHTS, lambda: read_weights(trial.path, facts), faults)
    for path in sorted(trial.path.rglob("*.png")):
        faults += _picture(path)
    for place in (trial.path, trial.path / "steps"):
        faults += leftovers(place, repair)
    return run


def _read(path: Path, read: Callable[[], T], faults: list[Fault]) -> T | None:
    """What is read; a fault is noted instead if it cannot be."""
    try:
        return read()
    except UserError as error:
        faults.append(Fault(path, str(error)))
        return None


def _weights(path: Path, *, has_result: bool) -> Iterator[Fault]:
    try:
        unsealed(path.read_bytes())
    except FileNotFoundError:
        return
    except (DamagedError, OSError) as error:
        mend = (
            "put back a copy: without it the result stands and cannot be measured further"
            if has_result
            else "run the study again: it goes on from the checkpoint before, or starts anew"
        )
        yield Fault(path, f"{path}: {error}; {mend}")


def _picture(path: Path) -> Iterator[Fault]:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            picture.verify()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        mend = "`ogan-bench evaluate` of the trial draws it again, if it is not from its training"
        yield Fault(path, f"{path}: damaged ({error}); {mend}")
