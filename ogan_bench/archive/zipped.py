"""An archive as one zip file: the same folder gives the same bytes."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ogan_bench.archive.manifest import files_of
from ogan_bench.errors import UserError
from ogan_bench.files import replacing

FIRST_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can state."""

STORED = (".safetensors", ".parquet", ".png", ".pdf")
"""Endings of files that compression makes no smaller."""

MAX_RATIO = 200
"""Of the size of the files to that of the zip file; logs and tables reach about 20."""


def write_zip(folder: Path, path: Path) -> None:
    """Zip the files of a folder, in the order of their names and without their times."""
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in files_of(folder):
            entry = zipfile.ZipInfo(name, FIRST_TIME)
            entry.external_attr = 0o644 << 16
            is_dense = name.endswith(STORED)
            entry.compress_type = zipfile.ZIP_STORED if is_dense else zipfile.ZIP_DEFLATED
            entry.file_size = (folder / name).stat().st_size  # so that large files may be larger
            with (folder / name).open("rb") as source, archive.open(entry, "w") as target:
                while block := source.read(2**20):
                    target.write(block)


@contextmanager
def unzipped(path: Path) -> Iterator[Path]:
    """The folder itself, or a temporary one with the content of a zip file.

    Raises:
        UserError: There is neither, or the zip file is damaged.
    """
    if path.is_dir():
        yield path
        return
    if not path.is_file():
        raise UserError(f"{path}: no such folder or zip file")
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                _check_size(archive, path, Path(folder))
                archive.extractall(folder)
        except (zipfile.BadZipFile, OSError) as error:
            raise UserError(f"{path}: cannot be read ({error}); put back a copy") from None
        yield Path(folder)


def _check_size(archive: zipfile.ZipFile, path: Path, folder: Path) -> None:
    """Refuse files that would fill the disk; no more is unpacked than the sizes checked here.

    Raises:
        UserError: They are too many times larger than the zip file, or than the free space.
    """
    size = sum(entry.file_size for entry in archive.infolist())
    if size > MAX_RATIO * path.stat().st_size:
        raise UserError(f"{path}: unpacks to {size:,} bytes, which no archive of ogan-bench does")
    if size > (free := shutil.disk_usage(folder).free):
        raise UserError(
            f"{path}: unpacks to {size:,} bytes, and {folder.parent} has {free:,}; name a larger "
            "place in $TMPDIR"
        )
