"""Writing of stores on a full or read-only disk."""

from __future__ import annotations

import errno
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.data.reading.image_files import ImageFiles
from ogan_bench.errors import UserError
from tests.unit.data.prepared.prepared_folder import N, left_overs, load


class TestDisk:
    @contextmanager
    def no_space(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        def refuse(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr("ogan_bench.data.prepared.write.os.fsync", refuse)
            yield

    @contextmanager
    def small_files(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """The system refuses to write more than 10,000 bytes into a file."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    @pytest.mark.parametrize(
        ("way", "reason"), [("no_space", "No space left"), ("small_files", "File too large")]
    )
    def test_a_full_disk_is_named_and_nothing_is_left(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, way: str, reason: str
    ) -> None:
        broken: Callable[..., Any] = getattr(self, way)
        with broken(monkeypatch), pytest.raises(UserError, match=reason) as caught:
            load(folder)
        assert str(folder.parent / "stores" / "faces-") in str(caught.value)
        assert "OGAN_BENCH_PREPARED" in str(caught.value)
        assert left_overs(folder) == []
        assert len(load(folder).images) == N

    def test_too_little_space_is_detected_before_any_image_is_decoded(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usage = shutil.disk_usage(folder)._replace(free=N * 192 - 1)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        with monkeypatch.context() as patch:
            patch.setattr(ImageFiles, "read", lambda *_: pytest.fail("was decoded"))
            with pytest.raises(UserError, match=r"take 0\.0 GB, and 0\.0 GB are free"):
                load(folder)
        assert left_overs(folder) == []
        usage = usage._replace(free=N * 192)
        assert len(load(folder).images) == N

    def test_a_root_that_cannot_be_written_is_named(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder.parent / "file").write_text("in the way")
        monkeypatch.setenv("OGAN_BENCH_PREPARED", str(folder.parent / "file" / "stores"))
        with pytest.raises(UserError, match=r"faces-.*Not a directory.*OGAN_BENCH_PREPARED"):
            load(folder)

    def test_by_default_the_root_is_in_the_data_root(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("OGAN_BENCH_PREPARED")
        monkeypatch.setenv("OGAN_BENCH_DATA", str(folder.parent / "data"))
        load(folder)
        assert len(list((folder.parent / "data" / "prepared").glob("faces-*/images.bin"))) == 1
