"""A study's result as JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

from pydantic import BaseModel

from ogan_bench.analysis.analyse import Analysis
from ogan_bench.files import json_text
from ogan_bench.statistics import Interval


def as_json(analysis: Analysis) -> bytes:
    """The numbers of an analysis as JSON: dataclasses as objects, nan and infinities as null."""
    results, overview = analysis.results, analysis.overview
    record = {
        "format": 1,
        "study": results.name,
        "question": overview.question,
        "control": results.control,
        "standing": overview.standing.record(),
        "finished": overview.finished,
        "planned": overview.planned,
        "answer": analysis.answer.sentence,
        "verdicts": analysis.verdicts,
        "summary": analysis.summary,
        "ranked_metrics": analysis.ranked_metrics,
        "ranks": analysis.ranks,
        "ablation": analysis.ablation,
        "variance": analysis.variance,
        "course": analysis.course,
        "cost": analysis.cost,
        "comparison": analysis.comparison,
        "trials": results.planned,
    }
    return json_text(_plain(record)).encode() + b"\n"


def _plain(value: Any) -> Any:
    """Dataclasses, models and intervals as objects, NumPy scalars as numbers."""
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(mode="json"))
    if isinstance(value, Interval):
        return _plain(value._asdict())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: _plain(entry) for name, entry in fields if not callable(entry)}
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value.item() if hasattr(value, "item") else value
