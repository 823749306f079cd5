"""What the JSON files of a results folder must hold for the rest of the program to read them.

Only what is relied on: older versions wrote fewer keys, and later ones may write more.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.store.sealed import parse_sealed_json

FORMAT = 1
"""Version of the files' layout."""

T = TypeVar("T")

Text = Annotated[str, Field(min_length=1)]
Integer = Annotated[int, Field(ge=0, lt=2**63)]


def _distinct(values: list[T]) -> list[T]:
    if len(set(values)) < len(values):
        raise ValueError("the same value twice")
    return values


Distinct = AfterValidator(_distinct)


class Shape(BaseModel):
    """Keys with their types; values are never converted, and further keys are no error."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


class Attempt(Shape):
    """One attempt at a trial."""

    started: str = ""
    ended: str = ""
    trains: bool = True
    tool: dict[str, str | None] = {}


class Provenance(Shape):
    """``provenance`` of a trial: only what is compared."""

    ogan_bench: str | None = None
    git_commit: str | None = None
    data_hash: str | None = None


class Run(Shape):
    """``run.json``."""

    config_hash: str
    config: dict[str, Any] = {}
    registered: str | None = None
    attempts: list[Attempt] = []
    provenance: Provenance = Provenance()


class Measurement(Shape):
    """One row of ``metrics``."""

    metric: Text
    value: float | None
    n_samples: Integer | None = None
    extractor: str | None = None
    split: str | None = None
    protocol: str | None = None
    floor: float | None = None
    error: float | None = None
    members: list[float] | None = None
    note: str | None = None
    curve: list[Annotated[list[float], Field(min_length=2, max_length=2)]] | None = None


class Training(Shape):
    """``training`` in a result."""

    steps: Integer | None = None
    seconds: float | None = None
    images_per_second: float | None = None
    step_flops: float | None = None
    activation_bytes: float | None = None
    peak_bytes: float | None = None
    adversarial_lower_bound: float | None = None
    parameters: dict[str, Integer] | None = None


class Result(Shape):
    """``result.json``."""

    outcome: Text
    reason: str | None = None
    metrics: list[Measurement]
    measured: list[str] = []
    facts: dict[str, Any] = {}
    training: Training | None = None
    evaluation_seconds: float | None = None
    tool: dict[str, str | None] | None = None
    sha256: dict[str, str] = {}


class Samplings(Shape):
    """``samplings.json``."""

    samplings: dict[Annotated[str, Field(pattern=r"^\d{1,18}$")], list[Measurement]]


class PluginMetric(Shape):
    """A metric of a plug-in, as ``study.json`` describes it."""

    better: str | None
    definition: str
    source: str


class Part(Shape):
    """A part with its name."""

    name: str = ""


class ArmTraining(Shape):
    """``training`` of an arm."""

    steps: Integer | None = None
    batch_size: Integer | None = None


class ArmEvaluation(Shape):
    """``evaluation`` of an arm."""

    samples: Integer | None = None
    probe_images: Integer | None = None


class Arm(Shape):
    """The settings of an arm, of whatever version: only what a report takes out of them."""

    data: Part | None = None
    model: dict[str, Any] | None = None
    objective: dict[str, Any] = {}
    training: ArmTraining = ArmTraining()
    evaluation: ArmEvaluation = ArmEvaluation()


class Identity(Shape):
    """What identifies an arm."""

    training: ArmTraining = ArmTraining()


class Stated(Shape):
    """A hypothesis; the rest of it is checked where it is tested."""

    id: Text


class Study(Shape):
    """``study.json``."""

    folder: str = ""
    question: str = ""
    source: str = ""
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    seeds: Annotated[list[Integer], Distinct]
    metrics: Annotated[list[Text], Distinct] = []
    hypotheses: list[Stated] = []
    arms: dict[Text, Arm]
    arm_titles: dict[str, str] = {}
    identities: dict[str, Identity] = {}
    plugins: list[str] = []
    file_folder: str | None = None
    plugin_metrics: dict[str, PluginMetric] = {}
    command: str = ""
    header: dict[str, str] = {}
    study_file_sha256: str = ""


class HistoryLine(Shape):
    """A line of ``history.jsonl``."""

    step: Integer
    images: Integer | None = None
    seconds: float | None = None
    on: str = ""
    metrics: dict[str, float | None]


class Images(Shape):
    """``images`` of stored nets."""

    dataset: str
    shape: Annotated[list[Annotated[int, Field(ge=1, le=4096)]], Field(min_length=3, max_length=3)]
    are_points: bool
    classes: list[str]
    frequencies: list[Integer]
    licence: str


class Nets(Shape):
    """``nets.json``."""

    config: dict[str, Any]
    images: Images
    sha256: str


SHAPES: dict[str, type[Shape]] = {
    "nets.json": Nets,
    "run.json": Run,
    "result.json": Result,
    "samplings.json": Samplings,
    "study.json": Study,
}
"""Name of a file to what it holds."""

LINES: dict[str, TypeAdapter[Any]] = {
    "train.jsonl": TypeAdapter(list[dict[str, float | None]], config=Shape.model_config),
    "history.jsonl": TypeAdapter(list[HistoryLine]),
}
"""Name of a log to what its lines hold."""


def parse_record(content: bytes, path: Path, mend: str) -> Record:
    """The content of a JSON file, which is what the rest of the program relies on.

    Args:
        content: Of the file.
        path: Of the file, whose name says what it must hold.
        mend: What the user can do if it does not.

    Raises:
        UserError: It is damaged, of another format, or lacks something.
    """
    record = parse_sealed_json(content, path, mend)
    if (found := record.get("format", FORMAT)) != FORMAT:
        raise UserError(
            f"{path}: format {found!r} cannot be read here, only {FORMAT}; use the version of "
            "ogan_bench that wrote it"
        )
    try:
        SHAPES[path.name].model_validate(record)
    except ValidationError as error:
        raise UserError(f"{path}: {_first(error)}; {mend}") from None
    return record


def misshapen_lines(name: str, records: list[Record]) -> str | None:
    """The first place where the lines of a log are not what they must be, and why; ``None``: none.

    Args:
        name: Name of the file.
        records: Its lines, which are named by their index.
    """
    try:
        LINES[name].validate_python(records)
    except ValidationError as error:
        return _first(error)
    # A step orders the lines: it is what a mapping of numbers alone does not ask for.
    odd = (index for index, record in enumerate(records) if type(record.get("step")) is not int)
    return next((f"{index}.step: Input should be a valid integer" for index in odd), None)


def _first(error: ValidationError) -> str:
    """The first problem with its place."""
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
