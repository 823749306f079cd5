"""Trials of every part on few small images, in which everything that can be random is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.study import catalogue
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial

SMALL = {"width": 4, "z_dim": 6, "hidden": 8}

NEEDED: dict[str, dict[str, Any]] = {
    "objectives-bigan": {"encoder": "gaussian"},
    "updates-alternating": {"encoder_steps": 2},
    "penalties-r1": {"every": 2},
    "schedules-constant": {"weight": 0.5},
    "schedules-warm_up": {"weight": 0.5},
    "schedules-off_at_end": {"weight": 0.5},
}
"""Of parts that draw, or have to be given something."""

FIELDS = {
    "adversarial": "adversarial",
    "readouts": "readout",
    "consistency": "consistency",
    "penalties": "penalty",
    "schedules": "consistency_weight",
    "optimizers": "optimizer",
    "updates": "updates",
    "augmentations": "augmentation",
}
"""Kind of part to the key of a study file that holds one."""

OF_TRAINING = ("optimizers", "updates", "augmentations")

PARTS = [
    (kind, name) for kind in catalogue.KINDS if kind != "datasets" for name in catalogue.names(kind)
]
"""Every part of every registry but the datasets, with its kind."""


def few_images() -> Dataset:
    """40 images of noise with labels, in the shape of digits of 16 pixels."""
    random = torch.Generator().manual_seed(0)
    images = torch.randint(256, (40, 1, 16, 16), generator=random).to(torch.uint8)
    few = Split(images, torch.randint(10, (40,), generator=random))
    return Dataset("few", few, few, tuple("0123456789"), "")


def small_trial(
    kind: str = "objectives",
    name: str = "composed",
    *,
    model: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
) -> Trial:
    """A trial of 4 steps with a part.

    Args:
        kind: Kind of the part.
        name: Its name.
        model: Architecture and settings to use instead of the plain DCGAN pair.
        training: Further settings of training.
    """
    objective: dict[str, Any] = {
        "adversarial": "linear",
        "readout": "avg",
        "consistency": "pearson",
        "penalty": "gradient_penalty",
    }
    trained: dict[str, Any] = {
        "steps": 4,
        "batch_size": 8,
        "optimizer": "rmsprop",
        "augmentation": "diff_augment",
    }
    chosen = dict(model or {"name": "dcgan"})
    if kind == "models":
        chosen["name"] = name
    elif kind == "objectives" and name != "composed":
        objective = _small(kind, name)
    elif kind != "objectives":
        holder = trained if kind in OF_TRAINING else objective
        holder[FIELDS[kind]] = _small(kind, name)
    settings = {
        "data": "digits",
        "model": {**_small("models", chosen["name"]), **chosen},
        "objective": objective,
        "training": {**trained, **(training or {})},
    }
    return Trial("t", "a", 0, Settings.model_validate(settings))


def _small(kind: str, name: str) -> dict[str, Any]:
    known = {parameter.name for parameter in catalogue.parts(kind)[name].parameters}
    toy = {key: value for key, value in SMALL.items() if key in known}
    return {"name": name, **toy, **NEEDED.get(f"{kind}-{name}", {})}
