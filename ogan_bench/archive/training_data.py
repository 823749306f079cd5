"""The images that the trials of an archive were trained on, which are not in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ogan_bench.analysis.ablation import compact
from ogan_bench.analysis.analyse import Analysis
from ogan_bench.files import Record


@dataclass(frozen=True)
class TrainingData:
    """Images of one dataset as an arm takes them.

    Args:
        dataset: Name of the dataset.
        settings: Of the arm, as text.
        data_hash: Hash of the pixels and labels; ``None`` if a trial does not state it.
    """

    dataset: str
    settings: str
    data_hash: str | None

    @property
    def id(self) -> str:
        """What identifies them in the crate."""
        return "#" + quote(f"data-{self.dataset}-{self.data_hash or 'unknown'}")


def data_of(arm: Record, run: Record) -> TrainingData:
    """Those of a trial.

    Args:
        arm: Settings of its arm.
        run: ``run.json``.
    """
    settings = arm.get("data") or {}
    return TrainingData(
        str(settings.get("name") or "data of unknown name"),
        compact(settings),
        run.get("provenance", {}).get("data_hash"),
    )


def all_data(analyses: Iterable[Analysis]) -> list[TrainingData]:
    """Those of all started trials, each once."""
    found: dict[TrainingData, None] = {}
    for analysis in analyses:
        results = analysis.results
        for row in results.planned:
            if isinstance(row["path"], str):
                run = results.folder(row["path"]).read("run.json") or {}
                found[data_of(results.record["arms"][row["arm"]], run)] = None
    return list({data.id: data for data in found}.values())


def licences_of(nets: Iterable[Record]) -> Mapping[str, str]:
    """Hash of data to their licence, as stored nets state it.

    Args:
        nets: ``nets.json`` of trials.
    """
    return {
        facts["images"]["data_hash"]: facts["images"]["licence"]
        for facts in nets
        if facts["images"].get("licence")
    }
