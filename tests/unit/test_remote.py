"""Copies from and to URLs: whole, within their folder, and with one clear error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import known_implementations

from ogan_bench.errors import UserError
from ogan_bench.remote import delivered, fetched, is_taken, is_url

PLACE = "memory://bucket/results"


@pytest.fixture(autouse=True)
def memory() -> Iterator[MemoryFileSystem]:
    """A file system without any file."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()


def fill(folder: Path) -> None:
    (folder / "study" / "arm").mkdir(parents=True)
    (folder / "a.json").write_text("{}")
    (folder / "study" / "arm" / "nets.safetensors").write_bytes(bytes(1000))
    (folder / "study" / "arm" / "run.json").write_text("1")


@pytest.mark.parametrize("url", [PLACE, f"{PLACE}/", "file://{}/made"])
def test_a_folder_comes_back_as_it_was_sent(url: str, tmp_path: Path) -> None:
    url = url.format(tmp_path)
    assert not is_taken(url)
    with delivered(url, last="a.json") as folder:
        fill(folder)
    assert is_taken(url)
    assert not folder.exists()
    copy = fetched(url)
    files = {path.relative_to(copy).as_posix(): path.read_bytes() for path in copy.rglob("*.*")}
    assert files == {
        "a.json": b"{}",
        "study/arm/nets.safetensors": bytes(1000),
        "study/arm/run.json": b"1",
    }
    slim = fetched(url, leave_out=(".safetensors",))
    assert sorted(path.name for path in slim.rglob("*.*")) == ["a.json", "run.json"]


def test_a_file_too(tmp_path: Path) -> None:
    with delivered("memory://bucket/a.zip") as path:
        path.write_bytes(b"zip")
    copy = fetched("memory://bucket/a.zip")
    assert (copy.name, copy.read_bytes()) == ("a.zip", b"zip")


def test_paths_stay_paths(tmp_path: Path) -> None:
    assert fetched(tmp_path) == fetched(str(tmp_path)) == tmp_path
    with delivered(str(tmp_path / "new")) as place:
        assert place == tmp_path / "new"
    assert not [place for place in ("results", "/a://b", "C:/x", Path("s3://x")) if is_url(place)]


def test_what_marks_a_copy_as_whole_is_written_last(
    memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, seen = memory.put_file, list[str]()

    def recorded(local: str, remote: str, **more: Any) -> None:
        seen.append(remote.rpartition("/")[2])
        put(local, remote, **more)

    monkeypatch.setattr(MemoryFileSystem, "put_file", lambda self, *a, **k: recorded(*a, **k))
    with delivered(PLACE, last="a.json") as folder:
        fill(folder)
    assert seen == ["nets.safetensors", "run.json", "a.json"]


def test_nothing_is_sent_of_what_fails() -> None:
    def fail() -> None:
        with delivered(PLACE) as folder:
            fill(folder)
            raise ValueError("half")

    with pytest.raises(ValueError, match="half"):
        fail()
    assert not is_taken(PLACE)


def test_no_name_leaves_the_copy(memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.pipe("/bucket/results/a", b"1")
    names = ["/bucket/results/a", "/bucket/results/../../../evil"]
    monkeypatch.setattr(MemoryFileSystem, "find", lambda *_: names)
    with pytest.raises(UserError, match=r"named \.\./\.\./\.\./evil, which would leave the copy"):
        fetched(PLACE)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("memory://nowhere", "memory://nowhere: there is nothing"),
        ("file:///nowhere/x", "file:///nowhere/x: there is nothing"),
        ("nonsense://x", "nonsense://x: cannot be reached .*nonsense"),
        ("file:///proc/version/x", "there is nothing|cannot be reached"),
    ],
)
def test_errors_name_the_url(url: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        fetched(url)


def test_a_file_system_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {"class": "no_such_package.FileSystem", "err": "Install no_such_package for lost://"}
    monkeypatch.setitem(known_implementations, "lost", missing)
    with pytest.raises(UserError, match="lost://x: Install no_such_package"):
        fetched("lost://x")
    with pytest.raises(UserError, match="Install no_such_package"), delivered("lost://x"):
        pass


def test_what_cannot_be_written_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("quota exceeded")

    monkeypatch.setattr(MemoryFileSystem, "put", full)
    with (
        pytest.raises(
            UserError, match=r"results: cannot be reached \(RuntimeError: quota exceeded\)"
        ),
        delivered(PLACE) as folder,
    ):
        fill(folder)
