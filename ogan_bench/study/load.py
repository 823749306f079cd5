"""From a YAML file to a validated study.

All problems of a file are reported at once, each with its place.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from pathlib import Path

from ogan_bench.errors import PluginError, StudyError, did_you_mean
from ogan_bench.metrics import METRICS
from ogan_bench.study import catalogue
from ogan_bench.study.base_model import no_metric
from ogan_bench.study.candidates import CandidateError, candidates
from ogan_bench.study.file_shape import StudyFile
from ogan_bench.study.header import read_header
from ogan_bench.study.plugins import add_plugins
from ogan_bench.study.resolve import mappings, resolve_arms
from ogan_bench.study.settings import Settings, Statement, StudySettings
from ogan_bench.study.tuning import Search, Tuning
from ogan_bench.study.yaml_errors import Places, Tree, plain, read_study, validate


def load_study(
    path: Path,
    *,
    scale: str | None = None,
    overrides: Sequence[str] = (),
) -> StudySettings:
    """Read, merge and validate a study file.

    Args:
        path: The YAML file.
        scale: One of the file's ``scales``; ``None``: the default scale.
        overrides: ``key.path=value`` settings that override base, scale and arms.

    Raises:
        UserError: The file cannot be read.
        StudyError: Every problem found, each with file, line, column and key.
    """
    document, text, sha256 = read_study(path)
    places = Places(path, document)
    tree = plain(document)
    plugins, unusable = _register_plugins(tree, path, places)
    shape, problems = validate(StudyFile, tree, places)
    problems = unusable + problems
    scales = mappings(tree.get("scales"))
    if scale is not None and scale not in scales:
        problems.append(f"{path}: scales: no scale {scale!r}.{did_you_mean(scale, list(scales))}")

    arms: dict[str, Settings] = {}
    for name in (None, *scales):
        chosen = name == scale
        resolved, new = resolve_arms(tree, name, places, overrides if chosen else ())
        problems += new
        arms = resolved if chosen else arms
    if shape is not None:
        problems += _unknown_arms(shape, places)
        shape, new = _replace_metrics(_drop_arms(shape, scale), scale, places)
        problems += new + _unmeasured_metrics(shape, arms, places)
    problems = list(dict.fromkeys(problems))
    if shape is None or problems:
        raise StudyError(problems)
    statement = {name: getattr(shape, name) for name in Statement.model_fields}
    if scale is not None and shape.scales[scale].seeds is not None:
        statement["seeds"] = shape.scales[scale].seeds
    titles = {arm: title for arm, title in shape.arm_titles.items() if arm in arms}
    study = StudySettings(
        **statement,
        scale=scale,
        arms=arms,
        arm_titles=titles,
        plugins=plugins,
        file_folder=path.resolve().parent,
        file_sha256=sha256,
        header=read_header(text),
    )
    if problems := _unusable_tuning(study, places):
        raise StudyError(problems)
    return study


def study_record(study: StudySettings, seeds: Sequence[int], command: str) -> Tree:
    """The record of a study that is stored next to its trials.

    Args:
        study: The resolved study, from :func:`load_study`.
        seeds: Seeds of all trials that belong to it.
        command: The command line that ran it.
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
        "header": study.header,
        "study_file_sha256": study.file_sha256,
    }


def _register_plugins(tree: Tree, path: Path, places: Places) -> tuple[list[Path], list[str]]:
    """Register the plug-ins of a study, before anything else in it is validated."""
    named = tree.get("plugins")
    files = [path.parent / str(name) for name in (named if isinstance(named, list) else [])]
    usable, problems = [], []
    for index, file in enumerate(files):
        try:
            add_plugins([file])
            usable.append(file.resolve())
        except PluginError as error:
            problems.append(places.line(("plugins", index), str(error)))
    if not files:
        add_plugins([])
    return usable, problems


def _drop_arms(shape: StudyFile, scale: str | None) -> StudyFile:
    """The study without the hypotheses that name an arm which the scale drops."""
    if scale is None or scale not in shape.scales:
        return shape
    dropped = {arm for arm, diff in shape.scales[scale].arms.items() if diff is None}
    kept = [h for h in shape.hypotheses if not dropped & {arm for _, arm in h.named_arms}]
    return shape.model_copy(update={"hypotheses": kept, "tune": _without_arms(shape.tune, dropped)})


