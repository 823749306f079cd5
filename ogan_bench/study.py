"""From a YAML file to a validated study and its trials.

A file states a ``base`` setting and ``arms`` as small diffs of it; a scale is a further diff. Diffs
merge key by key, with one exception: a part that changes its ``name`` replaces the old part whole,
because the parameters of one optimiser or loss mean nothing to another. All problems of a file are
reported at once, each with its place.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, NonNegativeInt, ValidationError

from ogan_bench import catalogue, components
from ogan_bench.components import Component
from ogan_bench.config import Settings, Statement, Study
from ogan_bench.diffs import merge, parse_overrides
from ogan_bench.errors import PluginError, StudyError, did_you_mean
from ogan_bench.metrics import METRICS
from ogan_bench.plugins import add_plugins, plugins_of
from ogan_bench.strict import NAME, Model
from ogan_bench.validation import KeyPath, Places, Tree, message_of, plain, read_yaml, validate


class Scale(Model):
    """The same question, bigger or smaller: a diff of ``base``, ``arms`` and ``seeds``."""

    base: Tree = Field(default_factory=dict)
    arms: dict[str, Tree | None] = Field(
        default={},
        description="Arms of the study to their diffs at this scale; nothing: the arm and the "
        "hypotheses that name it are dropped.",
    )
    seeds: list[NonNegativeInt] | None = Field(default=None, min_length=1)
    metrics: dict[str, str | None] = Field(
        default={},
        description="Metrics of the study to those that take their place at this scale, in the "
        "table and in the hypotheses; nothing: the metric and its hypotheses are dropped.",
    )


class StudyFile(Statement):
    """Shape of a study file before its diffs are merged."""

    plugins: list[str] = Field(
        default=[], description="Python files with parts of your own, beside the study file."
    )
    base: Tree
    arms: dict[Annotated[str, Field(pattern=NAME)], Tree | None] = Field(min_length=1)
    scales: dict[Annotated[str, Field(pattern=NAME)], Scale] = Field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """One arm with one training seed."""

    study: str
    arm: str
    seed: int
    settings: Settings
    plugins: tuple[Path, ...] = ()

    @property
    def id(self) -> str:
        """``study/arm/seed-0``, also the path of its folder."""
        return f"{self.study}/{self.arm}/seed-{self.seed}"

    @property
    def config(self) -> Tree:
        """Everything that defines the trial, as plain data."""
        return {**self.settings.model_dump(mode="json"), "seed": self.seed}

    @property
    def config_hash(self) -> str:
        """Identity of the trial: of what differs from the defaults."""
        return config_hash({**self.settings.identity(), "seed": self.seed})

    def __reduce__(self) -> tuple[Any, ...]:
        """Travels to other processes as plain data, so that plug-ins are known before parts."""
        return _restore, (self.study, self.arm, self.seed, self.settings.model_dump(), self.plugins)


def _restore(study: str, arm: str, seed: int, settings: Tree, plugins: tuple[Path, ...]) -> Trial:
    add_plugins(plugins)
    return Trial(study, arm, seed, Settings.model_validate(settings), plugins)


def config_hash(config: Tree) -> str:
    """SHA-256 of the canonical JSON of a trial's configuration, 16 hexadecimal digits."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def trials(
    study: Study, arms: Sequence[str] | None = None, seeds: Sequence[int] | None = None
) -> list[Trial]:
    """Trials of a study, seed by seed, so that a cut-off run has whole comparisons.

    Args:
        study: The study.
        arms: These arms only.
        seeds: These seeds instead of the study's.
    """
    return [
        Trial(study.folder, arm, seed, settings, tuple(study.plugins))
        for seed in (study.seeds if seeds is None else seeds)
        for arm, settings in study.arms.items()
        if arms is None or arm in arms
    ]


def load_study(
    path: Path,
    *,
    scale: str | None = None,
    overrides: Sequence[str] = (),
) -> Study:
    """Read, merge and validate a study file.

    Args:
        path: The YAML file.
        scale: One of the file's ``scales``; ``None`` is the file as it stands.
        overrides: ``key.path=value`` settings that win over base, scale and arms.

    Raises:
        UserError: The file cannot be read.
        StudyError: Every problem found, each with file, line, column and key.
    """
    document = read_yaml(path)
    places = Places(path, document)
    tree = plain(document)
    plugins, unusable = _take_up_plugins(tree, path, places)
    shape, problems = validate(StudyFile, tree, places)
    problems = unusable + problems
    scales = _mappings(tree.get("scales"))
    if scale is not None and scale not in scales:
        problems.append(f"{path}: scales: no scale {scale!r}.{did_you_mean(scale, list(scales))}")

    arms: dict[str, Settings] = {}
    for name in (None, *scales):
        chosen = name == scale
        resolved, new = _resolve_arms(tree, name, places, overrides if chosen else ())
        problems += new
        arms = resolved if chosen else arms
    if shape is not None:
        problems += _arms_exist(shape, places)
        shape, new = _with_metrics_of(_with_arms_of(shape, scale), scale, places)
        problems += new + _metrics_are_measured(shape, arms, places)
    problems = list(dict.fromkeys(problems))
    if shape is None or problems:
        raise StudyError(problems)
    statement = {name: getattr(shape, name) for name in Statement.model_fields}
    if scale is not None and shape.scales[scale].seeds is not None:
        statement["seeds"] = shape.scales[scale].seeds
    return Study(**statement, scale=scale, arms=arms, plugins=plugins)


