"""Weights & Biases: a project on its server, or offline runs that wait for ``wandb sync``.

References:
    L. Biewald, "Experiment Tracking with Weights and Biases", 2020, https://wandb.ai.
"""

from __future__ import annotations

import importlib
import netrc
import os
import secrets
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ogan_bench.errors import UserError
from ogan_bench.mirrors.base import MirroredTrial, Point

OFFLINE = "offline-run-"
"""Prefix of the folders of offline runs."""


class WandB:
    """One project, one group per study, one run per trial.

    ``WANDB_MODE``, ``WANDB_PROJECT`` and ``WANDB_ENTITY`` are honoured. Without an API key the runs
    are offline, so that it never prompts. An offline run cannot be resumed: when its trial is, the
    run is written again from the start under the same identifier.

    Args:
        place: Folder; the runs are in its subfolder ``wandb``.

    Raises:
        UserError: ``WANDB_MODE`` is online and there is no API key.
    """

    name = "wandb"

    def __init__(self, place: Path) -> None:
        self.mode = os.environ.get("WANDB_MODE") or ("online" if has_key() else "offline")
        if self.mode == "online" and not has_key():
            raise UserError("the mirror wandb has no API key: `wandb login`, or WANDB_MODE=offline")
        self.place = place
        self._project = os.environ.get("WANDB_PROJECT") or "ogan_bench"
        parts = (self.mode, server(), os.environ.get("WANDB_ENTITY") or "", self._project)
        self.address = " ".join(filter(None, parts))
        self._wandb: Any = importlib.import_module("wandb")
        self._settings = self._wandb.Settings(
            silent=True, console="off", disable_git=True, disable_code=True, x_disable_stats=True
        )

    def begin(self, trial: MirroredTrial, known: str | None) -> _Run:
        name = secrets.token_hex(4) if known is None else known.rpartition("-")[2]
        self.place.mkdir(parents=True, exist_ok=True)
        run = self._wandb.init(
            project=self._project,
            dir=str(self.place),
            id=name,
            name=trial.id,
            group=trial.study,
            config=trial.settings,
            tags=[trial.config_hash],
            mode=self.mode,
            resume="allow" if self.mode == "online" else None,
            reinit="create_new",
            settings=self._settings,
        )
        if known is not None and known.startswith(OFFLINE):
            shutil.rmtree(self.place / "wandb" / known, ignore_errors=True)
        run.define_metric("step")
        run.define_metric("*", step_metric="step")
        return _Run(run, name if self.mode == "online" else Path(run.dir).parent.name)


class _Run:
    def __init__(self, run: Any, name: str) -> None:
        self.id = name
        self._run = run

    def log(self, points: list[Point]) -> None:
        for point in points:
            self._run.log({"step": point.step, "seconds": point.seconds, **point.values})

    def finish(self, final: Point, outcome: str) -> None:
        self._run.summary.update({**final.values, "outcome": outcome})
        self._run.finish(exit_code=0)

    def close(self) -> None:
        self._run.finish(exit_code=1)


def has_key() -> bool:
    """Whether wandb finds an API key without a prompt: in its variables or the netrc file."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    try:
        keys = netrc.netrc(os.environ.get("NETRC"))
        return keys.authenticators(urlsplit(server()).netloc) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def server() -> str:
    """Address of the W&B server."""
    return os.environ.get("WANDB_BASE_URL") or "https://api.wandb.ai"
