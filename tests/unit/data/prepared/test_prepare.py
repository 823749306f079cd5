"""Preparation of images: the content of a store, and what interruptions leave behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ogan_bench.data.prepared.prepare import AS_STORED, Treatment, prepared, preparing
from ogan_bench.data.prepared.store import Meta, Store
from ogan_bench.data.reading.image_files import ImageFiles
from ogan_bench.errors import UserError
from tests.unit.data.prepared.prepared_folder import N, files, left_overs, load, only_store


class TestPixels:
    @pytest.mark.parametrize("crop", ["none", "centre"])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_are_those_of_pillow(self, folder: Path, crop: Any, channels: Any) -> None:
        images = load(folder, crop=crop, channels=channels).images
        assert images.shape == (N, channels, 8, 8)
        assert images.dtype == torch.uint8
        for got, path in zip(images, sorted(folder.iterdir()), strict=True):
            image = Image.open(path).convert("RGB" if channels == 3 else "L")
            if crop == "centre":
                side = min(image.size)
                left, top = (image.width - side) // 2, (image.height - side) // 2
                image = image.crop((left, top, left + side, top + side))
            expected = np.asarray(image.resize((8, 8), Image.Resampling.BILINEAR))
            if channels == 3:
                assert np.array_equal(got.numpy().transpose(1, 2, 0), expected)
            else:
                assert np.array_equal(got[0].numpy(), expected)

    def test_crop_size_crops_the_source_first(self, folder: Path) -> None:
        shutil.rmtree(folder)
        folder.mkdir()
        wide = np.zeros((20, 30, 3), np.uint8)
        wide[4:16, 9:21] = 200
        Image.fromarray(wide).save(folder / "a.png")
        assert (load(folder, crop_size=12).images == 200).all()
        assert load(folder, crop_size=14).images.min() < 200
        assert (load(folder, crop_size=13, crop="centre").images[0, 0, 1:, 1:] == 200).all()

    def test_their_sizes_and_what_was_done_to_them_are_recorded(self, folder: Path) -> None:
        shutil.rmtree(folder)
        folder.mkdir()
        for i, size in enumerate([(8, 30), (12, 12), (20, 19)]):
            Image.new("RGB", size).save(folder / f"{i}.png")
        (folder / "3.png").write_bytes(b"damaged")
        plain = load(folder, max_bad=1)
        assert plain.treatment == "crop none, 1 unusable left out"
        assert only_store(folder).meta().sides == (8, 12, 19)
        white = Treatment(alpha="white", depth="reduce")
        given: dict[str, Any] = {"crop": "centre", "max_bad": 1, "resolution": 9}
        assert load(folder, **given, small="enlarge", treatment=white).treatment == (
            "crop centre, alpha white, depth reduce, small enlarge, 1 unusable left out"
        )
        (folder / "3.png").unlink()
        assert load(folder, crop_size=12, max_bad=1, treatment=AS_STORED).treatment == (
            "crop_size 12, 1 unusable left out"
        )
        for i in (0, 2):
            (folder / f"{i}.png").unlink()
        assert load(folder, crop="refuse").treatment == ""

    def test_depend_neither_on_threads_nor_on_the_place(self, folder: Path, tmp_path: Path) -> None:
        with preparing(workers=1):
            one = load(folder)
        only_store(folder).path.rename(tmp_path / "away")
        with preparing(workers=5):
            assert load(folder).content == one.content

    def test_are_read_from_the_source_once(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = load(folder)
        monkeypatch.setattr(ImageFiles, "read", lambda *_: pytest.fail("read again"))
        again = load(folder)
        assert torch.equal(again.images, first.images)
        assert again.content == first.content
        assert again.kept.tolist() == list(range(N))

    def test_another_recipe_or_source_is_another_store(self, folder: Path) -> None:
        variants: list[dict[str, Any]] = [
            {}, {"small": "enlarge"}, {"resolution": 7}, {"crop": "centre"}, {"channels": 1},
            {"treatment": AS_STORED}, {"crop_size": 8, "max_bad": N},
        ]  # fmt: skip
        for variant in variants:
            load(folder, **variant)
        assert len(left_overs(folder)) == len(variants)
        os.utime(folder / "00.jpg", (1, 1))
        load(folder)
        assert len(left_overs(folder)) == len(variants) + 1

    def test_a_change_in_memory_stays_there(self, folder: Path) -> None:
        images = load(folder).images
        images[0] = 255 - images[0]
        assert not torch.equal(load(folder).images[0], images[0])
        only_store(folder).verify()

    def test_splits_are_pieces_of_the_map_with_their_rows(self, folder: Path) -> None:
        (folder / "03.jpg").write_bytes(b"damaged")
        store = load(folder, max_bad=1)
        labels = torch.arange(N)
        train = store.split(0, 50, labels=labels, attributes=labels[:, None] % 2 == 0)
        test = store.split(50, N, labels=labels, factors=labels[:, None])
        assert train.known_labels.tolist() == [i for i in range(50) if i != 3]
        assert train.attributes is not None
        assert train.attributes[:, 0].tolist() == [i % 2 == 0 for i in range(50) if i != 3]
        assert test.factors is not None
        assert test.factors[:, 0].tolist() == list(range(50, N))
        assert test.images.data_ptr() == store.images[49].data_ptr()
        assert train.content != test.content

    @pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the size of the memory")
    def test_may_be_larger_than_the_memory(self, tmp_path: Path) -> None:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        side = 4096
        n = int(1.2 * memory) // (3 * side * side) + 1
        meta = Meta(
            name="vast", source="", images=n, resolution=side, crop="none", crop_size=None,
            channels=3, unusable=[], sha256="", pillow="", seconds=0,
        )  # fmt: skip
        store = Store(tmp_path / "vast")
        store.path.mkdir()
        with store.pixels.open("wb") as file:
            file.truncate(meta.size)
        (store.path / "meta.json").write_text(meta.model_dump_json())
        store.mark_verified(store.pixels.stat())
        assert store.open().images[n - 1, 2, -1, -1] == 0


class TestUnusableImages:
    def test_are_counted_listed_and_left_out_when_allowed(self, folder: Path) -> None:
        for i in range(5, 30):
            next(folder.glob(f"{i:02d}.*")).write_bytes(b"damaged")
        with pytest.raises(UserError, match="faces: 25 unusable images, max_bad is 0") as caught:
            load(folder)
        message = str(caught.value)
        assert message.count("not a PNG, JPEG, WebP, BMP, TIFF, GIF or AVIF image") == 20
        assert "  05.webp: not a PNG" in message
        assert "and 5 more" in message
        assert "set max_bad to 25" in message
        listed = json.loads((only_store(folder).path / "meta.json").read_bytes())["unusable"]
        assert [image["index"] for image in listed] == list(range(5, 30))
        assert listed[-1]["name"] == "29.webp"

        with pytest.raises(UserError, match="max_bad is 24"):
            load(folder, max_bad=24)
        images = load(folder, max_bad=25)
        assert images.kept.tolist() == [*range(5), *range(30, N)]
        expected = np.asarray(Image.open(folder / "30.jpg").resize((8, 8), 2)).transpose(2, 0, 1)
        assert np.array_equal(images.images[5].numpy(), expected)

    def test_cost_no_second_preparation(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "03.jpg").write_bytes(b"damaged")
        with pytest.raises(UserError, match=r"03\.jpg"):
            load(folder)
        monkeypatch.setattr(ImageFiles, "read", lambda *_: pytest.fail("read again"))
        assert len(load(folder, max_bad=1).images) == N - 1

    def test_include_missing_and_unreadable_files(self, folder: Path) -> None:
        source = files(folder)
        assert source.fingerprint
        (folder / "00.jpg").unlink()
        (folder / "01.png").unlink()
        (folder / "01.png").mkdir()
        with pytest.raises(UserError, match="2 unusable images") as caught:
            prepared("faces", source, resolution=8, crop="none")
        assert "00.jpg: No such file or directory\n  01.png: Is a directory" in str(caught.value)

    def test_may_have_names_that_are_not_text(self, folder: Path) -> None:
        Path(os.fsdecode(os.fsencode(folder) + b"/x\xff.png")).write_bytes(b"damaged")
        with pytest.raises(UserError, match=r"x\\udcff\.png: not a PNG"):
            load(folder)
        assert len(load(folder, max_bad=1).images) == N

    def test_alone_do_not_make_a_store(self, folder: Path) -> None:
        for path in folder.iterdir():
            path.write_bytes(b"damaged")
        with pytest.raises(UserError, match=f"faces: none of {N} images .*: not a PNG, JPEG"):
            load(folder, max_bad=N)
        assert left_overs(folder) == []

    @pytest.mark.parametrize("times", [1.5, 3])
    def test_include_decompression_bombs(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, times: float
    ) -> None:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", int(128 * 128 / times))
        Image.new("RGB", (128, 128)).save(folder / "bomb.png")
        with pytest.raises(UserError, match=r"bomb\.png: more than .* decompression bomb"):
            load(folder)
        assert len(load(folder, max_bad=1).images) == N


SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from ogan_bench.data.prepared import prepare as module, write
from ogan_bench.data.reading.image_files import ImageFiles, find_images

place, log = Path(sys.argv[1]), Path(sys.argv[2])

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def prepare(moment):
    class Slow(ImageFiles):
        def read(self, i):
            with log.open("a") as file:
                file.write(f"{os.getpid()}\\n")
            if moment == "decoding" and i == 50:
                die()
            time.sleep(0.01)
            return super().read(i)

    if moment == "syncing":
        write.os.fsync = die
    if moment == "describing":
        write.write_bytes = die
    if moment == "renaming":
        module.Path.rename = die
    source = Slow(place, find_images(place))
    with module.preparing(workers=2):
        content = module.prepared("faces", source, resolution=8, crop="none").content
        os.write(1, f"{content}\\n".encode())  # whole lines, though two processes share the pipe

def start(moment):
    child = os.fork()
    if child == 0:
        prepare(moment)
        os._exit(0)
    return child

if sys.argv[3] == "together":
    children = [start(moment) for moment in sys.argv[4:]]
    print([os.waitpid(child, 0)[1] for child in children])
else:
    for moment in sys.argv[4:]:
        status = os.waitpid(start(moment), 0)[1]
        print(moment, status, [p.name for p in (place.parent / "stores").glob("*faces*[!k]")])
"""


