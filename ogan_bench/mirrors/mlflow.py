"""MLflow: a tracking server, or a database next to the results.

References:
    M. Zaharia et al., "Accelerating the Machine Learning Lifecycle with MLflow", IEEE Data
    Engineering Bulletin 41(4), 2018, https://mlflow.org.
"""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ogan_bench.mirrors.base import MirroredTrial, Point

T = TypeVar("T")

METRICS_PER_CALL, PARAMS_PER_CALL, PARAM_LENGTH = 1000, 100, 500
"""Limits of ``log_batch``: metrics and parameters per call, and characters of a parameter."""

DATABASE = "mlflow.db"

CLIENT_DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""Give up within a minute on a server that does not answer, and contact no other."""


class MLflow:
    """One experiment per study, one run per trial.

    ``MLFLOW_TRACKING_URI`` and ``MLFLOW_EXPERIMENT_NAME`` are honoured. Values carry the time of
    the training, so a server takes a value that is sent twice as one.

    Args:
        place: Folder of the database if no tracking URI is set.
    """

    name = "mlflow"

    def __init__(self, place: Path) -> None:
        for key, value in CLIENT_DEFAULTS.items():
            os.environ.setdefault(key, value)
        given = os.environ.get("MLFLOW_TRACKING_URI")
        self.address = given or DATABASE
        self.uri = given or f"sqlite:///{place / DATABASE}"
        self._tracking = importlib.import_module("mlflow.tracking")
        self._entities = importlib.import_module("mlflow.entities")
        self._exceptions = importlib.import_module("mlflow.exceptions")
        if self.uri.startswith("sqlite:"):
            for package in ("sqlalchemy", "alembic"):  # mlflow-skinny comes without them
                importlib.import_module(package)
            place.mkdir(parents=True, exist_ok=True)
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        self._place = place
        self._client: Any = None

    def begin(self, trial: MirroredTrial, known: str | None) -> _Run:
        if self._client is None:  # creates the database, or contacts the server
            self._client = self._tracking.MlflowClient(self.uri)
        if known is not None and self._has_run(known):
            self._client.update_run(known, status="RUNNING")
            return _Run(self._client, self._entities, trial, known)
        created = self._client.create_run(
            self._experiment(trial.study),
            start_time=round(trial.started * 1000),
            run_name=trial.id,
            tags={"config_hash": trial.config_hash},
        )
        run = _Run(self._client, self._entities, trial, created.info.run_id)
        run.describe()
        return run

    def _has_run(self, run: str) -> bool:
        try:
            return bool(self._client.get_run(run).info.lifecycle_stage == "active")
        except self._exceptions.MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return False
            raise

    def _experiment(self, study: str) -> str:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or study
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        is_local = self.uri.startswith("sqlite:")
        artifacts = (self._place / "mlflow").resolve().as_uri() if is_local else None
        return str(self._client.create_experiment(name, artifact_location=artifacts))


class _Run:
    def __init__(self, client: Any, entities: Any, trial: MirroredTrial, run: str) -> None:
        self.id = run
        self._client = client
        self._entities = entities
        self._trial = trial

    def describe(self) -> None:
        """Write the settings."""
        params = [
            self._entities.Param(key, str(value)[:PARAM_LENGTH])
            for key, value in self._trial.settings.items()
        ]
        for part in _parts(params, PARAMS_PER_CALL):
            self._client.log_batch(self.id, params=part)

    def log(self, points: list[Point]) -> None:
        metrics = [
            self._entities.Metric(key, value, self._milliseconds(point), point.step)
            for point in points
            for key, value in point.values.items()
        ]
        for part in _parts(metrics, METRICS_PER_CALL):
            self._client.log_batch(self.id, metrics=part)

    def finish(self, final: Point, outcome: str) -> None:
        self.log([final])
        self._client.set_tag(self.id, "outcome", outcome)
        self._client.set_terminated(self.id, "FINISHED", self._milliseconds(final))

    def close(self) -> None:
        self._client.set_terminated(self.id, "KILLED")

    def _milliseconds(self, point: Point) -> int:
        return round(1000 * (self._trial.started + point.seconds))


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
