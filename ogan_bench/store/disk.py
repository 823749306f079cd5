"""What a folder takes on disk."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def bytes_on_disk(folder: Path) -> int:
    """Bytes of all files in a folder, each file once however many names it has; 0 without it.

    Files that vanish meanwhile, as in a folder that is being written to, are left out.
    """
    sizes: dict[tuple[int, int], int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                of = os.stat(os.path.join(parent, name), follow_symlinks=False)
                sizes[of.st_dev, of.st_ino] = of.st_size
    return sum(sizes.values())
