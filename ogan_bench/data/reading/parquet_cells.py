"""Cells of parquet files, read a row group at a time."""

from __future__ import annotations

import bisect
import functools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from ogan_bench.data.reading.splits import order_stamp
from ogan_bench.errors import UserError


@dataclass(frozen=True)
class Table:
    """Parquet files, concatenated.

    Args:
        files: The files; not all need have the same columns.
        schema: Columns and metadata of the first file, as pyarrow returns them.
        groups: Index of the file, and index in it, of every row group.
        ends: Row after the last one of every row group.
    """

    files: list[Path]
    schema: Any
    groups: list[tuple[int, int]]
    ends: list[int]

    @classmethod
    def of(cls, files: list[Path]) -> Table:
        """Read the columns and sizes of some files, but no rows.

        Raises:
            UserError: A file is damaged, or all are empty.
        """
        schema, groups, sizes = None, [], []
        for position, path in enumerate(files):
            with _opened(path) as file:
                schema = schema or file.schema_arrow
                for group in range(file.num_row_groups):
                    groups.append((position, group))
                    sizes.append(file.metadata.row_group(group).num_rows)
        if not sum(sizes):
            raise UserError(f"{files[0]}: no rows")
        return cls(files, schema, groups, list(accumulate(sizes)))

    def __len__(self) -> int:
        return self.ends[-1]

    def place(self, row: int) -> tuple[int, int]:
        """Index of the row group of a row, and index of the row in it."""
        group = bisect.bisect_right(self.ends, row)
        return group, row - (self.ends[group - 1] if group else 0)

    def require(self, column: str) -> None:
        """Check that all files have a column, of the same type.

        Raises:
            UserError: A file has not.
        """
        for path in self.files:
            with _opened(path) as file:
                schema = file.schema_arrow
            if column not in schema.names:
                raise UserError(f"{path}: no column {column!r} among {', '.join(schema.names)}")
            kind, first = (known.field(column).type for known in (schema, self.schema))
            if kind != first:
                raise UserError(
                    f"{path}: the column {column!r} is of type {kind}, but {first} in "
                    f"{self.files[0]}"
                )

    def column(self, column: str) -> Any:
        """All cells of a column, a pyarrow ``ChunkedArray``.

        Raises:
            UserError: A file has no such column, or one of another type.
        """
        import pyarrow

        self.require(column)
        parts = []
        for path in self.files:
            with _opened(path) as file:
                parts += file.read(columns=[column]).column(0).chunks
        return pyarrow.chunked_array(parts, self.schema.field(column).type)


class Cells:
    """A column of encoded images, as a source of the prepared store.

    Args:
        table: The files.
        column: Name of the column.
        rows: Row of each image.
        rows_in_memory: Approximate number of cells cached, in whole row groups; the default is
            enough for threads that read in order.
    """

    def __init__(
        self, table: Table, column: str, rows: Sequence[int], *, rows_in_memory: int = 4096
    ) -> None:
        self._table, self._column, self._rows = table, column, rows
        self._lock = threading.Lock()  # so that two threads do not read the same row group
        largest = max(end - start for start, end in pairwise([0, *table.ends]))
        self._group = functools.lru_cache(2 + rows_in_memory // largest)(self._read_group)

    @functools.cached_property
    def names(self) -> Sequence[str]:
        """File name and row number of each image."""
        firsts: dict[int, int] = {}  # first row of each file
        for (file, _), start in zip(self._table.groups, [0, *self._table.ends], strict=False):
            firsts.setdefault(file, start)
        found = []
        for row in self._rows:
            file, _ = self._table.groups[self._table.place(row)[0]]
            path = self._table.files[file]
            found.append(f"{path.parent.name}/{path.name}, row {row - firsts[file]}")
        return found

    @functools.cached_property
    def fingerprint(self) -> str:
        """Changes with the column, the rows and their order, and the files."""
        return order_stamp([self._column, *self.names], self._table.files)

    def read(self, i: int) -> bytes:
        """Content of the cell number ``i``."""
        group, row = self._table.place(self._rows[i])
        with self._lock:
            cells = self._group(group)
        cell = cells[row].as_py()
        content = cell.get("bytes") if isinstance(cell, dict) else cell
        if not isinstance(content, bytes):
            raise ValueError(f"no bytes in the column {self._column!r}")
        return content

    def _read_group(self, group: int) -> Any:
        import pyarrow
        from pyarrow.parquet import ParquetFile

        position, number = self._table.groups[group]
        path = self._table.files[position]
        try:
            with ParquetFile(path) as file:
                return file.read_row_group(number, columns=[self._column]).column(0)
        except (OSError, pyarrow.ArrowException) as error:
            reason = str(error).strip().splitlines()[0]
            raise ValueError(f"row group {number} cannot be read ({reason})") from None


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A parquet file, open for reading.

    Raises:
        UserError: It cannot be read.
    """
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            yield file
    except (OSError, pyarrow.ArrowException) as error:
        raise UserError(f"{path}: not a complete parquet file ({error}); fetch it again") from None
