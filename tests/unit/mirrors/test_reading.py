"""Growing files of lines: every line once, torn and damaged lines, files that are cut back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ogan_bench.mirrors.reading import Tail
from tests.unit.mirrors.recorded_runs import start, train


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def test_a_tail_gives_every_line_once_and_waits_for_a_torn_one(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    tail = Tail(path)
    assert tail.read() == []
    append(path, b'{"step":1}\n{"step":2}\n{"st')
    assert tail.read() == [{"step": 1}, {"step": 2}]
    assert tail.read() == []
    append(path, b'ep":3}\n')
    assert tail.read() == [{"step": 3}]
    path.unlink()
    assert tail.read() == []
    append(path, b'{"step":9}\n')
    assert tail.read() == [{"step": 9}]


def test_a_tail_names_a_damaged_line(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    append(path, b'{"step":1}\nnonsense\n')
    with pytest.raises(ValueError, match="Expecting value"):
        Tail(path).read()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(st.text(max_size=4), st.integers(), max_size=3), max_size=12),
    st.lists(st.integers(1, 40), max_size=20),
)
def test_a_tail_read_at_any_moments_gives_what_a_whole_reading_gives(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, int]], cuts: list[int]
) -> None:
    path = tmp_path_factory.mktemp("tail") / "train.jsonl"
    content = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    tail, found = Tail(path), []
    for size in cuts:
        append(path, content[:size])
        content = content[size:]
        found += tail.read()
    append(path, content)
    found += tail.read()
    assert found == records


def test_a_journal_that_was_cut_back_is_read_from_its_start(tmp_path: Path) -> None:
    folder = start(tmp_path)
    tail = Tail(folder.log.path)
    train(folder, 10)
    sealed = folder.log.seal()
    train(folder, 20, 30)
    assert [line["step"] for line in tail.read()] == [10, 20, 30]
    folder.log.cut(sealed)
    train(folder, 20, 30, 40)  # longer than it was: only the inode shows it
    assert [line["step"] for line in tail.read()] == [10, 20, 30, 40]
