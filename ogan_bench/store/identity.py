"""Whether a stored trial is of the configuration that is wanted."""

from __future__ import annotations

from pydantic import ValidationError

from ogan_bench.errors import UserError
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.diffs import differences
from ogan_bench.study.first_defaults import with_first_defaults
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial
from ogan_bench.study.yaml_errors import Tree


class ConflictError(UserError):
    """A stored trial was made with another configuration."""


def check_identity(folder: TrialFolder, trial: Trial) -> None:
    """Refuse a folder that holds a trial of another configuration.

    Args:
        folder: Where the trial is stored, or will be.
        trial: With the configuration that is wanted.

    Raises:
        ConflictError: Names what differs and the way out.
        UserError: What is stored is damaged.
    """
    run = folder.read("run.json")
    if run is None and folder.is_finished:
        raise folder.no_run()
    if run is None or run["config_hash"] == trial.config_hash:
        return
    changes = [
        f"{key}: {stored!r} stored, {wanted!r} wanted"
        for key, stored, wanted in differences(_completed(run["config"]), trial.config)
    ]
    raise ConflictError(
        f"{folder.path} holds a trial of another configuration ({'; '.join(changes)}). "
        "Choose another folder with --results, or delete this one to train it again."
    )


def _completed(config: Tree) -> Tree:
    """A stored configuration with the defaults of settings that are younger than it."""
    complete = with_first_defaults(config)
    seed = complete.pop("seed", None)
    try:
        complete = Settings.model_validate(complete).model_dump(mode="json")
    except ValidationError:  # of a version with other settings: it is shown as it is
        return config
    return {**complete, "seed": seed}
