"""``ogan-bench evaluate`` on images of other tools."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from PIL import Image
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.data.base import to_uint8
from ogan_bench.data.sources.digits import digits
from ogan_bench.errors import UserError
from ogan_bench.evaluation import set_comparison
from ogan_bench.evaluation.external_images import SQUARE
from ogan_bench.evaluation.external_statistics import FEATURES
from tests.unit.evaluation.images_on_disk import pixels, save_folder

pytestmark = pytest.mark.usefixtures("_stores")


def run(*arguments: str | Path) -> list[dict[str, Any]]:
    result = CliRunner().invoke(
        app, ["evaluate", *map(str, arguments), "--device", "cpu", "--json"]
    )
    if result.exception is not None:
        raise result.exception
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


def test_real_images_are_as_good_as_real_ones_and_noise_is_not(tmp_path: Path) -> None:
    real = digits(resolution=16).train.images
    np.savez(tmp_path / "real.npz", images=real.numpy())
    noise = torch.randn(500, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    np.savez(tmp_path / "noise.npz", images=to_uint8(noise).numpy())
    found = {
        name: {
            row["metric"]: row
            for row in run("--generated", tmp_path / name, "--reference", "digits")
        }
        for name in ("real.npz", "noise.npz")
    }
    assert found["real.npz"]["fd_classifier"]["value"] == pytest.approx(0, abs=1e-6)
    assert found["real.npz"]["precision_classifier"]["value"] == 1
    assert found["real.npz"]["modes_classifier"]["value"] == 10
    assert found["noise.npz"]["fd_classifier"]["value"] > 10
    assert found["noise.npz"]["fd_classifier"]["n_samples"] == 500
    assert "reconstruction_mse" not in found["real.npz"]


def test_without_labels_the_rows_say_why_there_is_no_classifier(tmp_path: Path) -> None:
    images = pixels(n=30)
    one, other = save_folder(tmp_path / "1", images), save_folder(tmp_path / "2", images)
    result = CliRunner().invoke(
        app, ["evaluate", "--generated", str(one), "--reference", str(other), "--json"]
    )
    rows = json.loads(result.stdout)
    assert rows
    assert all(row["value"] is None for row in rows)
    assert all("no labels" in row["note"] for row in rows)
    assert all("--extractors" in row["note"] for row in rows)
    assert result.exit_code == 4


def test_image_files_are_treated_as_data_prepare_treats_them(tmp_path: Path) -> None:
    """The refusal used to name options that this command did not have, and no folder."""
    one, other = save_folder(tmp_path / "1", pixels(n=3)), save_folder(tmp_path / "2", pixels(n=3))
    Image.new("RGBA", (16, 16)).save(other / "clear.png")
    asked = ["evaluate", "--generated", str(one), "--reference", str(other), "--json"]
    with pytest.raises(UserError) as refused:
        CliRunner().invoke(app, asked, catch_exceptions=False)
    message = str(refused.value)
    assert message.startswith(f"{other}: 1 unusable image")
    assert "clear.png: transparent (alpha: " in message
    named = set(re.findall("--[a-z-]+", message + SQUARE))
    has = typer.main.get_command(app).commands["evaluate"].params  # type: ignore[attr-defined]
    assert {"--alpha", "--max-bad", "--crop"} <= named <= {flag for of in has for flag in of.opts}
    result = CliRunner().invoke(app, [*asked, "--alpha", "white", "--max-bad", "1"])
    notes = {row["note"] for row in json.loads(result.stdout)}
    assert len(notes) == 1
    assert "images of both sides: alpha white, max_bad 1" in notes.pop()
    with pytest.raises(UserError, match="--max-bad has no meaning for stored trials"):
        run(tmp_path, "--max-bad", "0")


def test_groups_of_images_are_measured_on_demand(tmp_path: Path) -> None:
    np.savez(tmp_path / "real.npz", images=digits(resolution=16).test.images.numpy())
    rows = run(
        "--generated", tmp_path / "real.npz", "--reference", "digits", "--groups", "diversity"
    )
    names = {row["metric"] for row in rows}
    assert {"density_classifier", "coverage_classifier"} <= names
    assert not {"ivom", "dci_disentanglement"} & names


def test_groups_that_need_nets_are_refused_by_name(tmp_path: Path) -> None:
    """They used to be left out without a word."""
    np.savez(tmp_path / "x.npz", images=digits(resolution=16).test.images.numpy())
    images = ("--generated", tmp_path / "x.npz", "--reference", "digits")
    with pytest.raises(UserError, match="--groups codes: needs the trained nets"):
        run(*images, "--groups", "codes,diversity")
    assert "density_classifier" in {row["metric"] for row in run(*images, "--groups", "all")}
    with pytest.raises(UserError, match="--workers has no meaning for images"):
        run(*images, "--workers", "2")
    with pytest.raises(UserError, match="--resize has no meaning for stored trials"):
        run(tmp_path, "--resize", "2")


def test_a_resize_is_stated_in_every_row(tmp_path: Path) -> None:
    images = digits(resolution=32).train.images
    np.save(tmp_path / "x.npy", images.numpy())
    rows = run("--generated", tmp_path / "x.npy", "--reference", "digits", "--resize", "16")
    values = {row["metric"]: row["value"] for row in rows}
    assert values["precision_classifier"] > 0.9
    assert all("resized to 16 x 16 (bilinear, antialiased)" in row["note"] for row in rows)


def test_statistics_have_a_distance_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FEATURES, "inception", 2)
    one, other = tmp_path / "1.npz", tmp_path / "2.npz"
    np.savez(one, mu=np.array([1.0, 2.0]), sigma=np.diag([4.0, 9.0]))
    np.savez(other, mu=np.zeros(2), sigma=np.eye(2))
    sides = ("--generated", one, "--reference", other)
    (row,) = run(*sides, "--statistics-of", "inception:bilinear")
    assert (row["metric"], row["value"]) == ("fid", pytest.approx(10))
    with pytest.raises(UserError, match="--statistics-of"):
        run(*sides)
    with pytest.raises(UserError, match="the Fréchet distance alone"):
        run(*sides, "--statistics-of", "inception:tf1", "--groups", "diversity")
    np.save(tmp_path / "x.npy", pixels())
    mixed = ("--generated", tmp_path / "x.npy", "--reference", other)
    with pytest.raises(UserError, match="compared with statistics of inception:tf1 only"):
        run(*mixed, "--statistics-of", "inception:bilinear")
    with pytest.raises(UserError, match="neither side"):
        run(*mixed[:3], tmp_path / "x.npy", "--statistics-of", "inception:tf1")


def test_several_sets_are_compared_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_comparison, "HALVES", 12)
    real = digits(resolution=16).train.images
    sets = {"a.npy": real[:200], "b.npy": real[200:400], "noise.npy": 255 - real[:200]}
    flags: list[str | Path] = []
    for name, images in sets.items():
        np.save(tmp_path / name, images.numpy())
        flags += ["--generated", tmp_path / name]
    pictures = ["--out", str(tmp_path / "pictures")]
    asked = ["evaluate", *map(str, flags), "--reference", "digits", "--device", "cpu", *pictures]
    result = CliRunner().invoke(app, [*asked, "--json"], catch_exceptions=False)
    found = json.loads(result.stdout)
    first, same, other = (str(tmp_path / name) for name in sets)
    assert list(found["sets"]) == [first, same, other]
    assert found["differences"][same]["fd_classifier"]["p"] > 0.001
    worse = found["differences"][other]["fd_classifier"]
    assert 0 < worse["low"] < worse["value"] < worse["high"]
    assert worse["p"] < 1e-6
    assert "1-not-3.png: what " in result.stderr
    assert len(list((tmp_path / "pictures").iterdir())) == 4
    with pytest.raises(UserError, match="--groups diversity has some"):
        run(*flags[:2], "--reference", "digits", *pictures)
    with pytest.raises(UserError, match="--out has no meaning for stored trials"):
        run(tmp_path, *pictures)
    with pytest.raises(UserError, match="--paired is of sets that are compared"):
        run(*flags[:2], "--reference", "digits", "--paired")
    with pytest.raises(UserError, match="--paired has no meaning for stored trials"):
        run(tmp_path, "--paired")
    np.save(tmp_path / "few.npy", real[:100].numpy())
    with pytest.raises(UserError, match="differ in size"):
        run(*flags[:2], "--generated", tmp_path / "few.npy", "--reference", "digits")
