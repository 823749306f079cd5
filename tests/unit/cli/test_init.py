"""``ogan-bench init``: from a folder of images to a study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ogan_bench.errors import UserError
from ogan_bench.study.load import load_study
from tests.unit.cli.asking import ask


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    folder = tmp_path / "My Photos"
    for k in range(40):
        part = folder / "ab"[k % 2]
        part.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)).save(part / f"{k}.png")
    return folder


def test_the_study_trains_on_the_folder(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos.parent)
    said = ask("init", "My Photos", "--set", "test_every=4")
    assert said.startswith(
        "my_photos.yaml: 30 training and 10 test images of 2 classes, 32 x 32 pixels\n"
    )
    study = load_study(Path("my_photos.yaml"))
    data = study.arms["pearson"].data.parameters()
    assert data["path"] == "./My Photos"
    assert (data["crop"], data["test_every"], data["resolution"]) == ("centre", 4, 32)
    assert study.arms["none"].evaluation.samples == 30
    with pytest.raises(UserError, match=r"my_photos\.yaml: exists already"):
        ask("init", "My Photos")


def test_a_folder_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere: no such folder"):
        ask("init", str(tmp_path / "nowhere"))
    (tmp_path / "x.png").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"x\.png: a file; name the folder"):
        ask("init", str(tmp_path / "x.png"))
    out = tmp_path / "x.yaml"
    with pytest.raises(UserError, match=r"no usable image.*x\.png: "):
        ask("init", str(tmp_path), "--out", str(out))
    with pytest.raises(UserError, match="--resolution 20: one of 16, 32, 64, 128"):
        ask("init", str(tmp_path), "--out", str(out), "--resolution", "20")
    assert not out.exists()
