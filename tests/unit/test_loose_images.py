"""Images from other tools: how they are read, and what is refused."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.data.base import to_uint8
from ogan_bench.data.sources.digits import digits
from ogan_bench.errors import UserError
from ogan_bench.evaluation.external_images import read_images, reference_dataset


@pytest.fixture(autouse=True)
def _stores(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGAN_BENCH_PREPARED", str(tmp_path_factory.mktemp("prepared")))


def pixels(n: int = 6, channels: int = 3, side: int = 16, seed: int = 0) -> np.ndarray[Any, Any]:
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (n, channels, side, side), dtype=np.uint8)


def save_folder(folder: Path, images: np.ndarray[Any, Any]) -> Path:
    folder.mkdir(parents=True)
    for i, image in enumerate(images):
        picture = image.transpose(1, 2, 0)
        Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture).save(
            folder / f"{i:03d}.png"
        )
    return folder


def run(*arguments: str | Path) -> list[dict[str, Any]]:
    result = CliRunner().invoke(
        app, ["evaluate", *map(str, arguments), "--device", "cpu", "--json"]
    )
    if result.exception is not None:
        raise result.exception
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


@pytest.mark.parametrize("channels", [1, 3])
def test_a_file_and_a_folder_give_the_same_pixels(tmp_path: Path, channels: int) -> None:
    images = pixels(channels=channels)
    np.savez(tmp_path / "x.npz", images=images)
    save_folder(tmp_path / "x", images)
    assert torch.equal(read_images(tmp_path / "x.npz"), torch.from_numpy(images))
    assert torch.equal(read_images(tmp_path / "x"), torch.from_numpy(images))


def test_one_image_in_colour_makes_the_folder_one_in_colour(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "x", pixels(n=3, channels=1))
    assert read_images(folder).shape == (3, 1, 16, 16)
    Image.fromarray(pixels(n=1)[0].transpose(1, 2, 0)).save(folder / "colour.png")
    assert read_images(folder).shape == (4, 3, 16, 16)


def test_what_is_no_set_of_images_is_refused_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "float.npz", images=pixels().astype(np.float32))
    np.savez(tmp_path / "last.npz", images=pixels().transpose(0, 2, 3, 1))
    np.savez(tmp_path / "named.npz", samples=pixels())
    np.savez(tmp_path / "objects.npz", images=np.array([{"a": 1}], dtype=object))
    (tmp_path / "text.npz").write_text("no")
    whole = (tmp_path / "named.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty").mkdir()
    for name, why in (
        ("float.npz", "it must be uint8"),
        ("last.npz", "it must be uint8"),
        ("named.npz", "no array 'images'"),
        ("objects.npz", "not an .npz file of plain numbers"),
        ("text.npz", "not an .npz file of plain numbers"),
        ("cut.npz", "not an .npz file of plain numbers"),
        ("gone.npz", "no such file or folder"),
        ("empty", "no PNG, JPEG or WebP file"),
    ):
        with pytest.raises(UserError, match=why) as caught:
            read_images(tmp_path / name)
        assert name in str(caught.value)


def test_sizes_must_be_one(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "x", pixels(n=2))
    Image.new("RGB", (17, 17)).save(folder / "odd.png")
    with pytest.raises(UserError, match=r"squares of one size.*odd\.png: 17 x 17"):
        read_images(folder)
    oblong = tmp_path / "oblong"
    oblong.mkdir()
    Image.new("RGB", (17, 16)).save(oblong / "a.png")
    with pytest.raises(UserError, match="17 x 16"):
        read_images(oblong)


def test_a_reference_has_the_resolution_of_the_images() -> None:
    images = torch.zeros(2, 1, 32, 32, dtype=torch.uint8)
    assert reference_dataset("digits", [], images).shape == (1, 32, 32)
    with pytest.raises(UserError, match="must be alike"):
        reference_dataset("digits", ["resolution=16"], images)
    with pytest.raises(UserError, match="must be alike"):
        reference_dataset("digits", [], images.expand(-1, 3, -1, -1))
    with pytest.raises(UserError, match="Did you mean 'digits'"):
        reference_dataset("digit", [], images)
    with pytest.raises(UserError, match="points"):
        reference_dataset("ring", [], images)


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


def test_an_archive_in_disguise_is_not_unpickled(tmp_path: Path) -> None:
    """An .npz member that holds a pickle is refused before anything in it is run."""
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (marker,))

    content = io.BytesIO()
    np.save(content, np.array([Evil()], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "evil.npz", "w") as archive:
        archive.writestr("images.npy", content.getvalue())
    with pytest.raises(UserError, match=r"not an \.npz file"):
        read_images(tmp_path / "evil.npz")
    assert not marker.exists()
