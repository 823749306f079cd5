"""Files: replaced whole or not at all, damage named, changes seen."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.files import fingerprint, parse_json, read_json, write_json


@pytest.mark.parametrize("code", [errno.ENOTCONN, errno.ESTALE])
def test_a_place_that_is_away_is_not_damage(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Path) -> bytes:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "read_bytes", away)
    with pytest.raises(UserError, match=r"; bring its disk or its network back"):
        read_json(tmp_path / "a.json", "put back a copy")


def test_json_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"x": 1})

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_disk)
        with pytest.raises(UserError, match=r"a\.json: cannot be written \(No space left"):
            write_json(path, {"x": 2})
    assert read_json(path) == {"x": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_not_a_number_becomes_null(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": [float("nan"), float("inf"), 1.5]})
    assert read_json(tmp_path / "a.json") == {"x": [None, None, 1.5]}


def test_damaged_json_names_the_file_and_the_fix(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"x": ')
    with pytest.raises(UserError, match=r"a\.json: cannot be read .*delete it"):
        read_json(tmp_path / "a.json")


def test_half_a_pair_of_surrogates_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    assert parse_json(rb'{"a": "\ud83d\ude00"}', path, "mend") == {"a": "\N{GRINNING FACE}"}
    with pytest.raises(UserError, match=r"x\.json: cannot be read .*surrogates.*; mend"):
        parse_json(rb'{"a": ["\uD83D"]}', path, "mend")


def test_a_fingerprint_sees_new_grown_touched_and_replaced_files(tmp_path: Path) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    seen = [fingerprint([path])]
    path.write_text("1")
    seen.append(fingerprint([path]))
    path.write_text("12")
    seen.append(fingerprint([path]))
    other.write_text("34")
    stamp = path.stat()
    os.utime(other, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    other.replace(path)
    seen.append(fingerprint([path]))
    assert len(set(seen)) == 4
    assert fingerprint([path]) == seen[-1]
    assert seen[0] == ()