def run_elsewhere(place: Path, way: str, *moments: str) -> tuple[list[str], str]:
    """Processes that prepare the folder, slowly, each killed at a given moment."""
    log = place.parent / "reads.log"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(place), str(log), way, *moments],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.splitlines(), done.stderr


class TestInterruptions:
    def test_a_kill_at_any_moment_leaves_no_store_that_looks_complete(self, folder: Path) -> None:
        moments = ("decoding", "syncing", "describing", "renaming")
        lines, _ = run_elsewhere(folder, "one after the other", *moments)
        assert len(lines) == len(moments)
        for moment, line in zip(moments, lines, strict=True):
            assert line.startswith(f"{moment} {int(signal.SIGKILL)} ['.faces-")
            assert line.endswith(".partial']")
        images = load(folder)
        assert left_overs(folder) == [only_store(folder).path.name]
        shutil.rmtree(only_store(folder).path)
        undisturbed = load(folder)
        assert torch.equal(images.images, undisturbed.images)
        assert images.content == undisturbed.content

    def test_of_two_processes_one_prepares_and_the_other_waits(self, folder: Path) -> None:
        lines, messages = run_elsewhere(folder, "together", "never", "never")
        assert lines == [load(folder).content] * 2 + ["[0, 0]"]
        reads = (folder.parent / "reads.log").read_text().splitlines()
        assert len(reads) == N
        assert len(set(reads)) == 1
        assert messages.count("is being prepared by another process; waiting") == 1

    def test_leftovers_of_killed_preparations_are_removed_by_others(self, folder: Path) -> None:
        load(folder)
        root = folder.parent / "stores"
        (root / ".rooms-0123456789abcdef.partial").mkdir()
        (root / ".rooms-0123456789abcdef.partial" / "images.bin").write_bytes(b"half")
        load(folder, resolution=7)
        assert not [name for name in left_overs(folder) if name.endswith(".partial")]

    def test_what_another_process_is_writing_is_not_removed(self, folder: Path) -> None:
        from filelock import FileLock

        root = folder.parent / "stores"
        busy = root / ".rooms-0123456789abcdef.partial"
        busy.mkdir(parents=True)
        with FileLock(busy.with_suffix(".lock")):
            load(folder)
        assert busy.is_dir()

    def test_ctrl_c_removes_what_was_written(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupt(*_: object) -> bytes:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(ImageFiles, "read", interrupt)
            with pytest.raises(KeyboardInterrupt):
                load(folder)
        assert left_overs(folder) == []
        assert len(load(folder).images) == N
