"""The type of a path's file system, by Linux' table of mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.store.mounts import file_system

TABLE = r"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /net rw - autofs systemd-1 rw,fd=30
31 30 0:41 / /net rw - nfs4 server:/export rw,vers=4.2
32 22 0:42 /a /my\040files rw shared:2 master:1 - lustre mgs:/scratch rw
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/net/results/study", "nfs4"),
        ("/network", "ext4"),
        ("/my files/results", "lustre"),
        ("/my files", "lustre"),
        ("/", "ext4"),
    ],
)
def test_the_innermost_and_last_mount_decides(tmp_path: Path, path: str, expected: str) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    assert file_system(Path(path), table) == expected


def test_without_a_table_it_is_unknown(tmp_path: Path) -> None:
    assert file_system(tmp_path, tmp_path / "mountinfo") is None
