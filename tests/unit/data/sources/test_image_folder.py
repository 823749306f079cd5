"""Folders of images: splits, classes, and what is refused."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ogan_bench.data import DATASETS, Dataset
from ogan_bench.errors import UserError


class TestImageFolder:
    @pytest.fixture
    def root(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """12 constant images, i of level 20 i, in two subfolders and two formats."""
        monkeypatch.setenv("OGAN_BENCH_DATA", str(tmp_path))
        for i in range(12):
            folder = tmp_path / "faces" / ("a" if i < 7 else "b")
            folder.mkdir(parents=True, exist_ok=True)
            image = Image.new("RGB", (10 + i, 8), (20 * i, 0, 100))
            image.save(folder / f"{i:02d}.{'png' if i % 2 else 'webp'}", lossless=True)
        return tmp_path / "faces"

    def load(self, **parameters: object) -> Dataset:
        chosen = {"path": "faces", "resolution": 8, "test_every": 4, "crop": "none", **parameters}
        return DATASETS["image_folder"](**chosen)

    def test_every_kth_name_is_a_test_image_and_subfolders_are_classes(self, root: Path) -> None:
        dataset = self.load()
        assert dataset.classes == ("a", "b")
        assert dataset.shape == (3, 8, 8)
        assert dataset.test.images[:, 0, 0, 0].tolist() == [60, 140, 220]
        assert dataset.test.known_labels.tolist() == [0, 1, 1]
        assert dataset.train.images[:, 0, 0, 0].tolist() == [
            20 * i for i in range(12) if i % 4 != 3
        ]
        assert (dataset.train.images[:, 2] == 100).all()
        assert self.load(path=str(root)).hash == dataset.hash

    def test_without_two_full_subfolders_there_are_no_labels(self, root: Path) -> None:
        labelled = self.load()
        bare = self.load(path="faces/a")
        assert (bare.classes, bare.train.labels, len(bare.train)) == ((), None, 6)
        Image.new("RGB", (8, 8)).save(root / "loose.png")
        mixed = self.load()
        assert (mixed.classes, mixed.train.labels, mixed.test.labels) == ((), None, None)
        assert mixed.hash != labelled.hash

    def test_other_and_hidden_files_are_left_out(self, root: Path) -> None:
        expected = self.load().hash
        (root / "a" / "notes.txt").write_text("no image")
        (root / "a" / "._00.png").write_bytes(b"a resource fork")
        (root / ".trash").mkdir()
        (root / ".trash" / "x.png").write_bytes(b"gone")
        assert self.load().hash == expected

    def test_crop_takes_the_centre_and_none_squeezes(self, root: Path) -> None:
        wide = np.zeros((8, 24, 3), np.uint8)
        wide[:, 8:16] = 200
        Image.fromarray(wide).save(root / "a" / "00.png")
        (root / "a" / "00.webp").unlink()
        assert (self.load(crop="centre").train.images[0] == 200).all()
        squeezed = self.load(crop="none").train.images[0, 0]
        assert squeezed[0, 0] == squeezed[0, -1] == 0
        assert squeezed.float().mean() == pytest.approx(200 / 3, abs=1)

    def test_every_mode_becomes_rgb(self, root: Path) -> None:
        Image.new("L", (9, 9), 77).save(root / "a" / "00.png")
        Image.new("RGBA", (9, 9), (1, 2, 3, 255)).save(root / "a" / "01.png")
        Image.new("CMYK", (9, 9), (0, 0, 0, 0)).save(root / "a" / "02.jpg")
        (root / "a" / "00.webp").unlink()
        (root / "a" / "02.webp").unlink()
        first = self.load(profile="ignore").train.images[:3, :, 0, 0].tolist()
        assert first == [[77, 77, 77], [1, 2, 3], [255, 255, 255]]

    @pytest.mark.parametrize("content", [b"", b"not an image", None])
    def test_a_damaged_file_is_named_and_may_be_left_out(
        self, root: Path, content: bytes | None
    ) -> None:
        path = root / "b" / "09.png"
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] if content is None else content)
        with pytest.raises(UserError, match=r"image_folder: 1 unusable image,.*\n  b/09\.png: "):
            self.load()
        dataset = self.load(max_bad=1)
        assert dataset.test.images[:, 0, 0, 0].tolist() == [60, 140, 220]
        assert dataset.train.images[:, 0, 0, 0].tolist() == [
            20 * i for i in range(12) if i % 4 != 3 and i != 9
        ]
        assert dataset.train.known_labels.tolist() == [0] * 6 + [1] * 2

    @pytest.mark.parametrize("name", ["images.zip", "Images.TAR.GZ", "x.7z", "x.rar", "x.tar"])
    def test_archives_are_refused(self, root: Path, name: str) -> None:
        (root / "b" / name).write_bytes(b"packed")
        with pytest.raises(UserError, match=f"b/{name}: an archive; unpack it"):
            self.load()
        with pytest.raises(UserError, match=f"b/{name}: an archive; unpack it"):
            self.load(path=f"faces/b/{name}")

    def test_a_file_is_not_a_folder(self, root: Path) -> None:
        with pytest.raises(UserError, match=r"00\.webp: no such folder"):
            self.load(path="faces/a/00.webp")

    def test_a_pipe_is_not_an_image(self, root: Path) -> None:
        expected = self.load().hash
        os.mkfifo(root / "a" / "99.png")
        assert self.load().hash == expected

    def test_the_hash_depends_on_pixels_labels_and_split(self, root: Path) -> None:
        first = self.load()
        hashes = {
            first.hash,
            self.load(test_every=3).hash,
            self.load(resolution=9, small="enlarge").hash,
        }
        assert len(hashes) == 3
        relabelled = replace(first, train=replace(first.train, labels=1 - first.train.known_labels))
        assert relabelled.hash not in hashes
        (root / "b").rename(root / "c")
        assert self.load().hash == first.hash
        Image.new("RGB", (9, 9), (250, 250, 250)).save(root / "a" / "01.png")
        assert self.load().hash not in hashes

    def test_the_hash_reads_no_pixels(self, root: Path) -> None:
        dataset = self.load()
        train, test = dataset.train, dataset.test
        assert train.content
        plain = replace(dataset, train=replace(train, content=""), test=replace(test, content=""))
        assert plain.hash != dataset.hash
        for split in (train, test):
            split.images[:] = 0  # in memory only
        assert replace(dataset).hash == dataset.hash

    def test_links_are_refused(self, root: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        Image.new("RGB", (8, 8)).save(outside / "secret.png")
        (root / "a" / "link.png").symlink_to(outside / "secret.png")
        with pytest.raises(UserError, match=r"a/link\.png: a link"):
            self.load()
        (root / "a" / "link.png").unlink()
        (root / "c").symlink_to(outside)
        with pytest.raises(UserError, match="c: a link"):
            self.load()

    def test_a_missing_folder_says_where_it_was_looked_for(self, root: Path) -> None:
        with pytest.raises(UserError, match=r"nowhere: no such folder.*OGAN_BENCH_DATA"):
            self.load(path="nowhere")

    def test_too_few_images_are_counted(self, root: Path) -> None:
        with pytest.raises(UserError, match=r"12 images.*test_every 13"):
            self.load(test_every=13)
        (root / "empty").mkdir()
        with pytest.raises(UserError, match="empty: no PNG, JPEG, WebP, BMP, TIFF, GIF or AVIF"):
            self.load(path="faces/empty")

    @pytest.mark.parametrize("suffix", ["bmp", "tif", "tiff", "gif", "avif", "webp", "jfif"])
    def test_files_of_every_format_are_found(self, root: Path, suffix: str) -> None:
        for i in range(4):
            form = {"jfif": "jpeg", "tif": "tiff"}.get(suffix, suffix)
            image = Image.new("RGB", (8, 8), (60 * i, 60 * i, 60 * i))
            (root / suffix).mkdir(exist_ok=True)
            image.save(root / suffix / f"{i}.{suffix.upper()}", form)
        dataset = self.load(path=f"faces/{suffix}", crop="refuse")
        levels = torch.cat([dataset.train.images, dataset.test.images]).float().mean((1, 2, 3))
        assert levels.tolist() == pytest.approx([0, 60, 120, 180], abs=1.5)

    @pytest.mark.parametrize("name", ["x.heic", "x.jp2", "X.PPM", "x.dcm"])
    def test_images_of_other_formats_are_not_left_out_without_a_word(
        self, root: Path, name: str
    ) -> None:
        (root / "b" / name).write_bytes(b"an image")
        with pytest.raises(UserError, match=f"b/{name}: [A-Z0-9]+ files are not read; convert it"):
            self.load()
