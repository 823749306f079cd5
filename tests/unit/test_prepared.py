"""The store of prepared images: what is in it, and what may happen to it."""

from __future__ import annotations

import errno
import io
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ogan_bench.data.prepared import progress
from ogan_bench.data.prepared.decoding import Recipe, UnusableError, decode
from ogan_bench.data.prepared.prepare import Prepared, prepared, preparing
from ogan_bench.data.prepared.store import Meta, Store
from ogan_bench.data.reading.image_files import ImageFiles, find_images
from ogan_bench.errors import UserError
from ogan_bench.files import sha256

N = 70
"""Images of the folder: more than two chunks."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small images of many sizes in three formats; the stores lie beside it."""
    monkeypatch.setenv("OGAN_BENCH_PREPARED", str(tmp_path / "stores"))
    place = tmp_path / "images"
    place.mkdir()
    random = np.random.default_rng(0)
    for i in range(N):
        width, height = random.integers(8, 40, 2)
        image = Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))
        image.save(place / f"{i:02d}.{('jpg', 'png', 'webp')[i % 3]}")
    return place


def files(place: Path) -> ImageFiles:
    return ImageFiles(place, find_images(place))


def load(place: Path, **parameters: Any) -> Prepared:
    return prepared("faces", files(place), **{"resolution": 8, "crop": "none", **parameters})


def only_store(place: Path) -> Store:
    (found,) = (place.parent / "stores").glob("faces-*")
    return Store(found)


def left_overs(place: Path) -> list[str]:
    """Everything in the folder of stores, except for locks."""
    return [path.name for path in (place.parent / "stores").iterdir() if path.suffix != ".lock"]


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

    def test_crop_size_cuts_so_many_pixels_of_the_source_first(self, folder: Path) -> None:
        shutil.rmtree(folder)
        folder.mkdir()
        wide = np.zeros((20, 30, 3), np.uint8)
        wide[4:16, 9:21] = 200
        Image.fromarray(wide).save(folder / "a.png")
        assert (load(folder, crop_size=12).images == 200).all()
        assert load(folder, crop_size=14).images.min() < 200
        assert (load(folder, crop_size=13, crop="centre").images[0, 0, 1:, 1:] == 200).all()

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
            {}, {"resolution": 9}, {"crop": "centre"}, {"channels": 1}, {"crop_size": 8},
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


