"""``ogan-bench evaluate`` on images of other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.data.base import to_uint8
from ogan_bench.data.sources.digits import digits
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
    rows = run("--generated", one, "--reference", other)
    assert rows
    assert all(row["value"] is None for row in rows)
    assert all("no labels" in row["note"] for row in rows)


def test_groups_of_images_are_measured_on_demand(tmp_path: Path) -> None:
    np.savez(tmp_path / "real.npz", images=digits(resolution=16).test.images.numpy())
    rows = run(
        "--generated", tmp_path / "real.npz", "--reference", "digits", "--groups", "diversity"
    )
    names = {row["metric"] for row in rows}
    assert {"density_classifier", "coverage_classifier"} <= names
    assert not {"ivom", "dci_disentanglement"} & names
