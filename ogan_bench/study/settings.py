"""Settings of one trial and the statements of a study, as pydantic models.

Everything that changes a number is in here and in a trial's identity; where and how fast a trial
runs (device, workers, checkpoint interval, paths) is not. The identity is made of what differs from
the defaults, so a new setting whose default is what was done before leaves stored trials valid; for
the same reason the default of a published setting never changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from ogan_bench.metrics.definition import Group, SpaceName
from ogan_bench.study.base_model import NAME, Model, known_metrics, metric_with_direction
from ogan_bench.study.hypotheses import Hypothesis
from ogan_bench.study.parts import (
    Architecture,
    Augmentation,
    Dataset,
    Objective,
    Optimizer,
    Updates,
    clear_model_cache,
)


class Training(Model):
    """How the nets are trained."""

    steps: PositiveInt = Field(description="Steps; one step updates every net.")
    batch_size: PositiveInt = 64
    optimizer: Optimizer
    generator_optimizer: Optimizer | None = Field(
        default=None, description="Of the generator; none: the same as of the other nets."
    )
    updates: Updates = Field(default="simultaneous", validate_default=True)
    augmentation: Augmentation = Field(
        default="none",
        validate_default=True,
        description="What is done to real and generated images before an encoder sees them.",
    )
    images: PositiveInt | None = Field(
        default=None,
        description="Training images to learn from, the first of a shuffle by the training seed; "
        "none: all of them.",
    )
    ema: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Decay of the moving average of weights that is evaluated; none: the weights.",
    )
    log_every: PositiveInt = Field(default=100, description="Steps between lines of train.jsonl.")


class Evaluation(Model):
    """What is measured on a trained trial."""

    samples: PositiveInt = Field(default=2000, description="Generated images.")
    probe_images: NonNegativeInt = Field(
        default=10_000,
        description="Labelled training images for the linear probe, at the most; 0: no probe.",
    )
    extractors: list[SpaceName] = Field(
        default=["classifier"], min_length=1, description="Feature spaces."
    )
    groups: list[Group] = Field(
        default=[], description="Groups of further metrics; each metric says which it belongs to."
    )
    encoder_statistics: Literal["real", "mixed", "batch"] = Field(
        default="mixed",
        description="Batch-norm statistics of E: re-estimated on real training images, the running "
        "averages over real and generated batches, or those of the evaluated batch.",
    )
    projection: Literal["own", "standardise", "none"] = Field(
        default="own",
        description="What autoencoding does to a code before G: what belongs to the objective, "
        "N(.), or nothing.",
    )
    temperature: PositiveFloat = Field(
        default=1.0, description="Factor on the projected code in autoencoding; 0.9 by the author."
    )
    seed: NonNegativeInt = Field(
        default=0, description="Seed of the samples and of the random choices of metrics."
    )
    every: PositiveInt | None = Field(
        default=None,
        description="Steps of training between evaluations; none: at the end alone.",
    )
    choose_by: str | None = Field(
        default=None,
        description="Metric by which the weights are chosen that are evaluated at the end, by "
        "evaluations on held-out images; none: the last weights.",
    )
    held_out: NonNegativeInt = Field(
        default=0,
        description="Training images that are held out of training, for the evaluations in its "
        "course alone.",
    )

    @field_validator("choose_by")
    @classmethod
    def _has_direction(cls, value: str | None) -> str | None:
        return value if value is None else metric_with_direction(value)

    @model_validator(mode="after")
    def _can_choose(self) -> Evaluation:
        if self.choose_by is not None and (self.every is None or not self.held_out):
            raise ValueError("choose_by needs every and held_out: what to choose from, and where")
        return self

    @property
    def measured(self) -> list[str]:
        """Names of the feature spaces and of the groups of metrics."""
        return [*self.extractors, *self.groups]


class Settings(Model):
    """Everything that defines one trial apart from its seed."""

    data: Dataset
    model: Architecture
    objective: Objective
    training: Training
    evaluation: Evaluation = Evaluation()
    plugins: dict[str, str] = Field(
        default={}, description="Hashes of the plug-ins that the settings use; not to be set."
    )

    def identity(self) -> dict[str, Any]:
        """What differs from the defaults, as plain data.

        Which metrics are measured is no part of it: one more changes none of the others.
        """
        every = {"extractors": Evaluation().extractors, "groups": []}
        evaluation = self.evaluation.model_copy(update=every)
        plain = self.model_copy(update={"evaluation": evaluation})
        return plain.model_dump(mode="json", exclude_defaults=True)


def rebuild_models() -> None:
    """Make settings accept the parts of all plug-ins that the catalogue knows by now."""
    clear_model_cache()
    for model in (Training, Settings, StudySettings):
        model.model_rebuild(force=True)


class Published(Model):
    """One table of the literature, shown under the results.

    Its numbers are text, as printed: no test can use them.
    """

    source: str = Field(description="Paper and table.")
    differs: str = Field(description="What was otherwise than in this study.")
    values: dict[str, dict[str, str]] = Field(
        min_length=1,
        description="Systems, by the names of the source, to metrics to what it found.",
    )

    @field_validator("values")
    @classmethod
    def _known_metrics(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        known_metrics(dict.fromkeys(name for found in value.values() for name in found))
        return value


class Statement(Model):
    """What a study states apart from the settings of its arms."""

    name: str = Field(pattern=NAME, description="Name of the study and of its results folder.")
    question: str = Field(description="The one question that this study asks.")
    source: str = Field(default="", description="Where the claim comes from.")
    seeds: list[NonNegativeInt] = Field(min_length=1, description="Training seeds, for every arm.")
    metrics: list[str] = Field(min_length=1, description="Metrics of the table and the figures.")
    hypotheses: list[Hypothesis] = Field(default=[])
    alpha: float = Field(
        default=0.05, gt=0, lt=0.5, description="Error level of the family of hypotheses."
    )
    published: list[Published] = Field(
        default=[], description="What the literature reports; shown with the results, never tested."
    )

    @model_serializer(mode="wrap")
    def _as_stored(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A study that quotes nothing is stored as it was before any could."""
        stored: dict[str, Any] = dump(self)
        return stored if self.published else {k: v for k, v in stored.items() if k != "published"}

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, value: list[int]) -> list[int]:
        if len(set(value)) < len(value):
            raise ValueError("the same seed stands twice")
        return value

    @field_validator("metrics")
    @classmethod
    def _known_metrics(cls, value: list[str]) -> list[str]:
        known_metrics(value)
        return value

    @field_validator("hypotheses")
    @classmethod
    def _distinct_ids(cls, value: list[Hypothesis]) -> list[Hypothesis]:
        ids = [hypothesis.id for hypothesis in value]
        for name in ids:
            if ids.count(name) > 1:
                raise ValueError(f"hypothesis {name!r} stands twice")
        return value


class StudySettings(Statement):
    """A study at one scale: base and diffs are resolved into the settings of each arm."""

    scale: str | None = Field(default=None, pattern=NAME)
    plugins: list[Path] = Field(default=[], description="Files of the plug-ins.")
    arms: dict[Annotated[str, Field(pattern=NAME)], Settings] = Field(min_length=1)

    @property
    def folder(self) -> str:
        """Name of the results folder: ``name`` or ``name-scale``."""
        return self.name if self.scale is None else f"{self.name}-{self.scale}"
