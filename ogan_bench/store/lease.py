"""A claim on a folder that any number of machines share, where native locks do not exclude.

Claims are numbered files, ``.claim-000001``, ``.claim-000002``, ...: the highest one counts. It is
made by exclusive creation, which NFS (since version 3), SMB, Lustre and the like do atomically: of
several that want to follow a claim one succeeds. No claim is ever moved or deleted: whoever sees an
outdated folder tries to make a number that exists already, and fails.

The owner rewrites its file every few seconds. A claim may be followed

* once it says that it was released;
* if its owner was a process of this machine, and is gone;
* if it did not change while somebody watched it for the length of the lease. The watcher measures
  that with its own monotonic clock: clocks of two machines need not agree.

An owner that could not rewrite its file for half a lease (stopped, suspended, cut off) makes the
next number itself before it goes on; if somebody else has, its claim is lost.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ogan_bench.errors import UserError
from ogan_bench.files import json_line, write_bytes

NAME = re.compile(r"\.claim-(\d{6,})")

CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Never goes backwards; on Linux it also counts while the machine sleeps."""


class BusyError(Exception):
    """Another process holds the folder."""


def monotonic() -> float:
    """Seconds by :data:`CLOCK`."""
    return time.clock_gettime(CLOCK)


class Lease:
    """A claim on a folder.

    Args:
        folder: What is claimed.
        seconds: Length of the lease, the same for all that share the folder.
        beat: Seconds between two signs of life.
        clock: Gives seconds, and never goes backwards.
        wait: Waits for seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        seconds: float = 120.0,
        beat: float = 10.0,
        clock: Callable[[], float] = monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._folder = folder
        self._seconds = seconds
        self._beat = beat
        self._clock = clock
        self._wait = wait
        self._number = 0
        self._record: dict[str, Any] = {}
        self._refreshed = 0.0
        self._is_lost = False
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def acquire(self, *, patient: bool = False) -> None:
        """Claim the folder.

        Args:
            patient: Watch a claim of another machine: until it changes, or for a whole lease, after
                which it is followed.

        Raises:
            BusyError: Another process holds it.
        """
        number = self._last()
        while True:
            content = self._read(number)
            if not (_is_free(content) or (patient and self._is_silent(number, content))):
                raise BusyError(f"{self._folder} is held by another process")
            if self._follow(number):
                break
            number += 1
        threading.Thread(target=self._stay, daemon=True, name="claim").start()

    def release(self) -> None:
        """Let others have the folder."""
        self._ended.set()
        with self._lock, suppress(UserError):  # out of reach: it runs out
            self._write({**self._record, "released": True})

    def check(self) -> None:
        """Make sure that the folder is still claimed by this process.

        Raises:
            BusyError: It was not seen for so long that another process has it.
        """
        with self._lock:
            silent = self._clock() - self._refreshed > self._seconds / 2
            if self._is_lost or (silent and not self._follow(self._number)):
                self._is_lost = True
                raise BusyError(f"{self._folder} was taken over by another process")

    def is_held(self) -> bool:
        """Whether a process, of this machine or another, holds the folder as far as is known."""
        return not _is_free(self._read(self._last()))

    def beat(self) -> None:
        """Give a sign of life."""
        with self._lock:
            started = self._clock()
            self._is_lost |= self._path(self._number + 1).exists()
            # After a long silence it is `check` that finds out whose the folder is.
            if not self._is_lost and started - self._refreshed <= self._seconds / 2:
                self._write({**self._record, "beat": self._record["beat"] + 1})
                self._refreshed = started

    def _stay(self) -> None:
        while not self._ended.wait(self._beat):
            try:
                self.beat()
            except (OSError, UserError):
                continue  # the folder is out of reach; the next beat may reach it

    def _follow(self, number: int) -> bool:
        """Make the claim after this one; whether nobody else has."""
        started = self._clock()
        try:
            handle = os.open(self._path(number + 1), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError:  # not always FileExistsError: SFTP has no word for it
            if self._path(number + 1).exists():
                return False
            raise
        os.close(handle)
        self._number = number + 1
        self._write(
            {"owner": secrets.token_hex(8), **_this_process(), "beat": 0, "released": False}
        )
        self._refreshed = started
        return True

    def _is_silent(self, number: int, content: bytes | None) -> bool:
        """Whether a claim does not change for the length of a lease."""
        started = self._clock()
        while self._clock() - started < self._seconds:
            self._wait(self._beat / 4)
            if self._read(number) != content:
                return False
        return True

    def _last(self) -> int:
        found = (NAME.fullmatch(path.name) for path in self._folder.glob(".claim-*"))
        return max((int(match[1]) for match in found if match), default=0)

    def _path(self, number: int) -> Path:
        return self._folder / f".claim-{number:06d}"

    def _read(self, number: int) -> bytes | None:
        """What a claim says, empty where that cannot be read; ``None`` before the first."""
        try:
            return self._path(number).read_bytes() if number else None
        except OSError:  # it is just being replaced
            return b""

    def _write(self, record: dict[str, Any]) -> None:
        write_bytes(self._path(self._number), json_line(record), durable=False)
        self._record = record


def _is_free(content: bytes | None) -> bool:
    """Whether a claim with this content may be followed at once."""
    if content is None:
        return True
    try:
        record = json.loads(content)
        if record["released"]:
            return True
        is_here: bool = record["machine"] == _this_process()["machine"] != ""
        return is_here and _start_of(record["pid"]) != record["start"]
    except (ValueError, KeyError, TypeError):
        return False  # it is just being written, or of another version


def _this_process() -> dict[str, Any]:
    """Identifies this process among all of all machines."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        machine = f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        machine = ""  # not Linux: nothing is known of other processes
    return {"machine": machine, "pid": os.getpid(), "start": _start_of(os.getpid())}


def _start_of(pid: int) -> str | None:
    """When a process of this machine was started, in ticks of the kernel; ``None``: it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]
