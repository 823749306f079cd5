"""Logs that grow line by line, and lose the last line at most."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.store.trial_folder import TrialFolder


def test_a_line_cut_off_by_a_kill_is_left_out(tmp_path: Path) -> None:
    folder = TrialFolder(tmp_path)
    for step in (1, 2, 3):
        folder.log.append({"step": step, "loss": float("nan")})
    with folder.log.path.open("ab") as file:
        file.write(b'{"step": 4, "lo')
    assert folder.log.read() == [{"step": step, "loss": None} for step in (1, 2, 3)]
    folder.log.cut(2)
    folder.log.append({"step": 3})
    assert [line["step"] for line in folder.log.read()] == [1, 2, 3]