SHIPPED = (Path(__file__).parent.parent / "studies", Path(__file__).parent / "studies")
"""Where the shipped studies lie: in a checkout, and in an installed package."""


def shipped_studies() -> dict[str, Path]:
    """Names and files of the studies that come with the package."""
    folder = next((folder for folder in SHIPPED if folder.is_dir()), None)
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))} if folder else {}


def find_study(path: Path) -> Path:
    """The file itself, or the shipped study of that name where there is no such file."""
    if path.exists():
        return path
    return shipped_studies().get(path.stem, path)


def read_statement(path: Path) -> str:
    """The question of a study file."""
    return str(read_yaml(path).get("question", "")).strip()


def parse_component(kind: str, name: str, settings: Sequence[str]) -> Component:
    """A part with parameters from ``key=value`` texts.

    Raises:
        StudyError: There is no such part or parameter, or a value does not fit.
    """
    tree, problems = parse_overrides(settings)
    known = name in catalogue.parts(kind)
    if not known:
        problems.append(f"no {name!r} among the {kind}.{did_you_mean(name, catalogue.names(kind))}")
    if problems:
        raise StudyError(problems)
    model = components.model(kind, name)
    try:
        return model.model_validate({"name": name, **tree})
    except ValidationError as error:
        raise StudyError(
            [
                f"--set {'.'.join(map(str, detail['loc']))}: "
                + message_of(model, dict(detail), detail["loc"])
                for detail in error.errors(include_url=False)
            ]
        ) from None


