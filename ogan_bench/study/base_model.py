"""What all settings are made of: models that refuse what they do not know, and known names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from ogan_bench.errors import did_you_mean
from ogan_bench.metrics import METRICS

NAME = r"^[a-z0-9][a-z0-9_]*$"
"""Names of studies, scales and arms: they become folder names, joined by '-'."""


class Model(BaseModel):
    """Base of all settings: unknown keys, infinities and changes after loading are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def known_metrics(names: Iterable[str]) -> None:
    """Refuse names of metrics that there are not.

    Raises:
        ValueError: Names them and what is near.
    """
    problems = [
        f"no metric {name!r}.{did_you_mean(name, METRICS)}" for name in names if name not in METRICS
    ]
    if problems:
        raise ValueError(" ".join(problems))


def known_metric(name: str) -> str:
    """The name of a metric.

    Raises:
        ValueError: There is no such metric.
    """
    known_metrics([name])
    return name


def metric_with_direction(name: str) -> str:
    """The name, where more or less of the metric is better.

    Raises:
        ValueError: There is no such metric, or neither direction is better.
    """
    known_metrics([name])
    if METRICS[name].better is None:
        raise ValueError(f"metric {name!r} has no better direction and cannot be tested")
    return name


KnownMetric = Annotated[str, AfterValidator(known_metric)]
TestedMetric = Annotated[str, AfterValidator(metric_with_direction)]
