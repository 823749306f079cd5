"""Whether claims in a folder exclude: processes contend for one, on any number of machines.

A lock or a lease that two processes hold at once is not seen in any file afterwards, only in
results. So it is tried, by processes that do nothing but claim, leave their name, and look whether
it is still theirs.
"""

from __future__ import annotations

import multiprocessing
import random
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from ogan_bench.errors import UserError
from ogan_bench.files import write_bytes
from ogan_bench.store.claims import claimed
from ogan_bench.store.lease import BusyError

FOLDER = ".claims_tried"
"""Where in a results folder claims are tried; it is removed once nobody is left in it."""

HELD_SECONDS = 0.003
MOST_WAITING_SECONDS = 0.005
COMPANY_SECONDS = 20.0
"""How long a process waits for another one to contend with."""

PRESENT = ".present"

Claim = Callable[[Path], AbstractContextManager[object]]


@dataclass(frozen=True)
class Contention:
    """What one process, or several together, have seen.

    Args:
        held: How often the claim was held.
        clashes: How often another process held it at the same time.
        others: Names of further processes that contended meanwhile.
    """

    held: int
    clashes: int
    others: frozenset[str] = frozenset()


def contend(results: Path, seconds: float, name: str, claim: Claim = claimed) -> Contention:
    """Claim a folder again and again while others do the same.

    Args:
        results: The results folder.
        seconds: How long, once another process is there.
        name: Of this process, different from all others.
        claim: How the folder is claimed.

    Raises:
        UserError: The folder cannot be written or read.
    """
    folder = results / FOLDER
    holder, mine = folder / "holder", folder / f"{name}{PRESENT}"
    chance, held, clashes, others = random.Random(name), 0, 0, set[str]()
    write_bytes(mine, b"", durable=False)  # makes the folder, or says why it cannot
    try:
        waits_until = time.monotonic() + COMPANY_SECONDS
        while len(_present(folder)) < 2 and time.monotonic() < waits_until:
            time.sleep(MOST_WAITING_SECONDS)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            with suppress(BusyError), claim(folder):
                holder.write_text(name)
                time.sleep(HELD_SECONDS)
                held, clashes = held + 1, clashes + (holder.read_text() != name)
            others |= _present(folder)
            time.sleep(chance.uniform(0, MOST_WAITING_SECONDS))
    except OSError as error:  # another one has taken the folder away, or the network is gone
        raise UserError(f"{folder}: out of reach ({error.strerror or error})") from None
    finally:
        mine.unlink(missing_ok=True)
    return Contention(held, clashes, frozenset(others - {name}))


def contend_in_processes(results: Path, seconds: float, processes: int = 2) -> Contention:
    """Have processes of this machine contend, also with those that do so on others meanwhile.

    Args:
        results: The results folder.
        seconds: How long.
        processes: How many are started here.

    Returns:
        What they have seen together; ``others`` are those of other commands.

    Raises:
        UserError: The folder cannot be written.
    """
    host = f"{socket.gethostname()}-{secrets.token_hex(4)}"
    names = [f"{host}-{index}" for index in range(processes)]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        seen = list(pool.map(contend, [results] * processes, [seconds] * processes, names))
    folder = results / FOLDER
    if not _present(folder):
        shutil.rmtree(folder, ignore_errors=True)
    return Contention(
        sum(one.held for one in seen),
        sum(one.clashes for one in seen),
        frozenset[str]().union(*(one.others for one in seen)) - set(names),
    )


def _present(folder: Path) -> set[str]:
    return {path.name.removesuffix(PRESENT) for path in folder.glob(f"*{PRESENT}")}
