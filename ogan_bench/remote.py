"""Folders and files at URLs: anything that fsspec knows, such as ``s3://``, ``gs://`` or ``sftp://``.

They are copied as wholes. What is read from a URL is as untrusted as any other file: it is data,
nothing of it is run, and its names stay within the copy.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from ogan_bench.errors import UserError, in_one_line

URL = re.compile(r"[a-z][a-z0-9+.-]+://|[a-z][a-z0-9+-]+::")
"""How URLs begin; a chain such as ``zip::s3://...`` is one too."""

WEIGHTS = (".pt", ".safetensors")
"""Endings of checkpoints and nets, which no report reads."""


def is_url(place: Path | str) -> bool:
    """Whether it is a URL, and not a path of this machine.

    >>> is_url("s3://bucket/results"), is_url("results"), is_url("C:/results")
    (True, False, False)
    """
    return isinstance(place, str) and URL.match(place) is not None


def fetched(place: Path | str, leave_out: Collection[str] = ()) -> Path:
    """A path as it is; of a URL, a copy of its file or folder until the process ends.

    Args:
        place: The path or URL.
        leave_out: Endings of files of a folder that are not needed.

    Raises:
        UserError: The URL cannot be read, or a name in it would leave the copy.
    """
    if not is_url(place):
        return Path(place)
    url = str(place).rstrip("/")
    copy = Path(tempfile.mkdtemp(prefix="ogan-bench-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    with _told(url):
        system, root = _opened(url)
        name = PurePosixPath(root).name
        copy = copy / (name if name.strip(".") else "copy")
        if system.isfile(root):
            system.get_file(root, str(copy))
            return copy
        prefix = root.rstrip("/") + "/"
        names = [path.removeprefix(prefix) for path in system.find(root)]
        if not names:
            raise UserError(f"{url}: there is nothing")
        for name in names:
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise UserError(f"{url}: a file there is named {name}, which would leave the copy")
        names = [name for name in names if not name.endswith(tuple(leave_out))]
        for name in names:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
        system.get([prefix + name for name in names], [str(copy / name) for name in names])
    return copy


@contextmanager
def delivered(place: Path | str, last: str | None = None) -> Iterator[Path]:
    """A path as it is; of a URL, a temporary path whose file or folder goes there in the end.

    Args:
        place: The path or URL.
        last: The file of a folder that is written last, so that without it a copy is incomplete.

    Raises:
        UserError: The URL cannot be written.
    """
    if not is_url(place):
        yield Path(place)
        return
    url = str(place).rstrip("/")
    with tempfile.TemporaryDirectory(prefix="ogan-bench-") as temporary:
        with _told(url):
            system, root = _opened(url)
        made = Path(temporary) / PurePosixPath(root).name
        yield made
        with _told(url):
            if made.is_file():
                _put(system, {made: root})
                return
            files = sorted(path for path in made.rglob("*") if path.is_file())
            targets = {path: f"{root}/{path.relative_to(made).as_posix()}" for path in files}
            ending = {} if last is None else {made / last: targets.pop(made / last)}
            _put(system, targets)
            _put(system, ending)


def _put(system: Any, targets: Mapping[Path, str]) -> None:
    """Copy files of this machine to paths of a file system."""
    for parent in sorted({target.rpartition("/")[0] for target in targets.values()} - {""}):
        system.makedirs(parent, exist_ok=True)
    system.put([str(path) for path in targets], list(targets.values()))


def is_taken(url: str) -> bool:
    """Whether there is a file or a folder at a URL.

    Raises:
        UserError: It cannot be asked.
    """
    with _told(url):
        system, root = _opened(url)
        return bool(system.exists(root))


def _opened(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it."""
    from fsspec.core import url_to_fs

    system, root = url_to_fs(url)
    return system, str(root)


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Errors of any file system as one of the user's."""
    try:
        yield
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError(f"{url}: there is nothing") from None
    except ImportError as error:  # fsspec says which package it takes
        raise UserError(f"{url}: {error}") from None
    except Exception as error:  # each file system raises what its own library does
        raise UserError(f"{url}: cannot be reached ({in_one_line(error)})") from None
