"""How many processor cores there are to use."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Cores that this process may use; containers and batch systems grant fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
