"""Files that carry their own SHA-256: damage is seen, and older files are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.store.sealed import DamagedError, parse_sealed_json, seal, sealed_json, unsealed

RECORD = {"value": 0.1, "name": "ρ", "rows": [{"seal": 1}, {"a": None}]}
PATH = Path("result.json")


def flipped(content: bytes) -> Iterator[bytes]:
    """The content with each of its bits flipped in turn."""
    for position in range(len(content)):
        for bit in range(8):
            damaged = bytearray(content)
            damaged[position] ^= 1 << bit
            yield bytes(damaged)


def test_a_record_comes_back_without_its_seal() -> None:
    content = sealed_json(RECORD)
    assert parse_sealed_json(content, PATH, "mend") == RECORD
    assert json.loads(content) == {**RECORD, "seal": json.loads(content)["seal"]}


def test_no_flipped_bit_changes_a_value_unseen() -> None:
    refused = 0
    for damaged in flipped(sealed_json(RECORD)):
        try:
            record = parse_sealed_json(damaged, PATH, "the mend")
        except UserError:
            refused += 1
        else:  # the name of the key itself was hit
            assert {key: record[key] for key in RECORD} == RECORD
    assert refused > 8 * len(sealed_json(RECORD)) - 8 * len("seal")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("0.1", "0.2"),
        lambda text: json.dumps(json.loads(text)),
        lambda text: text[:-3],
        lambda text: text.replace('"name": "ρ",', ""),
    ],
)
def test_an_altered_record_is_refused(damage: Callable[[str], str]) -> None:
    with pytest.raises(UserError, match=r"result\.json: .*; the mend"):
        parse_sealed_json(damage(sealed_json(RECORD).decode()).encode(), PATH, "the mend")


def test_a_record_of_a_version_without_seals_is_read() -> None:
    assert parse_sealed_json(json.dumps(RECORD).encode(), PATH, "") == RECORD


def test_a_file_of_another_kind_is_sealed_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"0123456789")
    assert unsealed(path.read_bytes()) == b"0123456789"
    seal(path)
    assert unsealed(path.read_bytes()) == b"0123456789"
    for damaged in flipped(path.read_bytes()[:10]):
        with pytest.raises(DamagedError):
            unsealed(damaged + path.read_bytes()[10:])
