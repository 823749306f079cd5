"""``ogan-bench data``: prepare, list and verify."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from ogan_bench.cli import app, main
from ogan_bench.data import DATASETS
from ogan_bench.errors import StudyError, UserError


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root with 20 faces in two subfolders."""
    monkeypatch.delenv("OGAN_BENCH_DATA", raising=False)
    monkeypatch.delenv("OGAN_BENCH_PREPARED", raising=False)
    random = np.random.default_rng(0)
    for i in range(20):
        folder = tmp_path / "data" / "faces" / str(i % 2)
        folder.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.jpg")
    return tmp_path / "data"


def ask(*arguments: str | Path) -> str:
    done = CliRunner().invoke(app, ["data", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def prepare(root: Path, *arguments: str) -> dict[str, Any]:
    given = ["--root", str(root), "--set", "path=faces", "--resolution", "8", *arguments]
    facts: dict[str, Any] = json.loads(ask("prepare", "image_folder", *given, "--json"))
    return facts


def test_prepare_makes_what_loading_then_uses(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = prepare(root, "--workers", "2", "--set", "crop=centre")
    (store,) = facts["stores"]
    assert (facts["train"], facts["test"], facts["shape"]) == (18, 2, [3, 8, 8])
    assert (store["images"], store["bytes"], store["unusable"]) == (20, 20 * 192, 0)
    assert (store["resolution"], store["crop"]) == (8, "centre")
    assert Path(store["path"]).parent == root / "prepared"
    assert "OGAN_BENCH_DATA" not in os.environ

    monkeypatch.setattr(
        "ogan_bench.data.prepared.prepare.write", lambda *_: pytest.fail("made again")
    )
    monkeypatch.setenv("OGAN_BENCH_DATA", str(root))
    dataset = DATASETS["image_folder"](path="faces", resolution=8, crop="centre")
    assert dataset.hash == facts["hash"]
    text = ask("prepare", "image_folder", "--set", "path=faces", "--set", "resolution=8",
               "--set", "crop=centre")  # fmt: skip
    assert "18 training and 2 test images of 3 x 8 x 8" in text
    assert store["path"] in text
    assert "  train: 0 9, 1 9\n  test: 0 1, 1 1\n" in text
    assert facts["images_of_classes"] == {"train": {"0": 9, "1": 9}, "test": {"0": 1, "1": 1}}


def test_no_image_is_enlarged_without_a_word(root: Path) -> None:
    Image.new("RGB", (6, 7)).save(root / "faces" / "0" / "20.png")
    with pytest.raises(UserError, match=r"0/20\.png: 6 x 7 pixels: not a square"):
        prepare(root)
    with pytest.raises(UserError, match=r"0/20\.png: 6 x 6 pixels: smaller than the resol"):
        prepare(root, "--crop", "centre")
    facts = prepare(root, "--crop", "centre", "--small", "enlarge")
    (store,) = facts["stores"]
    assert store["sides"] == {"smallest": 6, "median": 16, "largest": 16}
    assert store["small"] == "enlarge"
    given = ["--root", str(root), "--set", "path=faces", "--crop", "centre", "--small", "enlarge"]
    said = ask("prepare", "image_folder", *given, "--resolution", "8")
    assert (
        "  the images had shorter sides of 6 to 16 pixels (median 16) before they were resized\n"
        in said
    )


def test_options_say_how_an_image_is_treated_that_would_otherwise_be_refused(root: Path) -> None:
    half = Image.new("RGBA", (16, 12), (200, 0, 0, 0))
    half.save(root / "faces" / "0" / "20.png")
    with pytest.raises(UserError, match=r"0/20\.png: 16 x 12 pixels: not a square \(crop: centre"):
        prepare(root)
    with pytest.raises(UserError, match=r"0/20\.png: transparent \(alpha: black, grey or white"):
        prepare(root, "--crop", "none")
    facts = prepare(root, "--crop", "none", "--alpha", "white")
    (store,) = facts["stores"]
    assert store["treatment"] == {
        "alpha": "white", "orientation": "refuse", "profile": "refuse", "depth": "refuse",
    }  # fmt: skip
    assert prepare(root, "--crop", "none", "--alpha", "drop")["hash"] != facts["hash"]
    with pytest.raises(StudyError, match="alpha: unknown value 'green'"):
        prepare(root, "--alpha", "green")


def test_a_dataset_without_preparation_says_so() -> None:
    text = ask("prepare", "digits", "--resolution", "8")
    assert "1,437 training and 360 test images of 1 x 8 x 8" in text
    assert "needs no preparation" in text
    assert json.loads(ask("prepare", "ring", "--json"))["stores"] == []


def test_parameters_are_checked_like_those_of_a_study() -> None:
    with pytest.raises(StudyError, match="Did you mean 'digits'"):
        ask("prepare", "digit")
    with pytest.raises(StudyError, match="--set path: is required"):
        ask("prepare", "image_folder")
    with pytest.raises(StudyError, match=r"resolution: .*less than or equal to 256"):
        ask("prepare", "digits", "--resolution", "300")
    with pytest.raises(StudyError, match="max_bad: unknown key"):
        ask("prepare", "digits", "--max-bad", "3")
    with pytest.raises(StudyError, match="unknown value 'center'"):
        ask("prepare", "image_folder", "--set", "path=faces", "--set", "crop=center")


def test_unusable_images_are_left_out_up_to_max_bad(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "faces" / "1" / "3.jpg").write_bytes(b"damaged")
    given = ["--root", str(root), "--set", "path=faces", "--resolution", "8"]
    command = ["ogan-bench", "data", "prepare", "image_folder", *given]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    assert "1/3.jpg: not a PNG, JPEG, WebP, BMP, TIFF, GIF or AVIF image" in message
    assert "set max_bad to 1" in message
    assert "Traceback" not in message
    facts = prepare(root, "--max-bad", "1")
    assert facts["stores"][0]["unusable"] == 1
    assert facts["train"] + facts["test"] == 19
    assert ", 1 left out" in ask("prepare", "image_folder", *given, "--max-bad", "1")


def test_list_shows_what_is_prepared_where(root: Path) -> None:
    assert ask("list", "--root", root) == f"nothing is prepared in {root / 'prepared'}\n"
    assert json.loads(ask("list", "--root", root, "--json")) == []
    first = prepare(root)["stores"][0]
    second = prepare(root, "--set", "crop=centre")["stores"][0]
    listed = json.loads(ask("list", "--root", root, "--json"))
    assert sorted(listed, key=lambda row: str(row["crop"])) == [second, first]
    text = ask("list", "--root", root)
    assert text.count("image_folder: 20 images of 8 pixels, 3.8 kB, 0 unusable") == 2
    assert first["path"] in text
    (Path(first["path"]) / "meta.json").unlink()
    assert f"{first['path']}/meta.json: cannot be read" in ask("list", "--root", root)


def test_verify_hashes_everything(root: Path) -> None:
    assert "nothing is prepared" in ask("verify", "--root", root)
    whole, damaged = (
        Path(prepare(root, "--set", f"crop={crop}")["stores"][0]["path"])
        for crop in ("refuse", "centre")
    )
    assert f"{whole}: whole" in ask("verify", "--root", root)
    pixels = damaged / "images.bin"
    pixels.write_bytes(pixels.read_bytes()[:-1] + b"?")
    with pytest.raises(UserError, match=f"{pixels}: its SHA-256") as caught:
        ask("verify", "--root", root)
    assert str(whole) not in str(caught.value)
    done = CliRunner().invoke(app, ["data", "verify", "--root", str(root), "--json"])
    rows = {row["path"]: row["damaged"] for row in json.loads(done.stdout)}
    assert rows[str(whole)] is None
    assert "SHA-256" in rows[str(damaged)]
    assert done.exit_code != 0
