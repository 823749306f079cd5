"""Terminals that are not UTF-8 get ASCII in place of what they lack, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ogan_bench.cli.encoding import in_ascii

ROOT = Path(__file__).parents[3]


def printed(encoding: str, *arguments: str, **environment: str) -> bytes:
    return subprocess.run(
        [sys.executable, "-m", "ogan_bench", *arguments],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding, **environment},
    ).stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_an_encoding_lacks_is_spelt_out(encoding: str) -> None:
    text = printed(encoding, "list", "consistency").decode(encoding)
    assert "Minus the Pearson correlation over dimensions: -rho(z, E(G(z)))." in text
    assert ("||z - E(G(z))||^2" if encoding == "ascii" else "||z - E(G(z))||²") in text


def test_utf_8_is_left_as_it_is() -> None:
    assert "ρ(z, E(G(z)))" in printed("utf-8", "list", "consistency").decode()


def test_messages_too() -> None:
    command = [sys.executable, "-m", "ogan_bench", "plan", "ρ.yaml"]
    done = subprocess.run(
        command, capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "latin-1"}
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"rho.yaml: no such study file")


def test_a_file_name_that_is_not_text_is_printed_as_it_is() -> None:
    name = b"caf\xe9.yaml"
    command = [sys.executable.encode(), b"-m", b"ogan_bench", b"plan", name]
    for encoding in ("utf-8", "ascii"):
        environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"}
        done = subprocess.run(command, capture_output=True, check=False, env=environment)
        assert done.stderr.startswith(name + b": no such study file")


def test_every_character_of_the_tool_has_a_substitute() -> None:
    files = {*ROOT.glob("ogan_bench/**/*.py"), *ROOT.glob("studies/*.yaml")}
    files.remove(ROOT / "ogan_bench" / "cli" / "encoding.py")  # an example has none
    files.remove(ROOT / "ogan_bench" / "data" / "reading" / "split_names.py")  # never printed
    used = {
        character
        for path in files
        for character in path.read_text(encoding="utf-8")
        if not character.isascii()
    }
    assert {"√", "−", "ρ", "‖", "·", "²", "–"} <= used
    assert [character for character in sorted(used) if "?" in in_ascii(character)] == []
    assert all(in_ascii(character).isascii() for character in used)
    assert in_ascii("語") == "?"