def study_record(study: Study, seeds: Sequence[int], command: str, path: Path) -> Tree:
    """What is stored of a study beside its trials.

    Args:
        study: The resolved study.
        seeds: Seeds of all trials that belong to it.
        command: How it was run.
        path: Its file.
    """
    return {
        "format": 1,
        **study.model_dump(mode="json"),
        "folder": study.folder,
        "seeds": list(seeds),
        "identities": {arm: settings.identity() for arm, settings in study.arms.items()},
        "command": command,
        "plugin_metrics": {
            name: dataclasses.asdict(METRICS[name]) for name in catalogue.plugin_metrics()
        },
        "study_file_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def parse_seeds(text: str) -> list[int]:
    """``"0-2,7"`` -> ``[0, 1, 2, 7]``.

    Raises:
        StudyError: The text is no list of seeds and ranges.
    """
    seeds: list[int] = []
    for piece in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", piece)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise StudyError([f"--seeds: {text!r} is not a list such as 0-4 or 0,2,5-7"])
        seeds.extend(range(int(match[1]), int(match[2] or match[1]) + 1))
    return list(dict.fromkeys(seeds))


def parse_arms(text: str, study: Study) -> list[str]:
    """``"none,pearson"`` -> the arms of that name, in the study's order.

    Raises:
        StudyError: The study has no such arm.
    """
    wanted = [name.strip() for name in text.split(",")]
    known = list(study.arms)
    problems = [
        f"--arms: no arm {arm!r}.{did_you_mean(arm, known)}" for arm in wanted if arm not in known
    ]
    if problems:
        raise StudyError(problems)
    return [arm for arm in known if arm in wanted]


def _resolve_arms(
    tree: Tree, scale: str | None, places: Places, overrides: Sequence[str]
) -> tuple[dict[str, Settings], list[str]]:
    """Settings of every arm at one scale, and the problems met on the way.

    Works on the raw file, so that problems in its other parts do not hide those in here.
    """
    base = _mapping(tree.get("base"))
    origins: list[KeyPath] = [("base",)]
    diffs: dict[str, list[tuple[KeyPath, Tree]]] = {
        arm: [(("arms", arm), diff)] for arm, diff in _mappings(tree.get("arms")).items()
    }
    override, problems = parse_overrides(overrides)
    dropped: list[str] = []
    if scale is not None:
        layer = _mapping(_mapping(tree["scales"])[scale])
        base = merge(base, _mapping(layer.get("base")))
        origins = [("scales", scale, "base"), *origins]
        for arm, diff in _mappings(layer.get("arms")).items():
            place: KeyPath = ("scales", scale, "arms", arm)
            if arm not in diffs:
                problems.append(
                    places.line(place, f"no arm {arm!r}.{did_you_mean(arm, list(diffs))}")
                )
            elif layer["arms"][arm] is None:
                dropped.append(arm)
            else:
                diffs[arm].append((place, diff))
        if diffs and len(dropped) == len(diffs):
            problems.append(places.line(("scales", scale, "arms"), "leaves no arm of the study"))
    resolved = {}
    for arm, layers in diffs.items():
        merged = base
        for _, diff in layers:
            merged = merge(merged, diff)
        lookup = [place for place, _ in reversed(layers)] + origins
        settings, new = validate(Settings, merge(merged, override), places, lookup, override)
        problems += new
        if settings is not None and arm not in dropped:
            resolved[arm] = settings.model_copy(update={"plugins": plugins_of(settings)})
    return resolved, problems


def _take_up_plugins(tree: Tree, path: Path, places: Places) -> tuple[list[Path], list[str]]:
    """Make the plug-ins that a study names known, before anything else of it is checked."""
    named = tree.get("plugins")
    files = [path.parent / str(name) for name in (named if isinstance(named, list) else [])]
    problems = []
    for index, file in enumerate(files):
        try:
            add_plugins([file])
        except PluginError as error:
            problems.append(places.line(("plugins", index), str(error)))
    if not files:
        add_plugins([])
    return [file.resolve() for file in files], problems


def _with_arms_of(shape: StudyFile, scale: str | None) -> StudyFile:
    """The study without the hypotheses about arms that a scale drops."""
    if scale is None or scale not in shape.scales:
        return shape
    dropped = {arm for arm, diff in shape.scales[scale].arms.items() if diff is None}
    kept = [h for h in shape.hypotheses if not dropped & {arm for _, arm in h.named_arms}]
    return shape.model_copy(update={"hypotheses": kept})


def _with_metrics_of(
    shape: StudyFile, scale: str | None, places: Places
) -> tuple[StudyFile, list[str]]:
    """The study with the metrics of a scale in its table and in its hypotheses."""
    if scale is None or scale not in shape.scales:
        return shape, []
    instead = shape.scales[scale].metrics
    place = ("scales", scale, "metrics")
    problems = [
        places.line((*place, name), f"no metric {name!r} among those of the study")
        for name in instead
        if name not in shape.metrics
    ]
    problems += [
        places.line((*place, name), f"no metric {new!r}.{did_you_mean(new, METRICS)}")
        for name, new in instead.items()
        if new is not None and new not in METRICS
    ]
    if problems:
        return shape, problems
    renamed = {name: instead.get(name, name) for name in shape.metrics}
    hypotheses = []
    for hypothesis in shape.hypotheses:
        metric = instead.get(hypothesis.metric or "", hypothesis.metric)
        if metric is not None or hypothesis.metric is None:  # one that is about no metric stays
            changed = {} if metric == hypothesis.metric else {"metric": metric}
            hypotheses.append(hypothesis.model_copy(update=changed))
    update = {
        "metrics": list(dict.fromkeys(name for name in renamed.values() if name is not None)),
        "hypotheses": hypotheses,
    }
    return shape.model_copy(update=update), []


def _arms_exist(shape: StudyFile, places: Places) -> list[str]:
    known = list(shape.arms)
    return [
        places.line(("hypotheses", index, *place), f"no arm {arm!r}.{did_you_mean(arm, known)}")
        for index, hypothesis in enumerate(shape.hypotheses)
        for place, arm in hypothesis.named_arms
        if arm not in known
    ]


def _metrics_are_measured(shape: StudyFile, arms: dict[str, Settings], places: Places) -> list[str]:
    """Metrics that some arm does not measure: its feature space or its group is not asked for."""
    problems = []
    for index, name in enumerate(shape.metrics):
        for key, needed in (
            ("extractors", METRICS[name].extractor),
            ("groups", METRICS[name].group),
        ):
            lacking = [
                arm
                for arm, settings in arms.items()
                if needed not in getattr(settings.evaluation, key)
            ]
            if needed and lacking:
                problems.append(
                    places.line(
                        ("metrics", index),
                        f"{name} needs {needed!r} among evaluation.{key} of {', '.join(lacking)}",
                    )
                )
    return problems


def _mapping(value: Any) -> Tree:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> dict[str, Tree]:
    """The entries of a mapping whose values are mappings or nothing."""
    return {
        str(key): _mapping(entry)
        for key, entry in _mapping(value).items()
        if entry is None or isinstance(entry, dict)
    }
