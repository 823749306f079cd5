"""``ogan-bench watch``: where the page is, and how the command ends."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from tests.unit.report.live.planned_study import plan


def test_watch_says_where_it_is_and_ctrl_c_ends_it_well(tmp_path: Path) -> None:
    plan(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "ogan_bench", "watch", "study", "--results", str(tmp_path),
         "--port", "0"],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.fullmatch(r"Live: (http://127\.0\.0\.1:(\d+)/study/) .*\n", line)
    assert found is not None, line
    connection = http.client.HTTPConnection("127.0.0.1", int(found[2]), timeout=20)
    connection.request("GET", "/study/")
    assert b"0 of 4 trials done" in connection.getresponse().read()
    connection.close()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_watch_names_a_study_that_is_not_there(tmp_path: Path) -> None:
    from ogan_bench.cli.watch import watch

    with pytest.raises(UserError, match="no study is stored here"):
        watch(results=tmp_path)
    plan(tmp_path)
    with pytest.raises(UserError, match="no such study; stored here: study"):
        watch("other", results=tmp_path)
