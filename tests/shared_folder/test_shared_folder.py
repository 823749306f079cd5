"""Two machines on one folder of a real network file system, which `nox -s shared_folder` mounts.

The machines are process namespaces of this one: each sees the other's processes as little as those
of another machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from ogan_bench.store import claims
from ogan_bench.store.lease import BusyError, Lease
from tests.long_runs import LONG, ended, metrics, record, start, wait_until_it_trains

pytestmark = pytest.mark.shared_folder

LEFT_TO_OTHERS = 75
"""Exit code of a run that ends while another process has a trial."""

MACHINE = ("unshare", "--kill-child", "--pid", "--mount-proc")
SCRIPT = str(Path(__file__).with_name("two_mounts.sh"))


@dataclass
class Mounts:
    """One folder, as each of two machines sees it, as its server does, and without hard links."""

    one: Path
    two: Path
    server: Path
    no_links: Path


@pytest.fixture(scope="module")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mounts]:
    folder = tmp_path_factory.mktemp("mounts")
    subprocess.run(["sh", SCRIPT, str(folder)], check=True)
    try:
        yield Mounts(*(folder / name for name in ("one", "two", "server", "no_links")))
    finally:
        subprocess.run(["sh", SCRIPT, str(folder), "end"], check=True)


@pytest.fixture
def shared(mounted: Mounts) -> Iterator[Mounts]:
    """An empty folder of their own for each test."""
    name = "results"
    yield Mounts(*(getattr(mounted, kind.name) / name for kind in fields(Mounts)))
    shutil.rmtree(mounted.server / name, ignore_errors=True)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The long trial, undisturbed on a local disk."""
    out = tmp_path_factory.mktemp("alone")
    ended(start(out, *LONG))
    return out


def test_a_mount_is_claimed_by_a_lease(mounted: Mounts) -> None:
    assert claims.kind(mounted.one) == "lease"
    assert "sshfs" in claims.described(mounted.two)


def test_of_two_clients_one_has_the_claim(shared: Mounts) -> None:
    def claim(folder: Path) -> bool:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            Lease(folder).acquire()
        except BusyError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        for number in range(50):
            folders = (shared.one / str(number), shared.two / str(number))
            assert sum(pool.map(claim, folders)) == 1


@pytest.mark.parametrize(("kind", "excludes"), [("lease", True), ("lock", False)])
def test_doctor_tries_on_two_machines_whether_claims_exclude(
    kind: str, excludes: bool, shared: Mounts
) -> None:
    """Of locks each machine has its own, and it is found out."""
    for folder in (shared.one, shared.two):
        folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "ogan_bench", "doctor", "--json", "--try-claims", "8"]
    both = [
        subprocess.Popen(
            [*MACHINE, *command, "--results", str(folder)],
            env={**os.environ, claims.VARIABLE: kind},
            stdout=subprocess.PIPE,
        )
        for folder in (shared.one, shared.two)
    ]
    said = [run.communicate(timeout=120)[0] for run in both]
    seen = [json.loads(text) for text in said]
    assert [len(one["others"]) for one in seen] == [2, 2]
    assert all(one["held"] for one in seen)
    assert (sum(one["clashes"] for one in seen) == 0) is excludes
    if excludes:
        assert [run.returncode for run in both] == [0, 0]


def test_two_machines_share_the_trials(shared: Mounts, tmp_path: Path) -> None:
    both = [start(out, before=MACHINE) for out in (shared.one, shared.two)]
    for run in both:
        ended(run, 0, LEFT_TO_OTHERS)
    ended(start(tmp_path))
    for arm in ("none", "pearson", "mse", "mse_mean", "pearson_strong"):
        assert len(record(shared.server, arm, "run.json")["attempts"]) == 1
        assert metrics(shared.server, arm) == metrics(tmp_path, arm)


def test_another_machine_takes_over_from_a_killed_one(shared: Mounts, alone: Path) -> None:
    first = start(shared.one, *LONG, "--checkpoint-seconds", "1", before=MACHINE)
    wait_until_it_trains(shared.server)
    second = start(shared.two, *LONG, before=MACHINE)
    first.kill()
    ended(first, -9)
    ended(second)
    assert len(record(shared.server, "pearson", "run.json")["attempts"]) == 2
    assert metrics(shared.server, "pearson") == metrics(alone, "pearson")


def test_without_hard_links_a_damaged_checkpoint_has_one_before(
    shared: Mounts, alone: Path
) -> None:
    out = shared.no_links
    killed = start(out, *LONG, "--checkpoint-seconds", "0.2")
    folder = shared.server / "mse_vs_pearson-smoke" / "pearson" / "seed-0"
    until = time.monotonic() + 180
    while not (folder / "checkpoint_before.pt").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    killed.kill()
    ended(killed, -9)
    with pytest.raises(PermissionError):
        (out / "link").hardlink_to(out / "mse_vs_pearson-smoke" / "study.json")
    time.sleep(2)  # its worker lets go
    with (folder / "checkpoint.pt").open("r+b") as file:
        file.write(b"damaged")
    ended(start(out, *LONG))
    assert "training went on from the one before" in (folder / "error.txt").read_text()
    assert metrics(shared.server, "pearson") == metrics(alone, "pearson")


def test_a_machine_that_is_cut_off_fails_and_another_goes_on(mounted: Mounts, alone: Path) -> None:
    """The last test: it takes a mount away."""
    out = mounted.server / "cut_off"
    first = start(mounted.one / "cut_off", *LONG, "--checkpoint-seconds", "1", before=MACHINE)
    wait_until_it_trains(out)
    client = subprocess.run(
        ["pgrep", "-f", f"sshfs .*{mounted.one}"], capture_output=True, text=True, check=True
    )
    for pid in client.stdout.split():
        os.kill(int(pid), 9)
    with first:
        _, said = first.communicate(timeout=900)
    assert first.returncode not in (0, -9)
    assert "Transport endpoint is not connected" in said
    assert "bring its disk or its network back, and give the same command again" in said
    time.sleep(1)
    ended(start(mounted.two / "cut_off", *LONG, before=MACHINE))
    assert metrics(out, "pearson") == metrics(alone, "pearson")
