"""Checks before a trial starts: its data are available and its nets can be built for them."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import replace

import torch

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.data.held_out import hold_out
from ogan_bench.data.subset import drawn_images
from ogan_bench.errors import UserError
from ogan_bench.evaluation.plugin_metrics import check_plugin_metrics
from ogan_bench.runner.monitor import STOP
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.data_place import located
from ogan_bench.study.parts import build, component_of
from ogan_bench.study.plugins import check_unchanged
from ogan_bench.study.trial import Trial
from ogan_bench.training.loop import InterruptedTrainingError
from ogan_bench.training.rate_schedule import rate_schedule
from ogan_bench.training.rates import check_rates
from ogan_bench.training.setup import build_layers


def prepare(
    trial: Trial, folder: TrialFolder, device_name: str
) -> tuple[Dataset, Split | None, torch.device]:
    """The training data, the images held out of them, and the device.

    Raises:
        InterruptedTrainingError: The process was asked to stop.
        UserError: A plug-in has changed since the study was read, or there is a result, but no
            checkpoint to continue from.
    """
    if STOP.is_set():
        raise InterruptedTrainingError
    check_unchanged(trial.settings)
    device = torch.device(device_name)
    if device.type == "cpu":
        torch.set_num_threads(1)
    if folder.is_finished and not folder.checkpoint.exists():
        raise UserError(
            f"{folder.path} has a result and no checkpoint.pt any more, so it can neither be "
            "measured further nor trained on: delete the folder to train the trial again"
        )
    return *training_data(trial, device_name), device


def training_data(trial: Trial, device_name: str) -> tuple[Dataset, Split | None]:
    """The dataset of a trial, which says what is trained on, and the images held out of it.

    Raises:
        UserError: The data are missing or damaged, or too few are left.
    """
    dataset, wanted = load_dataset(trial, device_name), trial.settings.evaluation
    held_out = None
    if wanted.held_out:
        dataset, held_out = hold_out(dataset, wanted.held_out, wanted.seed)
    images, all_images = trial.settings.training.images, len(dataset.train)
    if images is not None and images < all_images:
        dataset = replace(
            dataset, trained_on=drawn_images(all_images, images, trial.seed).sort().values
        )
    return dataset, held_out


@functools.lru_cache(maxsize=1)
def _dataset(key: str, device: str) -> Dataset:
    dataset: Dataset = build("datasets", component_of("datasets", json.loads(key)))
    return dataset.to(torch.device(device))


def load_dataset(trial: Trial, device: str) -> Dataset:
    """The dataset of a trial on its device; the most recent one is cached for the next trial.

    Raises:
        UserError: The data are missing or damaged.
    """
    data = located(trial.settings.data, trial.file_folder)
    return _dataset(data.model_dump_json(), device)


def preflight(trials: Sequence[Trial]) -> None:
    """Find what would fail in every trial before any is started: missing data, impossible nets.

    Raises:
        UserError: Names what is missing and how to get it.
    """
    check_plugin_metrics()
    seen = set()
    for trial in sorted(trials, key=lambda trial: json.dumps(trial.config["data"])):
        rate_schedule(trial.settings.training)
        rates = trial.settings.training.rates
        key = json.dumps(
            [*(trial.config[part] for part in ("data", "model", "objective")), [*rates]]
        )
        if key not in seen:
            seen.add(key)
            dataset = load_dataset(trial, "cpu")
            with torch.device("meta"):
                nets = build_layers(trial, dataset)
            check_rates(rates, nets)
