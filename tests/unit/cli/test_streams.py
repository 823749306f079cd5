"""Output that cannot be written ends a command with 74 and one line at most, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from ogan_bench.cli import main
from ogan_bench.cli.streams import EXIT_UNWRITTEN, _discard

FULL = Path("/dev/full")
SAID = "standard output: cannot be written (No space left on device)\n"

needs_full_device = pytest.mark.skipif(not FULL.exists(), reason="/dev/full is of Linux")

COMMANDS = (
    "--version",
    "--help",
    "report --help",
    "list consistency",
    "list metrics --json",
    "describe metric fd_classifier",
    "schema",
    "plan mse_vs_pearson --no-measure",
)
"""Commands that print text, tables, JSON and help."""


def exit_code_of_main(
    command: str, out: TextIO, monkeypatch: pytest.MonkeyPatch
) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["ogan-bench", *command.split()])
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.fixture
def pipe_without_reader() -> Iterator[TextIO]:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as out:
        yield out


@needs_full_device
@pytest.mark.parametrize("buffering", [1, -1], ids=["by line", "in blocks"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_device_is_named(
    command: str,
    buffering: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with FULL.open("w", buffering=buffering) as out:
        code = exit_code_of_main(command, out, monkeypatch)
    assert code == EXIT_UNWRITTEN
    assert capsys.readouterr().err == SAID


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_has_gone_hears_nothing(
    command: str,
    pipe_without_reader: TextIO,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = exit_code_of_main(command, pipe_without_reader, monkeypatch)
    assert code == EXIT_UNWRITTEN
    assert capsys.readouterr().err == ""


@needs_full_device
def test_an_error_without_output_keeps_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with FULL.open("w") as out:
        code = exit_code_of_main("list nonsense", out, monkeypatch)
    assert code == 2
    assert "nonsense" in capsys.readouterr().err


@needs_full_device
def test_messages_that_cannot_be_written_stop_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with FULL.open("w", buffering=1) as error:
        monkeypatch.setattr(sys, "stderr", error)
        code = exit_code_of_main(
            f"status mse_vs_pearson --results {tmp_path}", sys.stdout, monkeypatch
        )
        _discard(error)  # or its closing would fail
    assert code == 0
    assert "missing" in capsys.readouterr().out


@needs_full_device
@pytest.mark.parametrize("buffered", [True, False])
def test_the_interpreter_adds_nothing_at_its_exit(buffered: bool) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    environment |= {} if buffered else {"PYTHONUNBUFFERED": "1"}
    with FULL.open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "ogan_bench", "--version"],
            stdout=out, stderr=subprocess.PIPE, env=environment, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (EXIT_UNWRITTEN, SAID)


def test_closed_streams_are_no_error() -> None:
    command = f"{sys.executable} -m ogan_bench list consistency >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], check=False).returncode == 0
