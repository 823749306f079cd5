"""The manifest of an archive: the SHA-256 of every file, as in BagIt, for ``sha256sum -c``.

References:
    J. Kunze et al., The BagIt File Packaging Format, RFC 8493, 2018,
    https://www.rfc-editor.org/rfc/rfc8493
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ogan_bench.errors import UserError
from ogan_bench.files import read_bytes, sha256, write_bytes

MANIFEST = "manifest-sha256.txt"

_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def files_of(folder: Path) -> list[str]:
    """Paths of all files in a folder, relative to it, in the order of their names."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()
    )


def write_manifest(folder: Path, known: Mapping[str, str]) -> None:
    """Write the manifest of a folder, which names every file but itself.

    Args:
        folder: Of the archive.
        known: Path to SHA-256 of files whose hash has been computed.
    """
    names = [name for name in files_of(folder) if name != MANIFEST]
    lines = [f"{known.get(name) or sha256(folder / name)}  {name}\n" for name in names]
    write_bytes(folder / MANIFEST, "".join(lines).encode(), durable=False)


def read_manifest(folder: Path) -> dict[str, str]:
    """Path to SHA-256, as the manifest states them.

    Raises:
        UserError: There is no manifest, or it is damaged.
    """
    path = folder / MANIFEST
    content = read_bytes(path, "put back a copy of the archive")
    if content is None:
        raise UserError(f"{path}: no such file; `ogan-bench archive` writes it with the archive")
    stated = {}
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        if (found := _LINE.fullmatch(line)) is None:
            raise UserError(f"{path}:{number}: not a SHA-256 and a path; put back a copy")
        stated[found[2]] = found[1]
    return stated