def png(width: int, height: int) -> bytes:
    """A PNG file of any size whatever, with a single row of pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1 + width))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def animation(suffix: str) -> bytes:
    frames = [Image.new("RGB", (9, 9), (i, 0, 0)) for i in (0, 90, 200)]
    buffer = io.BytesIO()
    frames[0].save(buffer, suffix, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def saved(image: Image.Image, suffix: str = "png") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, suffix)
    return buffer.getvalue()


NOISE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (50, 50, 3), dtype=np.uint8))
UNUSABLE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no PNG, JPEG or WebP image"),
    "text": (b"not an image", "no PNG, JPEG or WebP image"),
    "half a JPEG file": (saved(NOISE, "jpeg")[:1500], "truncated"),
    "half a PNG file": (saved(NOISE)[:1500], "truncated"),
    "half a WebP file": (saved(NOISE, "webp")[:700], "."),
    "PNG with a wrong byte": (saved(NOISE)[:900] + b"X" + saved(NOISE)[901:], "."),
    "another format": (saved(NOISE, "gif"), "no PNG, JPEG or WebP image"),
    "no pixels": (png(0, 5), "."),
    "a line": (png(200, 1), "200 x 1 pixels: one side is more than 10 times the other"),
    "an animated WebP file": (animation("webp"), "animated"),
    "an animated PNG file": (animation("png"), "animated"),
    "16 bits": (saved(Image.fromarray(np.full((9, 9), 5000, np.uint16))), "not of 8 bits"),
}


class TestUnusableImages:
    @pytest.mark.parametrize("kind", UNUSABLE)
    def test_say_why(self, kind: str) -> None:
        content, reason = UNUSABLE[kind]
        with pytest.raises(UnusableError, match=reason) as caught:
            decode(content, Recipe(8, "none", None, 3))
        assert "0x" not in str(caught.value)  # no address, so the same message every time

    def test_smaller_than_what_is_cut_out(self) -> None:
        with pytest.raises(UnusableError, match="50 x 50 pixels: smaller than the 51"):
            decode(saved(NOISE), Recipe(8, "none", 51, 3))
        assert decode(saved(NOISE), Recipe(8, "none", 50, 3)).shape == (3, 8, 8)

    def test_are_counted_listed_and_left_out_when_allowed(self, folder: Path) -> None:
        for i in range(5, 30):
            next(folder.glob(f"{i:02d}.*")).write_bytes(b"damaged")
        with pytest.raises(UserError, match="faces: 25 unusable images, max_bad is 0") as caught:
            load(folder)
        message = str(caught.value)
        assert message.count("no PNG, JPEG or WebP image") == 20
        assert "  05.webp: no PNG" in message
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

    def test_that_have_gone_or_cannot_be_opened_are_among_them(self, folder: Path) -> None:
        source = files(folder)
        assert source.fingerprint
        (folder / "00.jpg").unlink()
        (folder / "01.png").unlink()
        (folder / "01.png").mkdir()
        with pytest.raises(UserError, match="2 unusable images") as caught:
            prepared("faces", source, resolution=8, crop="none")
        assert "00.jpg: No such file or directory\n  01.png: Is a directory" in str(caught.value)

    def test_may_have_names_that_are_no_text(self, folder: Path) -> None:
        Path(os.fsdecode(os.fsencode(folder) + b"/x\xff.png")).write_bytes(b"damaged")
        with pytest.raises(UserError, match=r"x\\udcff\.png: no PNG"):
            load(folder)
        assert len(load(folder, max_bad=1).images) == N

    def test_alone_make_no_store(self, folder: Path) -> None:
        for path in folder.iterdir():
            path.write_bytes(b"damaged")
        with pytest.raises(UserError, match=f"faces: none of {N} images .*: no PNG, JPEG"):
            load(folder, max_bad=N)
        assert left_overs(folder) == []

    @pytest.mark.parametrize("times", [1.5, 3])
    def test_a_decompression_bomb_stops_everything_by_name(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, times: float
    ) -> None:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", int(128 * 128 / times))
        Image.new("RGB", (128, 128)).save(folder / "bomb.png")
        with pytest.raises(UserError, match=r"bomb\.png: more than .* decompression bomb"):
            load(folder, max_bad=N)
        assert left_overs(folder) == []


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
    """Other processes that prepare the folder, slowly, each killed at a moment."""
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
    def test_kill_at_any_moment_leaves_nothing_that_is_taken_for_whole(self, folder: Path) -> None:
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

    def test_what_killed_preparations_left_is_swept_up_by_others(self, folder: Path) -> None:
        load(folder)
        root = folder.parent / "stores"
        (root / ".rooms-0123456789abcdef.partial").mkdir()
        (root / ".rooms-0123456789abcdef.partial" / "images.bin").write_bytes(b"half")
        load(folder, resolution=9)
        assert not [name for name in left_overs(folder) if name.endswith(".partial")]

    def test_what_another_process_is_making_is_not_swept_up(self, folder: Path) -> None:
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


class TestDisk:
    @contextmanager
    def no_space(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        def refuse(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr("ogan_bench.data.prepared.write.os.fsync", refuse)
            yield

    @contextmanager
    def small_files(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """The system refuses to write more than 10,000 bytes into a file."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    @pytest.mark.parametrize(
        ("way", "reason"), [("no_space", "No space left"), ("small_files", "File too large")]
    )
    def test_a_full_disk_is_named_and_nothing_is_left(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, way: str, reason: str
    ) -> None:
        broken: Callable[..., Any] = getattr(self, way)
        with broken(monkeypatch), pytest.raises(UserError, match=reason) as caught:
            load(folder)
        assert str(folder.parent / "stores" / "faces-") in str(caught.value)
        assert "OGAN_BENCH_PREPARED" in str(caught.value)
        assert left_overs(folder) == []
        assert len(load(folder).images) == N

    def test_too_little_room_is_known_before_any_image_is_decoded(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usage = shutil.disk_usage(folder)._replace(free=N * 192 - 1)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        with monkeypatch.context() as patch:
            patch.setattr(ImageFiles, "read", lambda *_: pytest.fail("was decoded"))
            with pytest.raises(UserError, match=r"take 0\.0 GB, and 0\.0 GB are free"):
                load(folder)
        assert left_overs(folder) == []
        usage = usage._replace(free=N * 192)
        assert len(load(folder).images) == N

    def test_a_root_that_cannot_be_written_is_named(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder.parent / "file").write_text("in the way")
        monkeypatch.setenv("OGAN_BENCH_PREPARED", str(folder.parent / "file" / "stores"))
        with pytest.raises(UserError, match=r"faces-.*Not a directory.*OGAN_BENCH_PREPARED"):
            load(folder)

    def test_without_a_root_of_its_own_it_lies_in_the_data_root(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("OGAN_BENCH_PREPARED")
        monkeypatch.setenv("OGAN_BENCH_DATA", str(folder.parent / "data"))
        load(folder)
        assert len(list((folder.parent / "data" / "prepared").glob("faces-*/images.bin"))) == 1


def alter(path: Path, position: int) -> None:
    """Change one byte, in place and with the old modification time."""
    time.sleep(0.02)  # the clock of a file system ticks every few milliseconds
    facts = path.stat()
    with path.open("r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ 1]))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


class TestDamage:
    @pytest.mark.parametrize("position", [0, 5000, N * 192 - 1])
    def test_an_altered_byte_is_found_on_loading(self, folder: Path, position: int) -> None:
        load(folder)
        store = only_store(folder)
        alter(store.pixels, position)
        for _ in range(2):
            with pytest.raises(UserError, match=r"images\.bin: its SHA-256.*Delete the folder"):
                load(folder)
        shutil.rmtree(store.path)
        assert len(load(folder).images) == N

    @pytest.mark.parametrize("size", [0, N * 192 - 1, N * 192 + 1])
    def test_a_file_of_another_size_is_found(self, folder: Path, size: int) -> None:
        load(folder)
        os.truncate(only_store(folder).pixels, size)
        with pytest.raises(UserError, match=rf"images\.bin: {size:,} bytes instead of 13,440"):
            load(folder)

    @pytest.mark.parametrize("file", ["images.bin", "meta.json"])
    def test_a_missing_file_is_named(self, folder: Path, file: str) -> None:
        load(folder)
        (only_store(folder).path / file).unlink()
        with pytest.raises(UserError, match=f"{file}: cannot be read .*Delete the folder"):
            load(folder)

    @pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": 2}'])
    def test_damaged_facts_are_named(self, folder: Path, content: str) -> None:
        load(folder)
        (only_store(folder).path / "meta.json").write_text(content)
        with pytest.raises(UserError, match=r"meta\.json: not what was written.*Delete"):
            load(folder)

    def test_the_same_file_is_hashed_once_only(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hashed: list[Path] = []

        def count(path: Path) -> str:
            hashed.append(path)
            return sha256(path)

        monkeypatch.setattr("ogan_bench.data.prepared.store.sha256", count)
        load(folder)
        load(folder)
        assert hashed == []  # it was hashed while it was written
        store = only_store(folder)
        copy = folder.parent / "copy"
        shutil.copytree(store.path, copy)
        shutil.rmtree(store.path)
        copy.rename(store.path)
        load(folder)
        load(folder)
        assert hashed == [store.pixels]
        (store.path / "verified.json").write_text("nonsense")
        load(folder)
        assert len(hashed) == 2

    def test_where_nothing_may_be_written_it_is_hashed_every_time(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load(folder)
        note = only_store(folder).path / "verified.json"
        note.unlink()
        note.mkdir()
        assert len(load(folder).images) == N
        alter(only_store(folder).pixels, 7)
        with pytest.raises(UserError, match="SHA-256"):
            load(folder)


class TestProgress:
    def test_lines_say_how_fast_and_how_long(
        self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(progress, "LINE_SECONDS", 0)
        load(folder)
        captured = capsys.readouterr()
        lines = captured.err.splitlines()
        assert len(lines) == 3
        assert lines[0].startswith("preparing faces: 32 of 70 images, ")
        assert "images/s, about 0:00:0" in lines[0]
        assert lines[-1].startswith("preparing faces: 70 of 70 images, ")
        assert captured.out == ""

    def test_a_quick_preparation_is_silent(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        load(folder)
        assert capsys.readouterr() == ("", "")

    def test_a_terminal_shows_a_bar(
        self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.setenv("TERM", "xterm")
        load(folder)
        captured = capsys.readouterr()
        assert "preparing faces" in captured.err
        assert "70/70" in captured.err
        assert captured.out == ""
