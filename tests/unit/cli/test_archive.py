"""``ogan-bench archive`` makes an archive, and says whether one is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ogan_bench.archive import write
from ogan_bench.cli import app
from tests.unit.analysis import study_with_pictures


def call(*words: object) -> Result:
    return CliRunner().invoke(app, ["archive", *map(str, words)])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = study_with_pictures.write(tmp_path / "results")
    for picture in root.rglob("*.png"):
        picture.unlink()  # they are none
    return root


def test_an_archive_is_made_and_verified(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "archive"
    done = call("demo", "--results", root, "--license", "cc0-1.0", "--out", out)
    assert done.exit_code == 0, done.output
    assert "0 of 6 trials have stored nets" in done.stderr
    assert done.stdout.split()[:4] == ["files", "size", "results", "3"]
    whole = call("--verify", out)
    assert whole.exit_code == 0, whole.output
    assert "1 verdict is decided alike" in whole.stderr
    (out / "README.md").write_text("other")
    changed = call("--verify", out, "--json")
    assert changed.exit_code == 5
    assert json.loads(changed.stdout)["faults"] == [
        "README.md: damaged, its SHA-256 is not that in manifest-sha256.txt; put back a copy of "
        "the archive"
    ]


def test_json_says_what_was_written(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"results": (3, 1000)}
    monkeypatch.setattr(
        write, "write_archive", lambda *_: write.Archived(tmp_path / "x", sizes, 6, 6)
    )
    line = ("--results", root, "--license", "MIT", "--out", tmp_path / "x", "--json")
    assert json.loads(call(*line).stdout) == {
        "path": str(tmp_path / "x"),
        "sizes": {"results": {"files": 3, "bytes": 1000}},
        "trials": 6,
        "with_nets": 6,
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "x"], "--license: without one"),
        (["--license", "MIT"], "say where to with --out FOLDER"),
        (["--out", "x", "--license", "MIT", "--date", "31.1.2026"], "'31.1.2026' is not a date"),
        (["--verify", "x", "--out", "y"], "--verify checks an archive; --out makes one"),
        (["--verify", "x"], "x: no such folder or zip file"),
    ],
)
def test_what_is_missing_or_wrong_is_said(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = call(*words, *([] if "--verify" in words else ["--results", root]))
    assert refused.exit_code == 1  # main() makes it 2
    assert said in str(refused.exception)
    assert not (tmp_path / "x").exists()


def test_a_zip_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK, but not really")
    assert "x.zip: cannot be read" in str(call("--verify", tmp_path / "x.zip").exception)
