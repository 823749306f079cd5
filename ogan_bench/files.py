"""Atomic writes, so that a kill never leaves half a file, and detection of changed files."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ogan_bench.errors import UserError

Record = dict[str, Any]

GONE = (errno.ENOTCONN, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH,
        errno.ENODEV, errno.ENXIO)  # fmt: skip
"""Errors of a file whose place is away: nothing says that the file itself is damaged."""


def read_json(path: Path, mend: str = "delete it to rebuild it") -> Record | None:
    """A JSON object, or ``None`` if there is no such file.

    Args:
        path: The file.
        mend: What the user can do if it is not one.

    Raises:
        UserError: The file cannot be read or is not a JSON object.
    """
    content = read_bytes(path, mend)
    return None if content is None else parse_json(content, path, mend)


def read_bytes(path: Path, mend: str) -> bytes | None:
    """Content of a file, or ``None`` if there is no such file.

    Args:
        path: The file.
        mend: What the user can do if it cannot be read.

    Raises:
        UserError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in GONE:
            mend = "bring its disk or its network back, and give the same command again"
        raise UserError(f"{path}: cannot be read ({error}); {mend}") from None


SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""How half of a pair of surrogates is written."""


def parse_json(content: bytes, path: Path, mend: str) -> Record:
    """The JSON object that a file holds.

    Args:
        content: Of the file.
        path: Of the file, for the message.
        mend: What the user can do if it is not one.

    Raises:
        UserError: It is not a JSON object.
    """
    try:
        record = json.loads(content.decode("utf-8"))
        if SURROGATE.search(content):
            json.dumps(record, ensure_ascii=False).encode()  # half of a pair is no character
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: cannot be read ({error}); {mend}") from None
    if not isinstance(record, dict):
        raise UserError(f"{path}: not a JSON object; {mend}")
    return record


def write_json(path: Path, record: Record, *, durable: bool = True) -> None:
    """Replace a JSON file atomically. NaN and infinities become null, which is valid JSON."""
    write_bytes(path, json_text(record).encode() + b"\n", durable=durable)


def write_once(path: Path, record: Record) -> None:
    """:func:`write_bytes_once` for a JSON file."""
    write_bytes_once(path, json_text(record).encode() + b"\n")


def write_bytes_once(path: Path, content: bytes) -> None:
    """Write a file unless it exists; of several writers the first wins.

    Raises:
        UserError: The disk is full or the folder cannot be written.
    """
    if path.exists():
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    write_bytes(temporary, content)
    try:
        path.hardlink_to(temporary)
        temporary.unlink()
        sync(path.parent)
    except FileExistsError:
        temporary.unlink()
    except OSError:  # a file system without hard links
        temporary.replace(path)


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace a file atomically: readers see the old content or the new.

    Args:
        path: The file.
        content: The new content.
        durable: Flush it to disk, so that it survives a power cut.

    Raises:
        UserError: The disk is full or the folder cannot be written.
    """
    with replacing(path, durable=durable) as temporary:
        temporary.write_bytes(content)


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A temporary file in the same folder that replaces ``path`` on success.

    Raises:
        UserError: The disk is full or the folder cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        if durable:
            sync(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
        if durable:
            sync(path.parent)
    except (OSError, RuntimeError) as error:
        # Torch raises an error of its own while it handles that of the file.
        reason = error.__context__ if isinstance(error, RuntimeError) else error
        if not isinstance(reason, OSError):
            raise
        raise UserError(f"{path}: cannot be written ({reason.strerror or reason})") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def home_folder(variable: str) -> Path:
    """The user's home folder.

    Args:
        variable: Environment variable that names the wanted folder instead, for the message.

    Raises:
        UserError: There is none: ``$HOME`` is not set and the user has no entry in the system.
    """
    try:
        return Path.home()
    except RuntimeError:
        raise UserError(f"there is no home folder: set $HOME, or ${variable} to a folder") from None


def sha256(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def json_text(value: Any) -> str:
    """JSON to read and to compare; NaN and infinities become null."""
    return json.dumps(without_nan(value), indent=1, ensure_ascii=False, allow_nan=False)


def json_line(record: Record) -> bytes:
    """A JSON object on one line; NaN and infinities become null."""
    return json.dumps(without_nan(record), separators=(",", ":"), allow_nan=False).encode() + b"\n"


def without_nan(value: Any) -> Any:
    """The same value with ``None`` in place of every NaN and infinity, which JSON does not know."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


Fingerprint = tuple[tuple[str, int, int, int], ...]


def fingerprint(paths: Iterable[Path]) -> Fingerprint:
    """Path, size, modification time and inode of every file that exists.

    The inode reveals a file that was replaced within one tick of the clock.
    """
    found = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((str(path), status.st_size, status.st_mtime_ns, status.st_ino))
    return tuple(found)
