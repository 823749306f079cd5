"""Whether claims exclude, tried: by claims that do, and by some that do not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from ogan_bench.store import claims
from ogan_bench.store.contention import FOLDER, Claim, Contention, contend, contend_in_processes


@contextmanager
def nothing(folder: Path) -> Iterator[None]:
    """Claims nothing, as a lock does that excludes the processes of one machine only."""
    yield


def both(root: Path, claim: Claim) -> list[Contention]:
    with ThreadPoolExecutor(2) as pool:
        tried = [pool.submit(contend, root, 0.3, name, claim) for name in ("a", "b")]
        return [one.result() for one in tried]


@pytest.mark.parametrize("kind", ["lock", "lease"])
def test_claims_that_exclude_never_clash(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(claims.VARIABLE, kind)
    seen = both(tmp_path, claims.claimed)
    assert [one.clashes for one in seen] == [0, 0]
    assert all(one.held for one in seen)
    assert [one.others for one in seen] == [{"b"}, {"a"}]


def test_claims_that_do_not_exclude_are_found_out(tmp_path: Path) -> None:
    assert sum(one.clashes for one in both(tmp_path, nothing)) > 0


def test_processes_contend_and_leave_nothing(tmp_path: Path) -> None:
    seen = contend_in_processes(tmp_path, 0.3)
    assert seen.held > 0
    assert (seen.clashes, seen.others) == (0, frozenset())
    assert list(tmp_path.iterdir()) == []


def test_those_of_another_command_are_named(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "node2-7-0.present").touch()
    assert contend_in_processes(tmp_path, 0.2).others == {"node2-7-0"}
    assert (tmp_path / FOLDER).exists()  # it may still be there