def _without_arms(tune: Tuning | None, dropped: Collection[str]) -> Tuning | None:
    """The tuning of the arms that are left."""
    searches = [
        search.model_copy(update={"arms": [arm for arm in search.arms if arm not in dropped]})
        for search in (tune.searches if tune else ())
    ]
    return _with_searches(tune, [search for search in searches if search.arms])


def _with_searches(tune: Tuning | None, searches: list[Search]) -> Tuning | None:
    return tune.model_copy(update={"searches": searches}) if tune and searches else None


def _replace_metrics(
    shape: StudyFile, scale: str | None, places: Places
) -> tuple[StudyFile, list[str]]:
    """The study with the scale's replacements of metrics, and one line for every problem."""
    if scale is None or scale not in shape.scales:
        return shape, []
    replacements = shape.scales[scale].metrics
    place = ("scales", scale, "metrics")
    problems = [
        places.line((*place, name), f"no metric {name!r} among those of the study")
        for name in replacements
        if name not in shape.metrics
    ]
    problems += [
        places.line((*place, name), no_metric(new))
        for name, new in replacements.items()
        if new is not None and new not in METRICS
    ]
    if problems:
        return shape, problems
    renamed = {name: replacements.get(name, name) for name in shape.metrics}
    hypotheses = []
    for hypothesis in shape.hypotheses:
        metric = replacements.get(hypothesis.metric or "", hypothesis.metric)
        if metric is not None or hypothesis.metric is None:  # a failure rate has no metric
            changed = {} if metric == hypothesis.metric else {"metric": metric}
            hypotheses.append(hypothesis.model_copy(update=changed))
    searches = [
        search.model_copy(update={"metric": new})
        for search in (shape.tune.searches if shape.tune else ())
        if (new := replacements.get(search.metric, search.metric)) is not None
    ]
    update = {
        "tune": _with_searches(shape.tune, searches),
        "metrics": list(dict.fromkeys(name for name in renamed.values() if name is not None)),
        "hypotheses": hypotheses,
    }
    return shape.model_copy(update=update), []


def _unknown_arms(shape: StudyFile, places: Places) -> list[str]:
    """One line for every arm that a hypothesis names and the study does not have."""
    known = list(shape.arms)
    return [
        places.line(("hypotheses", index, *place), f"no arm {arm!r}.{did_you_mean(arm, known)}")
        for index, hypothesis in enumerate(shape.hypotheses)
        for place, arm in hypothesis.named_arms
        if arm not in known
    ]


def _unusable_tuning(study: StudySettings, places: Places) -> list[str]:
    """One line for every problem of the tuning: arms, seeds and candidates."""
    if study.tune is None:
        return []
    problems = [
        places.line(
            ("tune", "searches", index, "arms"), f"no arm {arm!r}.{did_you_mean(arm, study.arms)}"
        )
        for index, search in enumerate(study.tune.searches)
        for arm in search.arms
        if arm not in study.arms
    ]
    if shared := sorted(set(study.seeds) & set(study.tune.seeds)):
        problems.append(
            places.line(
                ("tune", "seeds"),
                f"{', '.join(map(str, shared))}: also seeds of the study; tune on others",
            )
        )
    if not problems:
        try:
            candidates(study)
        except CandidateError as error:
            place = ("tune", "searches", error.search, "candidates", error.key)
            problems.append(places.line(place, str(error)))
    return problems


def _unmeasured_metrics(shape: StudyFile, arms: dict[str, Settings], places: Places) -> list[str]:
    """One line for every metric that an arm does not measure: its space or group is off."""
    problems = []
    for index, name in enumerate(shape.metrics):
        for key, needed in (
            ("extractors", METRICS[name].extractor),
            ("groups", METRICS[name].group),
        ):
            without = [
                arm
                for arm, settings in arms.items()
                if needed not in getattr(settings.evaluation, key)
            ]
            if needed and without:
                problems.append(
                    places.line(
                        ("metrics", index),
                        f"{name} needs {needed!r} in evaluation.{key} of {', '.join(without)}",
                    )
                )
    return problems
