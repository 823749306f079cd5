"""Columns of labels as classes: what occurs is a class, and what is missing is -1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ogan_bench.data.reading.parquet_cells import Table
from ogan_bench.data.reading.parquet_labels import read_labels
from ogan_bench.errors import UserError


def table(folder: Path, *shards: Any) -> Table:
    files = [folder / f"{i}.parquet" for i in range(len(shards))]
    for file, shard in zip(files, shards, strict=True):
        pq.write_table(pa.table({"label": shard}), file)
    return Table.of(files)


def test_classes_are_the_values_of_all_files_in_ascending_order(tmp_path: Path) -> None:
    found = read_labels(table(tmp_path, [30, 2, -1], [10**12, 30]), "label", None)
    assert found.classes == ("2", "30", "1000000000000")
    assert found.labels.tolist() == [1, 0, -1, 2, 1]


def test_declared_classes_are_kept_though_some_do_not_occur(tmp_path: Path) -> None:
    found = read_labels(table(tmp_path, [2, None, 0]), "label", ["a", "b", "c"])
    assert found.classes == ("a", "b", "c")
    assert found.labels.tolist() == [2, -1, 0]


@pytest.mark.parametrize(
    ("labels", "names", "message"),
    [
        ([0, 3], ["a", "b"], "label 3 is not one of the 2 classes"),
        (["a"], ["a", "b"], "has names of classes, but no integers"),
        ([[0]], None, "of type list.*, not of classes"),
    ],
)
def test_what_is_no_class_is_refused(
    tmp_path: Path, labels: Any, names: list[str] | None, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        read_labels(table(tmp_path, labels), "label", names)


def test_a_column_must_be_of_one_type_in_all_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"1\.parquet: the column 'label' is of type string, but"):
        read_labels(table(tmp_path, [1], ["a"]), "label", None)
