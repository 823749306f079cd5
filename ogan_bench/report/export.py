"""A study's result for programs."""

from __future__ import annotations

import dataclasses
from typing import Any

from pydantic import BaseModel

from ogan_bench.analysis.analyse import Analysis
from ogan_bench.files import Record
from ogan_bench.statistics import Interval


def as_record(analysis: Analysis) -> Record:
    """The numbers of an analysis, ready for JSON: dataclasses as mappings, no NumPy scalars."""
    results, overview = analysis.results, analysis.overview
    record: Record = _plain(
        {
            "format": 1,
            "study": results.name,
            "question": overview.question,
            "control": results.control,
            "standing": overview.standing.record(),
            "finished": overview.finished,
            "planned": overview.planned,
            "answer": analysis.answer.sentence,
            "shown": analysis.shown,
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
    )
    return record


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
