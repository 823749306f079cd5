"""TensorBoard: event files, one folder per trial, read by ``tensorboard --logdir``.

References:
    M. Abadi et al., "TensorFlow: A System for Large-Scale Machine Learning", OSDI 2016,
    arXiv:1605.08695; the format is that of https://github.com/tensorflow/tensorboard.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from ogan_bench.mirrors.base import MirroredTrial, Point


class TensorBoard:
    """Writes with TensorBoard's own writer; neither torch nor TensorFlow is needed.

    Args:
        place: Folder; the event files are in its subfolder ``tensorboard``.
    """

    name = address = "tensorboard"

    def __init__(self, place: Path) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.plugins.hparams import summary_v2
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self.place = place / self.name
        self.event, self.summary = event_pb2.Event, summary_pb2.Summary
        self.settings, self.writer = summary_v2.hparams_pb, EventFileWriter

    def begin(self, trial: MirroredTrial, known: str | None) -> _Run:
        """A run is identified by the suffix of its event files; those of other runs are deleted."""
        folder = self.place / trial.id
        written = list(folder.glob("events.out.tfevents.*"))
        if known is not None and any(path.suffix == f".{known}" for path in written):
            return _Run(self, trial, folder, known)
        for path in written:
            path.unlink()
        run = _Run(self, trial, folder, secrets.token_hex(4))
        settings = {key: _hparam(value) for key, value in trial.settings.items()}
        named = {"config_hash": trial.config_hash, **settings}
        run.add(0, 0.0, self.settings(named, trial_id=trial.id, start_time_secs=trial.started))
        return run


class _Run:
    def __init__(self, mirror: TensorBoard, trial: MirroredTrial, folder: Path, name: str) -> None:
        self.id = name
        self._mirror = mirror
        self._trial = trial
        self._writer = mirror.writer(str(folder), filename_suffix=f".{name}")

    def add(self, step: int, seconds: float, summary: Any) -> None:
        """One event, with the time of the training rather than of the copy."""
        time = self._trial.started + seconds
        self._writer.add_event(self._mirror.event(wall_time=time, step=step, summary=summary))

    def log(self, points: list[Point]) -> None:
        for point in points:
            values = [
                self._mirror.summary.Value(tag=tag, simple_value=value)
                for tag, value in point.values.items()
            ]
            self.add(point.step, point.seconds, self._mirror.summary(value=values))
        self._writer.flush()

    def finish(self, final: Point, outcome: str) -> None:
        self.log([final])
        self.close()

    def close(self) -> None:
        self._writer.close()


def _hparam(value: Any) -> bool | int | float | str:
    """A setting as one of the types that the HParams table supports."""
    return value if isinstance(value, bool | int | float | str) else json.dumps(value)
