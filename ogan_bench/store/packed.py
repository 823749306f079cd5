"""Results and logs of a whole study in two compressed files, the form in which they are published.

``trials.parquet`` and ``logs.parquet`` lie beside ``study.json``. Each has one row per trial, with
``arm`` and ``seed``, and one column per file of the trial, named like the file, with its bytes;
null where the trial has no such file.

A cell holds the bytes and not parsed values: reading gives back exactly what was written, so floats
keep every bit, a missing key stays missing, the SHA-256 of a log in ``result.json`` still holds,
and there is no schema to extend when a file gains a key. Compression makes up for it: ten files
that say nearly the same take little more room than one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ogan_bench.errors import UserError
from ogan_bench.files import Fingerprint, fingerprint, replacing

PACKS = {
    "trials.parquet": ("run.json", "result.json", "samplings.json", "error.txt"),
    "logs.parquet": ("train.jsonl", "history.jsonl"),
}
"""Name of a pack to the files of a trial that it holds."""

FILES = "files.zip"
"""All other files of the trials, beside the packs of a study that was compacted where it lies
(:mod:`ogan_bench.store.compaction`)."""

LEVEL = 19
"""Of zstd: packs are written once and read often."""

Files = Mapping[str, bytes]
"""Name of a file of a trial to its content."""


@dataclass(frozen=True)
class PackedStudy:
    """The packs of one study.

    Args:
        folder: Folder of the study; it need not be packed.
    """

    folder: Path

    @property
    def exists(self) -> bool:
        """Whether the study is packed."""
        folder = str(self.folder)  # asked for every file of every trial, so without new paths
        return any(os.path.exists(f"{folder}/{pack}") for pack in PACKS)

    @property
    def is_compacted(self) -> bool:
        """Whether the study was packed where it lies, so that it can be unpacked again."""
        return (self.folder / FILES).exists()

    def check_not_compacted(self) -> None:
        """Refuse what needs more of a trial than its JSON files and logs.

        Raises:
            UserError: The study is compacted.
        """
        if self.is_compacted:
            raise UserError(
                f"{self.folder} is compacted: its nets and pictures are in {FILES}; unpack it with "
                f"{compact_command(self.folder)} --undo"
            )

    def trials(self) -> list[tuple[str, int]]:
        """Arm and seed of the packed trials.

        Raises:
            UserError: A pack is missing, damaged or of another kind.
        """
        return list(self._read("trials.parquet"))

    def read(self, arm: str, seed: int, file: str) -> bytes | None:
        """Content of a file of a trial; ``None`` where the trial has no such file.

        Raises:
            UserError: A pack is missing, damaged or of another kind.
        """
        for pack, files in PACKS.items():
            if file in files:
                return self._read(pack).get((arm, seed), {}).get(file)
        return None

    def write(self, trials: Mapping[tuple[str, int], Files]) -> None:
        """Write both packs; the same trials give the same bytes.

        Args:
            trials: Arm and seed to the files of a trial; what belongs to no pack is left out.

        Raises:
            UserError: The disk is full or the folder cannot be written.
        """
        import pyarrow
        from pyarrow import parquet

        for pack, files in PACKS.items():
            columns = {
                "arm": [arm for arm, _ in trials],
                "seed": [seed for _, seed in trials],
                **{file: [content.get(file) for content in trials.values()] for file in files},
            }
            table = pyarrow.table(columns, schema=_schema(pack))
            with replacing(self.folder / pack) as temporary:
                parquet.write_table(
                    table,
                    temporary,
                    compression="zstd",
                    compression_level=LEVEL,
                    use_dictionary=False,
                    write_statistics=False,
                    write_page_checksum=True,
                )

    def _read(self, pack: str) -> dict[tuple[str, int], dict[str, bytes]]:
        path = self.folder / pack
        return _read_pack(path, fingerprint([path]))


def compact_command(study: Path) -> str:
    """The command that packs a study where it lies, for messages."""
    return f"`ogan-bench compact {study.name} --results {study.parent}`"


def _schema(pack: str) -> Any:
    import pyarrow

    return pyarrow.schema(
        [
            pyarrow.field("arm", pyarrow.string(), nullable=False),
            pyarrow.field("seed", pyarrow.int64(), nullable=False),
            *(pyarrow.field(file, pyarrow.binary()) for file in PACKS[pack]),
        ]
    )


@lru_cache(maxsize=4)
def _read_pack(path: Path, version: Fingerprint) -> dict[tuple[str, int], dict[str, bytes]]:
    """Arm and seed to the files of each trial; read anew when the pack has changed."""
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path, page_checksum_verification=True) as file:
            if not file.schema_arrow.equals(_schema(path.name)):
                raise ValueError(f"unexpected columns: {', '.join(file.schema_arrow.names)}")
            rows = file.read(use_threads=False).to_pylist()
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UserError(
            f"{path}: cannot be read ({reason}); put back the file as it was published"
        ) from None
    trials = {
        (row["arm"], row["seed"]): {
            name: row[name] for name in PACKS[path.name] if row[name] is not None
        }
        for row in rows
    }
    if len(trials) < len(rows):
        raise UserError(f"{path}: holds a trial twice; put back the file as it was published")
    return trials
