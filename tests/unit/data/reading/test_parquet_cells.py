"""Cells of parquet files, read by several threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ogan_bench.data.reading.parquet_cells import Cells, Table


def test_threads_read_the_right_cells_of_many_row_groups(tmp_path: Path) -> None:
    """Three row groups are kept in memory, and the rows are in no order."""
    path = tmp_path / "set.parquet"
    pq.write_table(pa.table({"image": [bytes([i]) for i in range(250)]}), path, row_group_size=7)
    rows = [i * 101 % 250 for i in range(250)]
    cells = Cells(Table.of([path]), "image", rows, rows_in_memory=8)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(cells.read, range(250))) == [bytes([row]) for row in rows]
