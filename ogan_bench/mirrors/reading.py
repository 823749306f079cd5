"""The files of a trial, read into the data that mirrors receive."""

from __future__ import annotations

import hashlib
import json
import math
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ogan_bench.files import Record
from ogan_bench.mirrors.base import MirroredTrial, Point
from ogan_bench.store.journal import read_file
from ogan_bench.study.diffs import flatten


@dataclass
class Tail:
    """The lines added to a journal since it was last read.

    An incomplete line is left for the next time. A journal that was cut back is another file at the
    same path, and is read from its start.
    """

    path: Path
    inode: int = -1
    offset: int = 0

    def read(self) -> list[Record]:
        """New complete lines.

        Raises:
            ValueError: A line is not JSON.
        """
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            content = (read_file(self.path) or b"")[self.offset :]  # packed, or not there
            self.inode = -1
        else:
            with file:
                status = os.fstat(file.fileno())
                if status.st_ino != self.inode or status.st_size < self.offset:
                    self.inode, self.offset = status.st_ino, 0
                file.seek(self.offset)
                content = file.read()
        whole, newline, _ = content.rpartition(b"\n")
        self.offset += len(whole) + len(newline)
        return [json.loads(line) for line in whole.split(b"\n")] if newline else []


def trial_of(name: str, run: Record) -> MirroredTrial:
    """A trial, from its path in the results folder and its ``run.json``."""
    started = datetime.fromisoformat(run["attempts"][0]["started"]).timestamp()
    settings = dict(flatten(run["config"]))
    return MirroredTrial(name, name.split("/")[0], settings, run["config_hash"], started)


def log_point(line: Record) -> Point:
    """A line of the training log."""
    values = {key: value for key, value in line.items() if key not in ("step", "seconds")}
    return Point(line["step"], line["seconds"], _numbers("train", values))


def evaluation_point(line: Record) -> Point:
    """An evaluation during training; its names begin with the images it used."""
    prefix = line["on"].replace(" ", "_")
    return Point(line["step"], line["seconds"], _numbers(prefix, line["metrics"]))


def final_point(result: Record) -> Point:
    """The metrics of a result."""
    training = result["training"]
    values = {row["metric"]: row["value"] for row in result["metrics"]}
    return Point(training["steps"], training["seconds"], _numbers("final", values))


def _numbers(prefix: str, values: Record) -> dict[str, float]:
    """The finite numbers among some values."""
    return {
        f"{prefix}/{key}": float(value)
        for key, value in values.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


def result_digest(result: Record, outcome: str) -> str:
    """Changes when what a mirror shows of a result does."""
    text = json.dumps([outcome, vars(final_point(result))], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
