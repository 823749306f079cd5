"""Whether a folder is claimed by a lock or by a lease."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.store.claims import awaited, claimed, described, is_held, kind


@pytest.mark.parametrize(
    ("file_system", "expected"),
    [
        ("ext4", "lock"), ("tmpfs", "lock"), ("overlay", "lock"), (None, "lock"),
        ("nfs", "lease"), ("nfs4", "lease"), ("cifs", "lease"), ("lustre", "lease"),
        ("fuse.sshfs", "lease"),
    ],
)  # fmt: skip
def test_the_file_system_decides(
    file_system: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OGAN_BENCH_CLAIMS", raising=False)
    assert kind(Path("results"), lambda _: file_system) == expected


def test_unless_the_user_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGAN_BENCH_CLAIMS", "lease")
    assert described(tmp_path).startswith("lease: excludes processes of all machines")
    monkeypatch.setenv("OGAN_BENCH_CLAIMS", "never")
    with pytest.raises(UserError, match="'lock' or 'lease', not 'never'"):
        kind(tmp_path)


@pytest.mark.parametrize("how", ["lock", "lease"])
def test_a_folder_is_held_while_it_is_claimed(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OGAN_BENCH_CLAIMS", how)
    folder = tmp_path / "trial"
    for _ in range(2):
        with claimed(folder) as check:
            check()
            assert is_held(folder)
        assert not is_held(folder)


def test_what_cannot_be_claimed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGAN_BENCH_CLAIMS", "lock")
    (tmp_path / ".lock").mkdir()
    with pytest.raises(UserError, match="cannot be written"), claimed(tmp_path):
        pass


def test_a_claim_is_awaited(tmp_path: Path) -> None:
    order = []

    def second() -> None:
        with awaited(tmp_path):
            order.append("second")

    with awaited(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_to_ask_who_holds_a_folder_leaves_nothing_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OGAN_BENCH_CLAIMS", "lock")
    assert not is_held(tmp_path / "trial")
    assert list(tmp_path.iterdir()) == []
