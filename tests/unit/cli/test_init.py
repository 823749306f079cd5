"""``ogan-bench init``: from a folder of images to a study."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.data.base import Dataset, Split
from ogan_bench.errors import NoValueError, UserError
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.runner.machine_speed import MachineSpeed, NetSpeed, write_speed
from ogan_bench.runner.measure_speed import this_machine
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
        "my_photos.yaml: 30 training and 10 test images of 2 classes, 32 x 32 pixels, "
        "in colour (3 channels)\n  crop: centre\n  test_every: 4\n\narm "
    )
    plan = ask("plan", "my_photos.yaml", "--no-measure")
    assert said.endswith(plan)
    assert "my_photos: 14 trials, 56000 steps\n" in plan
    study = load_study(Path("my_photos.yaml"))
    data = study.arms["pearson"].data.parameters()
    assert data["path"] == "./My Photos"
    assert (data["crop"], data["test_every"], data["resolution"]) == ("centre", 4, 32)
    assert study.arms["none"].evaluation.samples == 30
    with pytest.raises(UserError, match=r"my_photos\.yaml: exists already"):
        ask("init", "My Photos")


def called(*words: str) -> tuple[str, str]:
    """What a command says on standard output and on standard error."""
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


def test_images_without_labels_are_measured_without_a_download(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat = photos.parent / "flat"
    flat.mkdir()
    for path in photos.rglob("*.png"):
        path.rename(flat / path.name)
    monkeypatch.chdir(flat.parent)
    said, hint = called("init", "flat", "--set", "test_every=4")
    assert "30 training and 10 test images without labels, 32 x 32 pixels" in said
    assert hint.split("\n") == [
        "Next: ogan-bench run flat.yaml --scale smoke",
        "      ogan-bench plan flat.yaml",  # the machine's speed is not known
        "      ogan-bench run flat.yaml",
        "",
    ]
    study = load_study(Path("flat.yaml"))
    (space,) = study.arms["pearson"].evaluation.extractors
    assert study.hypotheses[1].metric == f"fd_{space}"
    images = Split(torch.zeros(3, 3, 32, 32, dtype=torch.uint8))
    dataset = Dataset("flat", images, images, (), "")
    features, _ = FEATURE_SPACES[space].extractor(dataset, torch.device("cpu"))(images.images)
    assert features.shape == (3, 1280)


def test_grey_images_have_one_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(20):
        Image.new("RGB", (40, 40), (k, k, k)).save(tmp_path / f"{k}.png")
    monkeypatch.chdir(tmp_path)
    facts = json.loads(ask("init", ".", "--out", "my grey.yaml", "--json"))
    assert (facts["grey"], facts["shape"]) == (True, [1, 32, 32])
    assert facts["parameters"] == {"channels": 1}
    assert (facts["scales"], facts["suggested_scale"]) == (["smoke"], None)
    assert facts["plan"] == json.loads(ask("plan", "my grey.yaml", "--no-measure", "--json"))
    assert facts["plan"]["study"] == "my_grey"
    assert facts["next"][0] == "ogan-bench run 'my grey.yaml' --scale smoke"
    assert load_study(Path("my grey.yaml")).arms["none"].data.parameters()["channels"] == 1
    assert "grey (3 channels)" in ask("init", ".", "--out", "b.yaml", "--set", "channels=3")


def test_a_gpu_is_for_the_scale_that_takes_more_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for k in range(20):
        Image.new("RGB", (150, 130), (k, 0, 200)).save(tmp_path / f"{k}.png")
    monkeypatch.chdir(tmp_path)
    said = ask("init", ".", "--out", "cpu.yaml", "--device", "cpu")
    assert (
        "  scale large: 128 x 128 pixels, for a GPU; half of the images are at least 130 " in said
    )
    assert "cpu: 14 trials, 140000 steps" in said
    large = load_study(Path("cpu.yaml"), scale="large").arms["none"]
    whole = load_study(Path("cpu.yaml")).arms["none"]
    assert (large.data.parameters()["resolution"], large.training.steps) == (128, 30_000)
    assert (whole.data.parameters()["resolution"], whole.training.steps) == (64, 10_000)
    gpu = {"is_available": True, "device_count": 1, "get_device_name": "a GPU"}
    for question, answer in gpu.items():
        monkeypatch.setattr(torch.cuda, question, lambda *_, answer=answer: answer)
    facts = json.loads(ask("init", ".", "--out", "gpu.yaml", "--json"))
    assert facts["suggested_scale"] == "large"
    assert facts["plan"]["steps"] == 420_000
    assert facts["next"][-1] == "ogan-bench run gpu.yaml --scale large"
    none = json.loads(ask("init", ".", "--out", "c.yaml", "--resolution", "128", "--json"))
    assert none["scales"] == ["smoke"]


def test_images_of_fewer_pixels_than_the_others_are_enlarged_where_the_study_says_so(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos.parent)
    Image.new("RGB", (20, 24)).save(photos / "a" / "small.png")
    said = ask("init", "My Photos", "--set", "test_every=4")
    assert "32 x 32 pixels" in said
    assert "\n  small: enlarge\n" in said
    arm = load_study(Path("my_photos.yaml")).arms["none"]
    assert arm.data.parameters()["small"] == "enlarge"


def test_the_plan_has_times_where_the_machine_was_measured(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos.parent)
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(photos.parent))
    nets = (NetSpeed("dcgan", 16, 64, 10**9, 0.01),)
    speed = MachineSpeed(this_machine("cpu"), "2026-01-01T00:00:00+00:00", nets, {1: 100.0})
    write_speed(photos.parent, speed)
    asked = ("My Photos", "--set", "test_every=4", "--resolution", "16", "--device", "cpu")
    said, hint = called("init", *asked)
    assert " min of training in 1 workers (the best number here), " in said
    assert "plan" not in hint


def test_a_space_whose_weights_are_not_here_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Path:
        raise NoValueError("it needs the package efficientnet_lite_pytorch")

    for k in range(20):
        Image.new("L", (32, 32), k).save(tmp_path / f"{k}.png")
    space = replace(FEATURE_SPACES["efficientnet_lite0"], weights=missing)
    monkeypatch.setitem(FEATURE_SPACES, "efficientnet_lite0", space)
    _, hint = called("init", str(tmp_path), "--out", str(tmp_path / "study.yaml"))
    assert "its samples has no value: it needs the package efficientnet_lite_pyt" in hint


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
