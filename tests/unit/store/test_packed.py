"""Packs give back the very bytes, are the same each time, and damage is told from content."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ogan_bench.errors import UserError
from ogan_bench.store.packed import PACKS, Files, PackedStudy

FILES = [file for files in PACKS.values() for file in files]
TRIALS: dict[tuple[str, int], Files] = {
    ("none", 0): {"run.json": b'{"a": 0.1}\n', "train.jsonl": b'{"step":1}\n{"step":2,"x":null}\n'},
    ("none", 10): {"run.json": b"{}", "error.txt": "Traceback \u2028 \x00".encode()},
    ("mse", 2): {"result.json": b"", "history.jsonl": b'{"step":1}\n{"cut'},
}


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 2**40)),
        st.dictionaries(st.sampled_from(FILES), st.binary()),
        max_size=5,
    )
)
def test_any_bytes_come_back(trials: dict[tuple[str, int], Files]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pack = PackedStudy(Path(folder))
        pack.write(trials)
        assert pack.trials() == list(trials)
        for (arm, seed), contents in trials.items():
            assert {file: pack.read(arm, seed, file) for file in FILES} == {
                file: contents.get(file) for file in FILES
            }


def test_the_same_trials_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        PackedStudy(tmp_path / name).write(TRIALS)
    for pack in PACKS:
        assert (tmp_path / "one" / pack).read_bytes() == (tmp_path / "two" / pack).read_bytes()


def test_a_pack_that_is_replaced_is_read_anew(tmp_path: Path) -> None:
    pack = PackedStudy(tmp_path)
    pack.write(TRIALS)
    assert pack.read("none", 0, "run.json") == b'{"a": 0.1}\n'
    pack.write({("none", 0): {"run.json": b'{"a": 0.2}\n'}})
    assert pack.read("none", 0, "run.json") == b'{"a": 0.2}\n'
    assert pack.read("none", 0, "progress.json") is None
    assert pack.read("mse", 2, "result.json") is None


def assert_refused(folder: Path) -> None:
    pack = PackedStudy(folder)
    with pytest.raises(UserError, match=r"trials\.parquet: .*; put back the file"):
        pack.trials()


def test_no_flipped_byte_goes_unnoticed(tmp_path: Path) -> None:
    """Either the pack is refused, or it still gives the same bytes."""
    pack = PackedStudy(tmp_path)
    pack.write(TRIALS)
    path = tmp_path / "trials.parquet"
    whole = path.read_bytes()
    known = {key: pack.read(*key, "run.json") for key in TRIALS}
    refused = 0
    for i in range(0, len(whole), 3):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 0x55]) + whole[i + 1 :])
        found = None
        with suppress(UserError):
            found = {key: pack.read(*key, "run.json") for key in pack.trials()}
        assert found in (None, known), i
        refused += found is None
    assert refused


def test_a_truncated_pack_is_refused(tmp_path: Path) -> None:
    PackedStudy(tmp_path).write(TRIALS)
    path = tmp_path / "trials.parquet"
    whole = path.read_bytes()
    for length in (0, 3, 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert_refused(tmp_path)


def test_a_missing_pack_is_refused(tmp_path: Path) -> None:
    """Without its trials a study would look as if it had not been run."""
    PackedStudy(tmp_path).write(TRIALS)
    (tmp_path / "trials.parquet").unlink()
    assert PackedStudy(tmp_path).exists
    assert_refused(tmp_path)


def test_a_foreign_table_is_refused(tmp_path: Path) -> None:
    for columns in ({"image": [b"1"]}, {"arm": ["a"], "seed": [0]}, {"arm": [0], "seed": ["a"]}):
        pq.write_table(pa.table(columns), tmp_path / "trials.parquet")
        assert_refused(tmp_path)


def test_a_trial_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    PackedStudy(tmp_path).write(TRIALS)
    path = tmp_path / "trials.parquet"
    table = pq.read_table(path)
    pq.write_table(pa.concat_tables([table, table]), path)
    assert_refused(tmp_path)
