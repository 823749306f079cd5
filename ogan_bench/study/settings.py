"""Settings of one trial and the statement of a study, as pydantic models.

Everything that changes a number is in here and in a trial's identity; where and how fast a trial
runs (device, workers, checkpoint interval, paths) is not. The identity covers what differs from the
defaults, so stored trials stay valid when a new setting defaults to the previous behaviour; a
default that changes is entered in :mod:`~ogan_bench.study.first_defaults`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

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
from ogan_bench.metrics.feature_spaces import SPACES
from ogan_bench.study.base_model import (
    NAME,
    Model,
    Seed,
    known_metrics,
    metric_with_direction,
)
from ogan_bench.study.first_defaults import without_first_defaults
from ogan_bench.study.hypotheses import Hypothesis
from ogan_bench.study.parts import (
    Architecture,
    Augmentation,
    Dataset,
    Objective,
    Optimizer,
    Updates,
    Weight,
    clear_model_cache,
)
from ogan_bench.study.tuning import Tuning

if TYPE_CHECKING:
    ExtractorName: TypeAlias = SpaceName
else:
    ExtractorName = Literal[tuple(SPACES)]

RateGroup = Literal["class_vectors", "score_head", "mapping"]
"""A group of parameters that may have a learning rate of its own."""


class Training(Model):
    """How the nets are trained."""

    steps: PositiveInt = Field(description="Training steps; one step updates every net.")
    batch_size: PositiveInt = 64
    optimizer: Optimizer
    generator_optimizer: Optimizer | None = Field(
        default=None, description="Optimiser of the generator; null: that of the other nets."
    )
    rates: dict[RateGroup, PositiveFloat] = Field(
        default={},
        description="Factors on the learning rate of groups of parameters. class_vectors: "
        "embeddings of classes, in conditional norms and in the projection score; score_head: the "
        "part of a readout that is learned, class vectors apart; mapping: what G does to z before "
        "it makes an image of it, in lia and alae.",
    )
    rate_schedule: Weight | None = Field(
        default=None,
        description="Factor on all learning rates as the training proceeds: a schedule; null: 1.",
    )
    updates: Updates = Field(default="simultaneous", validate_default=True)
    augmentation: Augmentation = Field(
        default="none",
        validate_default=True,
        description="Applied to real and generated images before an encoder sees them.",
    )
    images: PositiveInt | None = Field(
        default=None,
        description="Number of training images, the first of a shuffle by the training seed; "
        "null: all.",
    )
    ema: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Decay of the moving average of weights that is evaluated; null: no average.",
    )
    ema_debias: bool = Field(
        default=True,
        description="Whether the average is divided by the sum of its weights, so that the initial "
        "weights have no share in it.",
    )
    precision: Literal["float32", "tf32", "bf16"] = Field(
        default="float32",
        description="Precision of convolutions and dense layers; weights, batch norm and losses "
        "are float32.",
    )
    capture: Literal["auto", "off"] = Field(
        default="auto",
        description="Whether steps are captured as a CUDA graph: auto, on a GPU; off, never.",
    )
    processes: PositiveInt = Field(
        default=1,
        description="Processes that train one trial together, each on its share of every batch; "
        "torchrun starts them.",
    )
    log_every: PositiveInt = Field(default=100, description="Steps between lines of train.jsonl.")

    @model_validator(mode="after")
    def _can_share(self) -> Training:
        if self.batch_size % self.processes:
            raise ValueError(
                f"batch_size {self.batch_size} cannot be shared by {self.processes} processes: "
                f"give a multiple of {self.processes}"
            )
        return self


class Evaluation(Model):
    """What is measured on a trained trial."""

    samples: PositiveInt = Field(default=10_000, description="Number of generated images.")
    probe_images: NonNegativeInt = Field(
        default=10_000,
        description="Maximum number of labelled training images for the linear probe; 0: no probe.",
    )
    extractors: list[ExtractorName] = Field(
        default=["classifier"], min_length=1, description="Feature spaces."
    )
    groups: list[Group] = Field(
        default=[], description="Groups of further metrics; the list of metrics shows each group."
    )
    encoder_statistics: Literal["matched", "balanced", "real", "mixed", "batch"] = Field(
        default="matched",
        description="Batch-norm statistics of E. matched: re-estimated on real training images for "
        "real images and on samples for generated ones, as E normalises them in training; "
        "balanced: the mean of the two for all images; real: those of real images for all; mixed: "
        "the running averages of training, whose share of real batches depends on the objective; "
        "batch: those of the evaluated batch.",
    )
    generator_statistics: Literal["estimated", "running"] = Field(
        default="estimated",
        description="Batch-norm statistics of G. estimated: re-estimated on samples with the final "
        "weights; running: the running averages of training.",
    )
    projection: Literal["own", "standardise", "none"] = Field(
        default="own",
        description="Projection of a code before G in autoencoding: the objective's own, N(.), or "
        "none.",
    )
    temperature: PositiveFloat = Field(
        default=1.0,
        description="Factor on the projected code in autoencoding; the author uses 0.9.",
    )
    seed: Seed = Field(
        default=0, description="Seed of the samples and of the random choices of metrics."
    )
    every: PositiveInt | None = Field(
        default=None,
        description="Training steps between evaluations; null: only at the end.",
    )
    choose_by: str | None = Field(
        default=None,
        description="Metric on held-out images that selects the weights for the final evaluation; "
        "null: the last weights.",
    )
    held_out: NonNegativeInt = Field(
        default=0,
        description="Number of training images held out of training, used only by evaluations "
        "during it.",
    )

    @field_validator("choose_by")
    @classmethod
    def _has_direction(cls, value: str | None) -> str | None:
        return value if value is None else metric_with_direction(value)

    @model_validator(mode="after")
    def _can_choose(self) -> Evaluation:
        if self.choose_by is not None and (self.every is None or not self.held_out):
            raise ValueError("choose_by needs every and held_out: set both")
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
        default={}, description="Hashes of the plug-ins in use; set by the program."
    )

    def identity(self) -> dict[str, Any]:
        """What differs from the first defaults, as plain data.

        Which metrics are measured is not part of it: one more does not change the others.
        """
        defaults = {"extractors": Evaluation().extractors, "groups": []}
        evaluation = self.evaluation.model_copy(update=defaults)
        plain = self.model_copy(update={"evaluation": evaluation})
        differs = plain.model_dump(mode="json", exclude_defaults=True)
        return without_first_defaults(differs, plain.model_dump(mode="json"))


def rebuild_models() -> None:
    """Make the settings accept the parts of all plug-ins that are registered now."""
    clear_model_cache()
    for model in (Training, Settings, StudySettings):
        model.model_rebuild(force=True)


class Published(Model):
    """One table from the literature, shown below the results.

    Its numbers are text, as printed: no test can use them.
    """

    source: str = Field(description="Paper and table.")
    differs: str = Field(description="How its setup differs from this study.")
    values: dict[str, dict[str, str]] = Field(
        min_length=1,
        description="System, as the source names it -> metric -> value.",
    )

    @field_validator("values")
    @classmethod
    def _known_metrics(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        known_metrics(dict.fromkeys(name for found in value.values() for name in found))
        return value


class Statement(Model):
    """What a study states, apart from the settings of its arms."""

    name: str = Field(pattern=NAME, description="Name of the study and of its results folder.")
    question: str = Field(description="The one question that this study asks.")
    source: str = Field(default="", description="Where the claim comes from.")
    seeds: list[Seed] = Field(min_length=1, description="Training seeds of every arm.")
    metrics: list[str] = Field(min_length=1, description="Metrics of the table and the figures.")
    hypotheses: list[Hypothesis] = Field(default=[])
    alpha: float = Field(
        default=0.05, gt=0, lt=0.5, description="Family-wise error level of the hypotheses."
    )
    tune: Tuning | None = Field(
        default=None, description="How the values of some arms were chosen, on seeds of their own."
    )
    published: list[Published] = Field(
        default=[], description="What the literature reports; shown with the results, never tested."
    )

    @model_serializer(mode="wrap")
    def _as_stored(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what is empty in most studies: older stored ones do not have the keys."""
        stored: dict[str, Any] = dump(self)
        return {
            k: v for k, v in stored.items() if v or k not in ("tune", "published", "arm_titles")
        }

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, value: list[int]) -> list[int]:
        if len(set(value)) < len(value):
            raise ValueError("a seed is listed twice")
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
                raise ValueError(f"two hypotheses have the id {name!r}")
        return value


class StudySettings(Statement):
    """A study at one scale: base and diffs are resolved into the settings of each arm."""

    scale: str | None = Field(default=None, pattern=NAME)
    plugins: list[Annotated[Path, Field(strict=False)]] = Field(
        default=[], description="Files of the plug-ins."
    )
    file_folder: Path | None = Field(
        default=None,
        exclude=True,
        strict=False,
        description="Folder of the study file, where data paths with ./ or ../ start.",
    )
    file_sha256: str = Field(
        default="", exclude=True, description="SHA-256 of the study file as it was read."
    )
    header: dict[str, str] = Field(
        default={}, exclude=True, description="What the comments at the top of the file say."
    )
    arm_titles: dict[str, str] = Field(default={}, description="Titles of the arms that have one.")
    arms: dict[Annotated[str, Field(pattern=NAME)], Settings] = Field(min_length=1)

    @property
    def folder(self) -> str:
        """Name of the results folder: ``name`` or ``name-scale``."""
        return self.name if self.scale is None else f"{self.name}-{self.scale}"
