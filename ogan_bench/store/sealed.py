"""Files that carry the SHA-256 of their own content, so that damage is seen when they are read.

A seal is no signature: whoever can write a file can seal another one. Files of older versions have
none, and are read as they are.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from ogan_bench.errors import UserError
from ogan_bench.files import Record, json_text, parse_json

KEY = "seal"
"""Last key of a sealed JSON object."""

TAIL = b"\nogan_bench sha256 "
TAIL_LENGTH = len(TAIL) + 64
"""A sealed file of another kind ends with this mark and 64 hexadecimal digits."""


class DamagedError(ValueError):
    """The content of a file is not what was sealed."""

    def __init__(self) -> None:
        super().__init__("damaged, its SHA-256 is not the stored one")


def sealed_json(record: Record) -> bytes:
    """The text of a JSON object with its seal as the last key.

    Args:
        record: With one key at the least; an older seal is replaced.
    """
    plain = {key: value for key, value in record.items() if key != KEY}
    text = json_text(plain)
    return json_text({**plain, KEY: _sha256(text.encode())}).encode() + b"\n"


def parse_sealed_json(content: bytes, path: Path, mend: str) -> Record:
    """The JSON object in a file, without its seal.

    Args:
        content: Of the file.
        path: Of the file, for the message.
        mend: What the user can do if it is damaged.

    Raises:
        UserError: It is not a JSON object, or not the one that was sealed.
    """
    record = parse_json(content, path, mend)
    seal = record.pop(KEY, None)
    if seal is not None:
        head, mark, tail = content.rpartition(f',\n "{KEY}": "'.encode())
        whole = bool(mark) and tail == f'{seal}"\n}}\n'.encode()
        if not whole or _sha256(head + b"\n}") != seal:
            raise UserError(f"{path}: {DamagedError()}; {mend}")
    return record


def seal(path: Path) -> None:
    """Append the seal of a file to it."""
    with path.open("r+b") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.write(TAIL + digest.encode())


def unsealed(content: bytes) -> bytes:
    """The content of a file without the seal at its end.

    Raises:
        DamagedError: It is not what was sealed.
    """
    whole, tail = content[:-TAIL_LENGTH], content[-TAIL_LENGTH:]
    if not tail.startswith(TAIL):
        return content
    if _sha256(whole).encode() != tail.removeprefix(TAIL):
        raise DamagedError
    return whole


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
