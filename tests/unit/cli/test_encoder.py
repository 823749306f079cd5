"""Commands that use a trained encoder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from ogan_bench import remote
from ogan_bench.cli import app
from ogan_bench.encoder.load import load_encoder
from ogan_bench.encoder.shipped import shipped_encoders
from ogan_bench.errors import UserError
from tests.contracts.small_trials import few_images, small_trial
from tests.unit.analysis.study_with_pictures import trial as stored_trial
from tests.unit.analysis.study_with_pictures import write
from tests.unit.encoder.stored_encoders import store

PIXELS = few_images().test.images.movedim(1, -1).numpy()[:3]


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stored")
    store(path, small_trial(), few_images())
    return path


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "b").mkdir()
    for name, image in zip(("a.png", "b/a.png", "b/c.bmp"), PIXELS, strict=True):
        Image.fromarray(image[..., 0]).save(folder / name)
    return folder


def call(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception is not None:
        raise done.exception
    return done.output


def test_encode_writes_codes_with_the_names_of_the_files(
    trial: Path, photos: Path, tmp_path: Path
) -> None:
    encoder, out = load_encoder(trial), tmp_path / "codes.npz"
    assert "3 x 6" in call("encode", trial, photos, "--out", out)
    with np.load(out) as found:
        assert found["names"].tolist() == ["a.png", "b/a.png", "b/c.bmp"]
        assert (found["codes"] == encoder(PIXELS)).all()
    np.savez(tmp_path / "images.npz", images=PIXELS)
    call("encode", trial, tmp_path / "images.npz", "--out", out, "--raw")
    assert (np.load(out)["codes"] == encoder(PIXELS, projected=False)).all()
    call("encode", trial, photos, "--out", out, "--features", "--batch", 2)
    np.testing.assert_allclose(np.load(out)["features"], encoder.features(PIXELS), rtol=1e-5)


def test_reconstructions_lie_as_the_images_do(trial: Path, photos: Path, tmp_path: Path) -> None:
    call("reconstruct", trial, photos, "--out", tmp_path / "again")
    expected = load_encoder(trial).reconstruct(PIXELS)
    for name, image in zip(("a.png", "b/a.png", "b/c.png"), expected, strict=True):
        assert (np.asarray(Image.open(tmp_path / "again" / name)) == image[..., 0]).all()
    call("reconstruct", trial, photos, "--out", tmp_path / "again.npz")
    assert (np.load(tmp_path / "again.npz")["images"] == expected).all()


def test_paths_go_from_each_image_to_the_next(trial: Path, photos: Path, tmp_path: Path) -> None:
    call("interpolate", trial, photos, "--out", tmp_path / "paths.npz", "--steps", 4)
    paths = np.load(tmp_path / "paths.npz")["images"]
    assert (paths == load_encoder(trial).interpolate(PIXELS[:2], PIXELS[1:], 4)).all()
    call("interpolate", trial, photos, "--out", tmp_path / "walk", "--steps", 4)
    strip = np.asarray(Image.open(tmp_path / "walk" / "path-0001.png"))
    assert strip.shape == (16, 4 * 16 + 3 * 2)
    assert (strip[:, :16] == paths[1, 0, ..., 0]).all()
    assert (strip[:, 16:18] == 255).all()


def test_samples_are_drawn_by_their_seed(trial: Path, tmp_path: Path) -> None:
    call("sample", trial, "-n", 5, "--seed", 3, "--out", tmp_path / "samples.npz")
    expected = load_encoder(trial).sample(5, 3)
    assert (np.load(tmp_path / "samples.npz")["images"] == expected).all()
    call("sample", trial, "-n", 2, "--seed", 3, "--out", tmp_path / "samples")
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == [
        "000000.png",
        "000001.png",
    ]


def test_what_cannot_be_done_is_refused(trial: Path, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has to end in \.npz"):
        call("encode", trial, photos, "--out", tmp_path / "codes")
    with pytest.raises(UserError, match="choose one"):
        call("encode", trial, photos, "--out", tmp_path / "c.npz", "--raw", "--features")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no image files"):
        call("encode", trial, tmp_path / "empty", "--out", tmp_path / "c.npz")
    with pytest.raises(UserError, match="device 'gpu'"):
        call("sample", trial, "--out", tmp_path / "s.npz", "--device", "gpu")
    (tmp_path / "twins").mkdir()
    for name in ("a.png", "a.bmp"):
        Image.fromarray(PIXELS[0, ..., 0]).save(tmp_path / "twins" / name)
    with pytest.raises(UserError, match="two images would be written to one file"):
        call("reconstruct", trial, tmp_path / "twins", "--out", tmp_path / "out")


@pytest.mark.parametrize("command", ["export", "encode", "reconstruct", "interpolate", "sample"])
def test_help_shows_an_example_that_fits_on_a_line(command: str) -> None:
    help_text = call(command, "--help")
    assert f"ogan-bench {command} results/" in help_text


def test_help_names_the_encoders_that_come_with_the_package() -> None:
    shown = " ".join(call("encode", "--help").replace("│", " ").split())
    assert all(name in shown for name in shipped_encoders())


def test_one_image_is_a_file_and_what_is_none_is_named(
    trial: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "codes.npz"
    assert "1 x 6" in call("encode", trial, photos / "b" / "c.bmp", "--out", out)
    with np.load(out) as found:
        assert found["names"].tolist() == ["c.bmp"]
        assert (found["codes"] == load_encoder(trial)(PIXELS[2])).all()
    with pytest.raises(UserError, match=r"c\.bmp: one image; a path needs two"):
        call("interpolate", trial, photos / "b" / "c.bmp", "--out", out)
    for name, said in (
        ("notes.txt", "no image; give PNG"),
        ("broken.png", "not a PNG"),
        ("photos.zip", "an archive; unpack it"),
    ):
        (tmp_path / name).write_text("no pixels")
        with pytest.raises(UserError, match=rf"{name}: .*{said}"):
            call("encode", trial, tmp_path / name, "--out", out)
    with pytest.raises(UserError, match=r"notes\.txt: a file; give the folder of a trial"):
        call("encode", tmp_path / "notes.txt", photos, "--out", out)


def test_an_export_is_a_folder_to_load(trial: Path, tmp_path: Path) -> None:
    printed = call("export", trial, "--out", tmp_path / "out").split()
    assert str(tmp_path / "out" / "README.md") in printed
    assert (load_encoder(tmp_path / "out")(PIXELS) == load_encoder(trial)(PIXELS)).all()


def test_an_export_to_a_program_says_which_files_it_wrote(trial: Path, tmp_path: Path) -> None:
    printed = call("export", trial, "--out", tmp_path / "out", "--to", "program").split()
    for name in ("encoder.pt2", "generator.pt2"):
        assert str(tmp_path / "out" / name) in printed
        assert (tmp_path / "out" / name).stat().st_size > 0


def test_safetensors_are_written_whether_named_or_not(trial: Path, tmp_path: Path) -> None:
    call("export", trial, "--out", tmp_path / "plain")
    call("export", trial, "--out", tmp_path / "named", "--to", "safetensors")
    plain, named = (
        {path.name: path.read_bytes() for path in (tmp_path / out).iterdir()}
        for out in ("plain", "named")
    )
    assert plain == named


@pytest.mark.parametrize("out", ["me/digits", "hf://me/digits", "hf://me/digits/"])
def test_an_export_goes_to_a_repository_of_the_hub(
    out: str, trial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    @contextmanager
    def delivered(place: str) -> Iterator[Path]:
        asked.append(place)
        yield tmp_path / "sent"

    monkeypatch.setattr(remote, "is_taken", lambda url: asked.append(url))
    monkeypatch.setattr(remote, "delivered", delivered)
    printed = call("export", trial, "--to", "hub", "--out", out)
    assert asked == ["hf://me/digits/README.md", "hf://me/digits"]
    assert "hf://me/digits/nets.safetensors" in printed.split()
    assert load_encoder(tmp_path / "sent").z_dim == 6


@pytest.mark.parametrize("out", ["my_encoder", "./my_encoder", "a/b/c", "s3://a/b"])
def test_what_is_no_repository_of_the_hub_is_refused(out: str, trial: Path) -> None:
    with pytest.raises(UserError, match=r"is no repository; give --out USER/NAME"):
        call("export", trial, "--to", "hub", "--out", out)


def test_the_card_of_an_exported_trial_has_the_verdicts_of_its_study(tmp_path: Path) -> None:
    folder = stored_trial(write(tmp_path / "results"), "pea_rson", 1).path
    store(folder, small_trial(), few_images())
    (folder.parent / "seed-2" / "result.json").unlink()
    call("export", folder, "--out", tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "Standing: preliminary; not registered." in card
    assert ": It is. reconstruction MSE: " in card
