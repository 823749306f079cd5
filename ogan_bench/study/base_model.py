"""Base of all settings: models that reject unknown keys, and checks of names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ogan_bench.errors import did_you_mean
from ogan_bench.metrics import METRICS
from ogan_bench.metrics.feature_spaces import in_other_spaces

NAME = r"^[a-z0-9][a-z0-9_]{0,99}$"
"""Names of studies, scales and arms: two of them, joined by '-', must fit the name of a folder."""


class Model(BaseModel):
    """Base of all settings: unknown keys, infinities and changes after loading are errors.

    So are values of another type, such as ``true`` or ``"6"`` for a number of steps.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


def no_metric(name: str) -> str:
    """The message that there is no such metric; it says in which other spaces there is.

    >>> no_metric("path_length_dinov2")
    "no metric 'path_length_dinov2'. In other spaces: 'path_length_classifier'."
    """
    elsewhere = [repr(other) for other in in_other_spaces(name) if other in METRICS]
    hint = f" In other spaces: {', '.join(elsewhere)}." if elsewhere else ""
    return f"no metric {name!r}.{hint or did_you_mean(name, METRICS)}"


def known_metrics(names: Iterable[str]) -> None:
    """Check that all metrics exist.

    Raises:
        ValueError: Some do not; the message suggests similar names.
    """
    problems = [no_metric(name) for name in names if name not in METRICS]
    if problems:
        raise ValueError(" ".join(problems))


def known_metric(name: str) -> str:
    """The name, if the metric exists.

    Raises:
        ValueError: There is no such metric.
    """
    known_metrics([name])
    return name


def metric_with_direction(name: str) -> str:
    """The name, if the metric has a direction.

    Raises:
        ValueError: There is no such metric, or it has no direction.
    """
    known_metrics([name])
    if METRICS[name].better is None:
        raise ValueError(f"metric {name!r} has no direction (lower or higher is better)")
    return name


Seed = Annotated[int, Field(ge=0, lt=2**63)]
"""A seed that a table of results can hold."""

KnownMetric = Annotated[str, AfterValidator(known_metric)]
TestedMetric = Annotated[str, AfterValidator(metric_with_direction)]
