"""Rebuilds trials from what is stored, to measure them again or to train them anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.first_defaults import with_first_defaults
from ogan_bench.study.plugin_files import Plugin
from ogan_bench.study.plugins import add_plugins
from ogan_bench.study.settings import Evaluation, Settings, StudySettings
from ogan_bench.study.trial import Trial, config_hash


def stored_trials(
    study: Record,
    folders: Sequence[TrialFolder],
    *,
    extractors: Sequence[str] = (),
    groups: Sequence[str] = (),
    plugins: Sequence[Path] = (),
) -> list[Trial]:
    """The trials of these folders that can be measured, with further metrics added.

    Args:
        study: ``study.json``.
        folders: Of started trials.
        extractors: Feature spaces to add.
        groups: Groups of metrics to add.
        plugins: Files whose code may run. What is stored only says which ones a trial needs: code
            that comes with somebody's results does not run unless the user names it.

    Raises:
        UserError: The study is packed, a plug-in is not named or has changed since the training, a
            record lies in another place than it says, or settings are of another version.
    """
    add_plugins(plugins)
    trials = []
    for folder in folders:
        if (folder.read("result.json") or {}).get("outcome") != "ok":
            continue  # not trained, or nothing there to measure
        trials.append(_trial(study, folder, extractors, groups, plugins))
    return trials


def stored_trial(study: Record, folder: TrialFolder, *, plugins: Sequence[Path] = ()) -> Trial:
    """The trial of one folder; arguments and errors as of :func:`stored_trials`."""
    add_plugins(plugins)
    return _trial(study, folder, (), (), plugins)


def planned_trials(
    store: TrialStore, studies: Sequence[str], *, plugins: Sequence[Path] = ()
) -> list[Trial]:
    """All trials that stored studies state, started or not, seed by seed.

    Args:
        store: The results.
        studies: Names of the studies' folders.
        plugins: As for :func:`stored_trials`.

    Raises:
        UserError: There is no such study, it lies in another place than it says, its settings are
            of another version, or a plug-in is not named or has changed.
    """
    add_plugins(plugins)
    return [trial for study in studies for trial in _planned(store, study, plugins)]


def _planned(store: TrialStore, study: str, plugins: Sequence[Path]) -> list[Trial]:
    """:func:`planned_trials` of one study."""
    record, path = store.read_study(study), store.root / study / "study.json"
    try:
        declared = {Path(name).name for name in record.get("plugins", [])}
        used = tuple(plugin for plugin in plugins if plugin.name in declared)
        for config in record["arms"].values():
            _check_plugins(path, config.get("plugins", {}), used, record.get("plugins", []))
        stated = StudySettings.model_validate(
            {
                **{key: record[key] for key in ("name", "question", "metrics", "seeds")},
                "scale": record.get("scale"),
                "arms": {
                    arm: with_first_defaults(config) for arm, config in record["arms"].items()
                },
            }
        )
        identities = {arm: dict(record["identities"][arm]) for arm in stated.arms}
    except ValidationError as error:
        raise UserError(f"{path}: {_first(error)}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path}: not a stored study ({error})") from None
    found = [
        Trial(study, arm, seed, settings, used, _file_folder(record, store.root))
        for seed in stated.seeds
        for arm, settings in stated.arms.items()
    ]
    for trial in found:
        if config_hash({**identities[trial.arm], "seed": trial.seed}) != trial.config_hash:
            raise UserError(
                f"{path}: {trial.arm} has settings of another version; use that version, or store "
                "the study anew with `ogan-bench run`"
            )
    return found


def _trial(
    study: Record,
    folder: TrialFolder,
    extractors: Sequence[str],
    groups: Sequence[str],
    plugins: Sequence[Path],
) -> Trial:
    folder.check_not_packed()
    run = folder.read("run.json")
    if run is None:
        raise folder.no_run()
    config: Record = {**run["config"], "evaluation": {**run["config"]["evaluation"]}}
    wanted: dict[str, Any] = config["evaluation"]
    for key, added in (("extractors", extractors), ("groups", groups)):
        wanted[key] = list(dict.fromkeys([*wanted.get(key, []), *added]))
    settings = stored_settings(
        config, folder.path / "run.json", plugins, known=study.get("plugins", [])
    )
    place = _file_folder(study, folder.path.parents[2])
    return Trial(run["study"], run["arm"], run["seed"], settings, tuple(plugins), place)


def _file_folder(study: Record, root: Path) -> Path | None:
    """Folder of the study file, if ``study.json`` names it: relative to the results."""
    stored = study.get("file_folder")
    return None if stored is None else root.resolve() / stored


def with_what_was_measured(trial: Trial, folder: TrialFolder) -> Trial:
    """The trial, asking also for what its result has, so that measuring it again loses nothing.

    Ask only while holding the trial: until then another process may add to the result.

    Args:
        trial: What is to be measured.
        folder: Its folder.

    Raises:
        UserError: The folder's files are damaged, or its metrics are of another version.
    """
    result, run = folder.read("result.json"), folder.read("run.json")
    if result is None or run is None:
        return trial
    wanted = trial.settings.evaluation
    stored = run["config"].get("evaluation", {})
    both = {
        key: list(dict.fromkeys([*getattr(wanted, key), *stored.get(key, [])]))
        for key in ("extractors", "groups")
    }
    try:
        evaluation = Evaluation.model_validate({**wanted.model_dump(), **both})
    except ValidationError as error:
        raise UserError(f"{folder.path / 'run.json'}: {_first(error)}") from None
    settings = trial.settings.model_copy(update={"evaluation": evaluation})
    return replace(trial, settings=settings)


def stored_settings(
    config: Record, path: Path, plugins: Sequence[Path], *, known: Sequence[str] = ()
) -> Settings:
    """The settings of a trial, from its configuration as it was stored.

    Args:
        config: As :attr:`~ogan_bench.study.trial.Trial.config` gives it, maybe of an older version.
        path: The file that it was read from.
        plugins: Files that the user has named; their parts are registered.
        known: Where the files of plug-ins were at the training, for messages.

    Raises:
        UserError: A plug-in is not named or has changed since the training, or settings are of
            another version or none at all.
    """
    try:
        config = with_first_defaults(config)
        del config["seed"]
        _check_plugins(path.parent, dict(config.get("plugins", {})), plugins, known)
        return Settings.model_validate(config)
    except ValidationError as error:
        raise UserError(f"{path}: {_first(error)}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path}: not the settings of a trial ({error})") from None


def _first(error: ValidationError) -> str:
    """The first problem, with its place."""
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _check_plugins(
    folder: Path, needed: dict[str, str], named: Sequence[Path], known: Sequence[str]
) -> None:
    """Refuse a trial whose plug-ins the user has not named, or that are not what they were.

    Args:
        folder: Of the trial or of the study, for the message.
        needed: Name of the file to the hash of its content at the training.
        named: Files that the user has named.
        known: Where the files were.
    """
    files = {path.name: path for path in named}
    for name, sha256 in needed.items():
        if name not in files:
            places = [path for path in known if Path(path).name == name]
            raise UserError(
                f"{folder}: needs the plug-in {places[0] if places else name}, whose code "
                "runs only if you name it: read it, then add --plugin FILE (in Python, plugins=)"
            )
        if Plugin.of(files[name], files[name].read_bytes()).sha256 != sha256:
            raise UserError(
                f"{files[name]}: is not the file that {folder} was trained with (SHA-256 "
                f"{sha256}...); give that version"
            )
