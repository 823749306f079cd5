"""A team whose processes are threads, connected as processes are."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

from torch import distributed as dist

from ogan_bench.training.team import Team

T = TypeVar("T")

SILENCE = timedelta(seconds=60)


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
