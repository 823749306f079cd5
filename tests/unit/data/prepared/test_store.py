"""Damage to a store is detected and named."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.files import sha256
from tests.unit.data.prepared.prepared_folder import N, load, only_store


def alter(path: Path, position: int) -> None:
    """Change one byte, in place and with the old modification time."""
    time.sleep(0.02)  # the clock of a file system ticks every few milliseconds
    facts = path.stat()
    with path.open("r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ 1]))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


class TestDamage:
    @pytest.mark.parametrize("position", [0, 5000, N * 192 - 1])
    def test_an_altered_byte_is_found_on_loading(self, folder: Path, position: int) -> None:
        load(folder)
        store = only_store(folder)
        alter(store.pixels, position)
        for _ in range(2):
            with pytest.raises(UserError, match=r"images\.bin: its SHA-256.*Delete the folder"):
                load(folder)
        shutil.rmtree(store.path)
        assert len(load(folder).images) == N

    @pytest.mark.parametrize("size", [0, N * 192 - 1, N * 192 + 1])
    def test_a_file_of_another_size_is_found(self, folder: Path, size: int) -> None:
        load(folder)
        os.truncate(only_store(folder).pixels, size)
        with pytest.raises(UserError, match=rf"images\.bin: {size:,} bytes instead of 13,440"):
            load(folder)

    @pytest.mark.parametrize("file", ["images.bin", "meta.json"])
    def test_a_missing_file_is_named(self, folder: Path, file: str) -> None:
        load(folder)
        (only_store(folder).path / file).unlink()
        with pytest.raises(UserError, match=f"{file}: cannot be read .*Delete the folder"):
            load(folder)

    @pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": 2}'])
    def test_damaged_metadata_are_named(self, folder: Path, content: str) -> None:
        load(folder)
        (only_store(folder).path / "meta.json").write_text(content)
        with pytest.raises(UserError, match=r"meta\.json: damaged.*Delete"):
            load(folder)

    def test_an_unchanged_file_is_hashed_only_once(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hashed: list[Path] = []

        def count(path: Path) -> str:
            hashed.append(path)
            return sha256(path)

        monkeypatch.setattr("ogan_bench.data.prepared.store.sha256", count)
        load(folder)
        load(folder)
        assert hashed == []  # it was hashed while it was written
        store = only_store(folder)
        copy = folder.parent / "copy"
        shutil.copytree(store.path, copy)
        shutil.rmtree(store.path)
        copy.rename(store.path)
        load(folder)
        load(folder)
        assert hashed == [store.pixels]
        (store.path / "verified.json").write_text("nonsense")
        load(folder)
        assert len(hashed) == 2

    def test_without_write_permission_it_is_hashed_every_time(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load(folder)
        note = only_store(folder).path / "verified.json"
        note.unlink()
        note.mkdir()
        assert len(load(folder).images) == N
        alter(only_store(folder).pixels, 7)
        with pytest.raises(UserError, match="SHA-256"):
            load(folder)
