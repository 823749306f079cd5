"""A team whose processes are threads, connected as processes are."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeVar

from torch import distributed as dist

from ogan_bench.training.team import Team

T = TypeVar("T")

SILENCE = timedelta(seconds=60)


def _get(prop: Any, instance: Any, owner: Any = None) -> Any:
    """A cached property without the lock that all objects share before Python 3.12.

    Of two threads one would wait in it for the other, and the other at it; processes share none.
    """
    if instance is None:
        return prop
    known = instance.__dict__
    if prop.attrname not in known:
        known[prop.attrname] = prop.func(instance)
    return known[prop.attrname]


if sys.version_info < (3, 12):
    cached_property.__get__ = _get  # type: ignore[assignment]


def futures(work: Callable[[Team], T], size: int = 2) -> list[Future[T]]:
    """What every member of a team does, once all are done."""
    store = dist.HashStore()  # type: ignore[attr-defined]

    def member(rank: int) -> T:
        group: Any = dist.ProcessGroupGloo(store, rank, size, SILENCE)
        team = Team(rank, size, group)
        del group
        try:
            return work(team)
        except BaseException:
            team._group = None  # closes its connections, as the end of a process does
            raise

    with ThreadPoolExecutor(size) as pool:
        return [pool.submit(member, rank) for rank in range(size)]


def together(work: Callable[[Team], T], size: int = 2) -> list[T]:
    """What every member of a team gives."""
    return [future.result() for future in futures(work, size)]
