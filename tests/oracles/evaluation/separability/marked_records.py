"""Cached records that tell whether they are read or made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ogan_bench.features.cache import content_key


def mark(path: Path, **marks: Any) -> None:
    """Change values of a cached record, which stays a valid one."""
    record = {**json.loads(path.read_text())["record"], **marks}
    sealed = {"record": record, "sha256": content_key({"key": path.stem, "record": record})}
    path.write_text(json.dumps(sealed))
