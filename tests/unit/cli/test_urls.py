"""Archives, reports, tables and encoders at URLs."""

from __future__ import annotations

import json
from pathlib import Path

import fsspec
import numpy as np
import pytest
from typer.testing import CliRunner

import ogan_bench as ob
from ogan_bench.cli import app
from ogan_bench.errors import UserError
from tests.unit.archive.archived_study import WITH_NETS, with_nets


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder."""
    return with_nets(tmp_path_factory.mktemp("source") / "results")


def done(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.mark.parametrize("ending", ["", ".zip"])
def test_an_archive_is_made_and_checked_at_a_url(ending: str, source: Path) -> None:
    url = f"memory://archives/published{ending}"
    deposit = ("--license", "CC-BY-4.0", "--author", "Josiah Carberry", "--date", "2026-01-31")
    said = json.loads(
        done("archive", "demo", "--results", str(source), "--out", url, *deposit, "--json")
    )
    assert said["path"] == url
    found = json.loads(done("archive", "--verify", url, "--json"))
    assert (found["path"], found["faults"]) == (url, [])
    with pytest.raises(UserError, match="exists; an archive is written once"):
        CliRunner().invoke(
            app,
            ["archive", "demo", "--results", str(source), "--out", url, *deposit],
            catch_exceptions=False,
        )
    if not ending:
        memory = fsspec.filesystem("memory")
        memory.pipe("/archives/published/demo/report.md", b"changed")
        damaged = json.loads(done("archive", "--verify", url, "--json", code=5))
        assert any("demo/report.md" in fault for fault in damaged["faults"])


def test_results_at_a_url_are_reported_to_another(source: Path, tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.put(f"{source}/", "/shared/results", recursive=True)
    url, out = "memory://shared/results", "memory://shared/reports"
    printed = done("report", "demo", "--results", url, "--out", out, "--format", "html,csv,json",
                   "--json")  # fmt: skip
    (report,) = json.loads(printed)
    assert report["files"]["html"] == f"{out}/demo/report.html"
    here = done("report", "demo", "--results", str(source), "--out", str(tmp_path), "--json")
    for key in ("decisions", "standing"):
        assert report.get(key) == json.loads(here)[0].get(key)
    assert memory.exists("/shared/reports/demo/report.html")
    assert (
        memory.cat("/shared/reports/demo/table.csv") == (tmp_path / "demo/table.csv").read_bytes()
    )
    with pytest.raises(UserError, match="read as a copy; say where reports go with --out"):
        CliRunner().invoke(app, ["report", "--results", url], catch_exceptions=False)


def test_tables_and_encoders_are_read_from_a_url(source: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.put(f"{source}/", "/elsewhere/results", recursive=True)
    expected = ob.load_results(source)
    assert len(expected) > 3
    for url in ("memory://elsewhere/results", "memory://elsewhere/results/demo"):
        assert ob.load_results(url).equals(expected)
    copied = ob.Results("memory://elsewhere/results", "demo")
    assert copied.verdicts.equals(ob.Results(str(source), "demo").verdicts)
    with pytest.raises(UserError, match="read as a copy; say where its report goes with out"):
        copied.report()
    url = f"memory://elsewhere/results/{WITH_NETS[0]}"
    here, there = (ob.load_encoder(place).sample(4) for place in (source / WITH_NETS[0], url))
    assert (here == there).all()


def test_an_encoder_is_handed_on_to_a_url_and_used_from_there(source: Path, tmp_path: Path) -> None:
    url = "memory://encoders/mine"
    trial = str(source / WITH_NETS[0])
    written = done("export", trial, "--out", url).split()
    assert f"{url}/README.md" in written
    with pytest.raises(UserError, match=r"has a README\.md already; name another"):
        CliRunner().invoke(app, ["export", trial, "--out", url], catch_exceptions=False)
    for place, name in ((trial, "here"), (url, "there")):
        done("sample", place, "-n", "4", "--out", str(tmp_path / f"{name}.npz"))
    here, there = (np.load(tmp_path / f"{name}.npz")["images"] for name in ("here", "there"))
    assert (here == there).all()
    done("export", url, "--out", str(tmp_path / "again"))
    assert (ob.load_encoder(tmp_path / "again").sample(4) == ob.load_encoder(trial).sample(4)).all()
