"""The same nets measured again with other evaluation seeds: how much of a spread is sampling."""

from __future__ import annotations

from ogan_bench.errors import UserError
from ogan_bench.runner.measure import measure
from ogan_bench.runner.monitor import STOP, FolderMonitor
from ogan_bench.runner.preflight import prepare
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.trial import Trial
from ogan_bench.training.load import load_trained
from ogan_bench.training.loop import InterruptedTrainingError


def sample(trial: Trial, folder: TrialFolder, count: int, device_name: str) -> int:
    """Measure a finished trial with the evaluation seeds after its own, those not there yet.

    What an evaluation seed draws is drawn anew: z, labels, the images that are probed or share a
    batch, and what metrics choose at random. What belongs to the training stays: the nets and the
    images that were held out of it. Every seed is stored as soon as it is measured.

    Args:
        trial: With a result; further groups of metrics are left out.
        folder: Of the trial.
        count: How many further seeds there shall be.
        device_name: Where to compute.

    Returns:
        How many seeds were measured.

    Raises:
        InterruptedTrainingError: The process was asked to stop.
        NonFiniteError: A net gives values that are not finite.
        UnreadableCheckpointError: The checkpoint cannot be used.
        UserError: There are no trained nets of the result, or a file cannot be written.
    """
    wanted = trial.settings.evaluation
    samplings = folder.samplings()
    seeds = range(wanted.seed + 1, wanted.seed + 1 + count)
    missing = [seed for seed in seeds if seed not in samplings]
    if not missing:
        return 0
    dataset, _, device = prepare(trial, folder, device_name)
    folder.error.unlink(missing_ok=True)
    monitor = FolderMonitor(folder, trial.settings.training.steps)
    try:
        trained = load_trained(trial, dataset, folder, device)
        if trained.steps != (folder.read("result.json") or {})["training"]["steps"]:
            raise UserError(f"{folder.path}: trained on since its result; run the study again")
        for seed in missing:
            if STOP.is_set():
                raise InterruptedTrainingError
            monitor.progress("evaluate", trained.steps, {})
            settings = wanted.model_copy(update={"seed": seed, "groups": []})
            rows, _ = measure(trial, trained.nets, dataset, device, settings=settings)
            samplings[seed] = [row.record() for row in rows]
            folder.write_samplings(samplings)
    finally:
        folder.heartbeat.unlink(missing_ok=True)
    return len(missing)
