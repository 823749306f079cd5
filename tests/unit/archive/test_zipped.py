"""A zip file of somebody else cannot fill the disk."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from ogan_bench.archive.zipped import unzipped
from ogan_bench.errors import UserError


def test_what_unpacks_to_far_more_than_it_is_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(10_000_000))
    with pytest.raises(UserError, match=r"bomb\.zip: unpacks to 10,000,000 bytes"), unzipped(path):
        pass


def test_what_is_larger_than_the_free_space_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("text", b"some text")
    with unzipped(path) as folder:
        assert (folder / "text").read_bytes() == b"some text"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5))
    with (
        pytest.raises(UserError, match=r"to 9 bytes, .* has 5; .*\$TMPDIR"),
        unzipped(path),
    ):
        pass
