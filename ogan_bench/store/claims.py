"""How a folder is claimed by one process among all that share it, by its file system.

On a local file system by a lock of the operating system, which it releases when a process dies.
Such locks do not exclude between the clients of NFS and of others; there by a lease.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ogan_bench.errors import UserError
from ogan_bench.store.lease import BusyError, Lease
from ogan_bench.store.mounts import file_system

VARIABLE = "OGAN_BENCH_CLAIMS"

LOCK = ".lock"
"""Name of the file that is locked; it stays, since another process may be about to lock it."""

LOCAL = (
    "apfs", "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "jfs", "overlay", "ramfs",
    "reiserfs", "tmpfs", "ufs", "vfat", "xfs", "zfs",
)  # fmt: skip
"""File systems of one machine; of any other it is not known that its locks exclude."""


def kind(folder: Path, file_system: Callable[[Path], str | None] = file_system) -> str:
    """``lock`` or ``lease``: how a folder is claimed.

    Args:
        folder: It need not exist.
        file_system: Gives the type of a path's file system.

    Raises:
        UserError: The environment variable that decides instead has another value.
    """
    wanted = os.environ.get(VARIABLE)
    if wanted:
        if wanted not in ("lock", "lease"):
            raise UserError(f"${VARIABLE}: 'lock' or 'lease', not {wanted!r}")
        return wanted
    found = file_system(folder)
    return "lock" if found is None or found in LOCAL else "lease"


def described(folder: Path) -> str:
    """How a folder is claimed, in words."""
    words: dict[str, str] = {
        "lock": "lock of the operating system: excludes processes of this machine",
        "lease": "lease: excludes processes of all machines that share the folder",
    }
    return f"{words[kind(folder)]} (file system {file_system(folder) or 'unknown'})"


@contextmanager
def claimed(folder: Path, *, patient: bool = False) -> Iterator[Callable[[], None]]:
    """Hold a folder exclusively; it is made where there is none.

    Args:
        folder: The folder.
        patient: Find out whether a holder on another machine is alive, which may take two minutes.

    Yields:
        Raises :class:`BusyError` if the claim was lost meanwhile; to be called before writing.

    Raises:
        BusyError: Another process holds it.
        UserError: It cannot be written.
    """
    release, check = _acquire(folder, patient)
    try:
        yield check
    finally:
        release()


@contextmanager
def awaited(folder: Path) -> Iterator[None]:
    """:func:`claimed`, once no other process holds it."""
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(claimed(folder, patient=True))
                break
            except BusyError:
                time.sleep(0.1)
        yield


def _acquire(folder: Path, patient: bool) -> tuple[Callable[[], object], Callable[[], None]]:
    """What gives the claim back, and what checks it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if kind(folder) == "lease":
            lease = Lease(folder)
            lease.acquire(patient=patient)
            return lease.release, lease.check
        lock = FileLock(folder / LOCK, timeout=0)
        lock.acquire()
    except Timeout:
        raise BusyError(f"{folder} is held by another process") from None
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror or error})") from error
    return lock.release, lambda: None


def is_held(folder: Path) -> bool:
    """Whether a process holds a folder, as far as is known."""
    if kind(folder) == "lease":
        return Lease(folder).is_held()
    if not (folder / LOCK).exists():  # nobody has ever claimed it: asking must not leave a file
        return False
    try:
        with claimed(folder):
            return False
    except BusyError:
        return True
