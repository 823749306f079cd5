"""Rebuilds trials from what is stored of them, so that they can be measured again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.plugins import add_plugins
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial


def stored_trials(
    study: Record,
    folders: Sequence[TrialFolder],
    *,
    extractors: Sequence[str] = (),
    groups: Sequence[str] = (),
) -> list[Trial]:
    """The trials of these folders that can be measured, with further metrics added.

    Args:
        study: ``study.json``.
        folders: Of started trials.
        extractors: Feature spaces to add.
        groups: Groups of metrics to add.

    Raises:
        UserError: The study is packed, a file of a plug-in is gone, or settings are of another
            version.
    """
    trials = []
    for folder in folders:
        if (folder.read("result.json") or {}).get("outcome") != "ok":
            continue  # not trained, or nothing there to measure
        trials.append(stored_trial(study, folder, extractors=extractors, groups=groups))
    return trials


def stored_trial(
    study: Record,
    folder: TrialFolder,
    *,
    extractors: Sequence[str] = (),
    groups: Sequence[str] = (),
) -> Trial:
    """The trial of a folder; arguments and errors as of :func:`stored_trials`."""
    folder.check_not_packed()
    plugins = tuple(Path(path) for path in study.get("plugins", []))
    add_plugins(plugins)
    run = folder.read("run.json") or {}
    config = {key: value for key, value in run["config"].items() if key != "seed"}
    wanted: dict[str, Any] = config["evaluation"]
    for key, added in (("extractors", extractors), ("groups", groups)):
        wanted[key] = list(dict.fromkeys([*wanted.get(key, []), *added]))
    try:
        settings = Settings.model_validate(config)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise UserError(f"{folder.path / 'run.json'}: {place}: {first['msg']}") from None
    return Trial(run["study"], run["arm"], run["seed"], settings, plugins)
