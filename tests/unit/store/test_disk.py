"""What a folder takes on disk."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.store.disk import bytes_on_disk


def test_each_file_counts_once(tmp_path: Path) -> None:
    (tmp_path / "arm").mkdir()
    (tmp_path / "a").write_bytes(b"x" * 1000)
    (tmp_path / "arm" / "b").write_bytes(b"x" * 20)
    (tmp_path / "arm" / "again").hardlink_to(tmp_path / "a")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert bytes_on_disk(tmp_path) == 1020 + len(str(tmp_path / "nowhere"))


def test_a_folder_that_is_not_there_takes_nothing(tmp_path: Path) -> None:
    assert bytes_on_disk(tmp_path / "none") == 0
