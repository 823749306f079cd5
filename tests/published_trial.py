"""Trials as they were published: with the defaults of their time."""

from __future__ import annotations

import dataclasses

from ogan_bench.study.first_defaults import with_first_defaults
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial


def with_defaults_of_its_time(trial: Trial) -> Trial:
    """The trial with the first default of every setting that has its present default."""
    stated = trial.settings.model_dump(mode="json", exclude_defaults=True)
    stated.setdefault("evaluation", {})
    settings = Settings.model_validate(with_first_defaults(stated))
    return dataclasses.replace(trial, settings=settings)
