"""Logs that grow line by line, and lose the last line at most."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ogan_bench.store.journal import NOTHING
from ogan_bench.store.trial_folder import TrialFolder


def test_a_line_cut_off_by_a_kill_is_left_out(tmp_path: Path) -> None:
    folder = TrialFolder(tmp_path)
    for step in (1, 2, 3):
        folder.log.append({"step": step, "loss": float("nan")})
        if step == 2:
            sealed = folder.log.seal()
    with folder.log.path.open("ab") as file:
        file.write(b'{"step": 4, "lo')
    assert folder.log.read() == [{"step": step, "loss": None} for step in (1, 2, 3)]
    folder.log.check(sealed)
    folder.log.cut(sealed)
    folder.log.append({"step": 3})
    assert folder.log.read() == [*({"step": step, "loss": None} for step in (1, 2)), {"step": 3}]


@pytest.mark.parametrize(
    "line", ["{", "[]", "3", '{"loss": 1}', '{"step": 1.5}', '{"step": 2, "loss": "x"}', "[" * 9999]
)
def test_a_line_of_another_kind_is_refused(tmp_path: Path, line: str) -> None:
    log = TrialFolder(tmp_path).log
    log.append({"step": 1})
    with log.path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ValueError, match=r"."):
        log.read()


@pytest.mark.parametrize("damage", [lambda text: text[:-5], lambda text: b"[" + text[1:]])
def test_a_journal_that_was_altered_before_its_seal_is_refused(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    log = TrialFolder(tmp_path).log
    log.check(NOTHING)
    log.append({"step": 1})
    sealed = log.seal()
    log.append({"step": 2})
    log.check(sealed)
    log.path.write_bytes(damage(log.path.read_bytes()[: sealed.length]))
    with pytest.raises(ValueError, match=r"train\.jsonl: altered"):
        log.check(sealed)
