"""Evaluates the same nets with further evaluation seeds, to measure the sampling variance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ogan_bench.errors import UserError
from ogan_bench.runner.measure import measure
from ogan_bench.runner.monitor import STOP, FolderMonitor, Stop
from ogan_bench.runner.preflight import prepare
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.trial import Trial
from ogan_bench.training.load import load_trained
from ogan_bench.training.loop import InterruptedTrainingError


def sample(
    trial: Trial,
    folder: TrialFolder,
    count: int,
    device_name: str,
    *,
    classifiers: Path | None = None,
    stop: Stop = STOP,
    check: Callable[[], None] = lambda: None,
) -> int:
    """Evaluate a finished trial with the seeds that follow its own evaluation seed.

    Everything that depends on the evaluation seed is redrawn: z, labels, the images that are probed
    or share a batch, and what metrics choose at random. The nets and the images held out of the
    training stay the same. Seeds already stored are skipped, and each new one is stored as soon as
    it is measured.

    Args:
        trial: A trial with a result; further groups of metrics are left out.
        folder: The trial's folder.
        count: Total number of further seeds.
        device_name: Where to compute.
        classifiers: Folder of the classifiers that belong to the results; ``None``: there is none.
        stop: Checked before each seed.
        check: As for :class:`~ogan_bench.runner.monitor.FolderMonitor`.

    Returns:
        Number of seeds measured.

    Raises:
        InterruptedTrainingError: It was asked to stop.
        NonFiniteError: A net produces non-finite values.
        UnreadableCheckpointError: The checkpoint cannot be used.
        UserError: The nets of the result are not available, or a file cannot be written.
    """
    wanted = trial.settings.evaluation
    samplings = folder.samplings()
    seeds = range(wanted.seed + 1, wanted.seed + 1 + count)
    missing = [seed for seed in seeds if seed not in samplings]
    if not missing:
        return 0
    dataset, _, device = prepare(trial, folder, device_name)
    folder.error.unlink(missing_ok=True)
    monitor = FolderMonitor(folder, trial.settings.training.steps, check=check)
    try:
        trained = load_trained(trial, dataset, folder, device)
        if trained.steps != (folder.read("result.json") or {})["training"]["steps"]:
            raise UserError(f"{folder.path}: trained on since its result; run the study again")
        for seed in missing:
            if stop.is_set():
                raise InterruptedTrainingError
            monitor.progress("evaluate", trained.steps, {})
            settings = wanted.model_copy(update={"seed": seed, "groups": []})
            rows, _ = measure(
                trial, trained.nets, dataset, device, settings, classifiers=classifiers
            )
            samplings[seed] = [row.record() for row in rows]
            folder.write_samplings(samplings)
    finally:
        folder.heartbeat.unlink(missing_ok=True)
    return len(missing)
