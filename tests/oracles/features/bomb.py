"""A pickle that does harm when it is read."""

from __future__ import annotations

import os
from pathlib import Path


class Bomb:
    """Unpickling it would create a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)
