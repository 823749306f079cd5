"""A run that is watched and mirrored: a real process, real training, a real server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

ROOT = Path(__file__).parent.parent.parent
STUDY = "studies/mse_vs_pearson.yaml"
SMALL = ("--scale", "smoke", "--arms", "pearson", "--seeds", "0", "--device", "cpu")


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "ogan_bench", *map(str, arguments)]


@pytest.mark.slow
def test_a_run_is_watched_while_it_trains_and_mirrored_once(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("run", STUDY, *SMALL, "--results", tmp_path, "--live", "--mirror", "tensorboard"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.match(r"Live: (http://127\.0\.0\.1:\d+/mse_vs_pearson-smoke/) ", line)
    assert found is not None, line
    pages = []
    while process.poll() is None:
        time.sleep(0.1)
        try:
            with urllib.request.urlopen(found[1], timeout=60) as answer:
                pages.append(answer.read().decode())
        except (urllib.error.URLError, ConnectionError):  # before its study is stored, or after all
            continue
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert any(re.search(r"pearson/seed-0</th><td>train</td>", page) for page in pages)
    assert any('id="live"' in page and "data:image/" in page for page in pages)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(found[1], timeout=10)

    study = tmp_path / "mse_vs_pearson-smoke"
    assert 'id="live"' not in (study / "report.html").read_text("utf-8")
    trial = Path("pearson") / "seed-0"
    log = [json.loads(line) for line in (study / trial / "train.jsonl").read_text().splitlines()]
    events = EventAccumulator(str(tmp_path / "mirrors" / "tensorboard" / study.name / trial))
    events.Reload()
    written = events.Scalars("train/encoder_loss")
    assert [event.step for event in written] == [row["step"] for row in log]
    assert [event.value for event in written] == pytest.approx([row["encoder_loss"] for row in log])
    result = json.loads((study / trial / "result.json").read_text())
    measured = {row["metric"] for row in result["metrics"] if row["value"] is not None}
    finals = {tag for tag in events.Tags()["scalars"] if tag.startswith("final/")}
    assert finals == {f"final/{metric}" for metric in measured}

    again = subprocess.run(
        command("mirror", study.name, "--to", "tensorboard", "--results", tmp_path),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert again.stderr == "tensorboard: mse_vs_pearson-smoke: 0 trials had something new\n"
