"""Claims that machines share: exclusive, and taken over only from owners that are gone."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.store.lease import BusyError, Lease

SECONDS = 100.0
ELSEWHERE = {"machine": "another", "pid": 1, "start": "1", "beat": 0, "released": False}


class Time:
    """A clock that only waiting moves."""

    def __init__(self, at_wait: Callable[[], None] = lambda: None) -> None:
        self.now = 1000.0
        self.at_wait = at_wait

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.at_wait()


def lease(folder: Path, time: Time | None = None) -> Lease:
    time = time or Time()
    return Lease(folder, seconds=SECONDS, clock=lambda: time.now, wait=time.wait)


def write(folder: Path, number: int, record: dict[str, Any]) -> None:
    (folder / f".claim-{number:06d}").write_text(json.dumps(record))


def read(folder: Path, number: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f".claim-{number:06d}").read_text())
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_server_may_have_no_word_for_a_file_that_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SFTP says only that it failed; a folder that cannot be written says the same."""

    def fail(path: Path, *_: object) -> int:
        if taken:
            path.write_bytes(b"")
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("ogan_bench.store.lease.os.open", fail)
    taken = False
    with pytest.raises(PermissionError):
        lease(tmp_path).acquire()
    taken = True
    with pytest.raises(BusyError):
        lease(tmp_path).acquire()


def test_of_many_at_once_one_has_it(tmp_path: Path) -> None:
    start, won, lost = threading.Barrier(8), [], []

    def claim() -> None:
        mine = lease(tmp_path)
        start.wait()
        try:
            mine.acquire(patient=False)
            won.append(mine)
        except BusyError:
            lost.append(mine)

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    won[0].release()
    lost[0].acquire()
    lost[0].release()
    assert names(tmp_path) == [".claim-000001", ".claim-000002"]


def test_an_owner_elsewhere_that_gives_signs_of_life_keeps_it(tmp_path: Path) -> None:
    write(tmp_path, 1, ELSEWHERE)

    def beat() -> None:
        if time.now >= 1010:
            write(tmp_path, 1, {**ELSEWHERE, "beat": 1})

    time = Time(beat)
    for patient in (False, True):
        with pytest.raises(BusyError, match="is held by another process"):
            lease(tmp_path, time).acquire(patient=patient)
    assert time.now < 1000 + SECONDS / 2
    assert lease(tmp_path).is_held()


def test_a_silent_owner_elsewhere_is_followed_after_a_whole_lease(tmp_path: Path) -> None:
    write(tmp_path, 1, ELSEWHERE)
    time = Time()
    lease(tmp_path, time).acquire(patient=True)
    assert time.now >= 1000 + SECONDS
    assert names(tmp_path) == [".claim-000001", ".claim-000002"]


def test_a_claim_whose_owner_died_while_writing_it_is_held_for_a_lease(tmp_path: Path) -> None:
    (tmp_path / ".claim-000001").touch()
    with pytest.raises(BusyError):
        lease(tmp_path).acquire()
    lease(tmp_path).acquire(patient=True)


def test_a_dead_process_of_this_machine_is_followed_at_once(tmp_path: Path) -> None:
    lease(tmp_path).acquire()
    mine = read(tmp_path, 1)
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    gone: list[dict[str, Any]] = [{"pid": done.pid}, {"start": "1"}]
    for number, dead in enumerate(gone, 1):
        write(tmp_path, number, {**mine, **dead})  # the second: its number is another's by now
        lease(tmp_path).acquire()
    with pytest.raises(BusyError):
        lease(tmp_path).acquire()


def test_an_outdated_view_of_the_folder_excludes_all_the_same(tmp_path: Path) -> None:
    class Outdated(Lease):
        def _last(self) -> int:
            return 1

    write(tmp_path, 1, {**ELSEWHERE, "released": True})
    write(tmp_path, 2, ELSEWHERE)
    with pytest.raises(BusyError):
        Outdated(tmp_path).acquire()
    write(tmp_path, 2, {**ELSEWHERE, "released": True})
    late = Outdated(tmp_path)
    late.acquire()
    late.release()
    assert read(tmp_path, 3)["released"]


def test_an_owner_that_was_silent_goes_on_only_if_nobody_followed(tmp_path: Path) -> None:
    time = Time()
    owner = lease(tmp_path, time)
    owner.acquire()
    owner.check()
    assert names(tmp_path) == [".claim-000001"]
    time.now += SECONDS
    owner.beat()  # too late for a sign of life
    assert read(tmp_path, 1)["beat"] == 0
    owner.check()
    assert names(tmp_path) == [".claim-000001", ".claim-000002"]
    owner.beat()
    assert read(tmp_path, 2)["beat"] == 1
    time.now += SECONDS
    write(tmp_path, 3, ELSEWHERE)
    with pytest.raises(BusyError, match="was taken over"):
        owner.check()
    owner.release()
    assert read(tmp_path, 3) == ELSEWHERE


def test_an_owner_whose_clock_stood_still_sees_its_follower_at_the_next_beat(
    tmp_path: Path,
) -> None:
    owner = lease(tmp_path)
    owner.acquire()
    write(tmp_path, 2, ELSEWHERE)
    owner.beat()
    with pytest.raises(BusyError):
        owner.check()
