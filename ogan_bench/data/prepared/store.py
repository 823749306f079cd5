"""Layout of prepared images on disk, and how they are read back.

::

    <root>/<name>-<key>/images.bin      pixels of all usable images, uint8 (n, channels, h, w)
                       /meta.json       source, recipe, unusable images, SHA-256 of the pixels
                       /verified.json   size, times and inode of the pixels when last hashed

The root is ``$OGAN_BENCH_PREPARED``, else the folder ``prepared`` in the data root.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from ogan_bench.data.base import Split, data_root
from ogan_bench.data.prepared.decoding import Crop, Small
from ogan_bench.data.prepared.treatment import AS_STORED, Treatment, described
from ogan_bench.errors import UserError
from ogan_bench.files import sha256, write_json

NO_RESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000 if sys.platform == "linux" else 0)
"""Without it Linux refuses to map, copy-on-write, a file that is larger than memory."""


@dataclass(frozen=True)
class Prepared:
    """The usable images of a source.

    Args:
        images: uint8, shape ``(n, channels, h, w)``, memory-mapped, copy-on-write.
        kept: Their indices in the source, ascending, shape ``(n,)``.
        content: SHA-256 of the pixels.
        repeated: Groups of indices in the source, each ascending, of images with equal pixels.
        treatment: What was done to the images beside resizing them; empty if nothing was.
    """

    images: Tensor
    kept: Tensor
    content: str
    repeated: list[list[int]]
    treatment: str

    def split(
        self,
        start: int,
        stop: int,
        *,
        labels: Tensor | None = None,
        attributes: Tensor | None = None,
        factors: Tensor | None = None,
    ) -> Split:
        """Images ``start`` to ``stop`` (exclusive) of the source, which stay on disk.

        Args:
            start: Position of the first in the source.
            stop: Position after the last in the source.
            labels: Of all images of the source; the rows of unusable ones are left out.
            attributes: Likewise.
            factors: Likewise.
        """
        first, last = torch.searchsorted(self.kept, torch.tensor([start, stop])).tolist()
        chosen = self.kept[first:last]
        return Split(
            self.images[first:last],
            None if labels is None else labels[chosen],
            None if attributes is None else attributes[chosen],
            None if factors is None else factors[chosen],
            content=f"{self.content}[{first}:{last}]",
        )


class Unusable(BaseModel):
    """An image that was left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    index: int
    name: str
    reason: str


class Sides(NamedTuple):
    """Shorter sides of the usable images of a source, in pixels."""

    smallest: int
    median: float
    largest: int


class Meta(BaseModel):
    """Content of ``meta.json``.

    Args:
        name: Name of the dataset.
        source: Fingerprint of the source.
        images: Number of images in the source.
        resolution: Height and width in pixels.
        crop: As in the :class:`~ogan_bench.data.prepared.decoding.Recipe`, like the next three.
        crop_size: Likewise.
        channels: Likewise.
        treatment: Likewise; ``None`` in a store made before there was a choice.
        small: Likewise.
        sides: Of the images before they were resized; ``None`` in a store made before they were
            recorded.
        unusable: Images of the source that are not in the store.
        repeated: Groups of images with equal pixels, by their indices in the source.
        sha256: SHA-256 of the pixels.
        pillow: Version of the decoder.
        seconds: Duration of the preparation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: Literal[1] = 1
    name: str
    source: str
    images: int
    resolution: int
    crop: Crop
    crop_size: int | None
    channels: Literal[1, 3]
    treatment: Treatment | None = None
    small: Small | None = None
    sides: Sides | None = None
    unusable: list[Unusable]
    repeated: list[list[int]] = []
    sha256: str
    pillow: str
    seconds: float

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of the pixels."""
        n = self.images - len(self.unusable)
        return (n, self.channels, self.resolution, self.resolution)

    @property
    def done(self) -> str:
        """What was done to the images beside resizing them; empty if nothing was."""
        cropped = {"crop": self.crop} if self.crop_size is None else {"crop_size": self.crop_size}
        # Published datasets are read as they are stored.
        treated = {} if self.treatment in (None, AS_STORED) else asdict(self.treatment)
        values = {**cropped, **treated, "small": self.small or "refuse"}
        chosen = {key: value for key, value in values.items() if value != "refuse"}
        return described(chosen, left_out=len(self.unusable))

    @property
    def size(self) -> int:
        """Bytes of the pixels."""
        n, channels, height, width = self.shape
        return n * channels * height * width


@dataclass(frozen=True)
class Store:
    """One folder of prepared images."""

    path: Path

    @property
    def pixels(self) -> Path:
        """The file of the pixels."""
        return self.path / "images.bin"

    def meta(self) -> Meta:
        """The content of ``meta.json``.

        Raises:
            UserError: A file is missing, damaged or of the wrong size.
        """
        place = self.path / "meta.json"
        try:
            meta = Meta.model_validate_json(place.read_bytes())
            found = self.pixels.stat().st_size
        except OSError as error:
            raise self._damaged(f"{error.filename}: cannot be read ({error.strerror})") from None
        except ValidationError:
            raise self._damaged(f"{place}: damaged") from None
        if found != meta.size:
            raise self._damaged(f"{self.pixels}: {found:,} bytes instead of {meta.size:,}")
        return meta

    def open(self) -> Prepared:
        """The images; their file is hashed unless unchanged since the last check.

        Raises:
            UserError: The store is damaged.
        """
        meta = self.meta() if self._is_verified() else self.verify()
        with self.pixels.open("rb") as file:
            memory = mmap.mmap(
                file.fileno(),
                meta.size,
                flags=mmap.MAP_PRIVATE | NO_RESERVE,
                prot=mmap.PROT_READ | mmap.PROT_WRITE,
            )
        pixels = torch.frombuffer(memory, dtype=torch.uint8).view(meta.shape)
        is_kept = torch.ones(meta.images, dtype=torch.bool)
        is_kept[[image.index for image in meta.unusable]] = False
        kept = is_kept.nonzero()[:, 0]
        return Prepared(pixels, kept, meta.sha256, meta.repeated, meta.done)

    def verify(self) -> Meta:
        """Compare the pixels with their SHA-256.

        Raises:
            UserError: They have changed since they were written.
        """
        meta = self.meta()
        before = self.pixels.stat()
        if sha256(self.pixels) != meta.sha256:
            raise self._damaged(f"{self.pixels}: its SHA-256 has changed since it was written")
        with suppress(UserError):  # without write permission it is hashed every time
            self.mark_verified(before)
        return meta

    def mark_verified(self, facts: os.stat_result) -> None:
        """Record the state of the file in which its pixels were verified."""
        write_json(self.path / "verified.json", _state(facts), durable=False)

    def _is_verified(self) -> bool:
        try:
            verified = json.loads((self.path / "verified.json").read_bytes())
            return bool(verified == _state(self.pixels.stat()))
        except (OSError, ValueError):
            return False

    def _damaged(self, problem: str) -> UserError:
        return UserError(f"{problem}. Delete the folder {self.path} to prepare it again.")


def _state(facts: os.stat_result) -> dict[str, int]:
    """File status that changes with every write: no program can set the ctime."""
    return {
        "size": facts.st_size,
        "mtime_ns": facts.st_mtime_ns,
        "ctime_ns": facts.st_ctime_ns,
        "inode": facts.st_ino,
    }


def readable(name: str) -> str:
    """A file name for messages and JSON, which must be valid text, as file names need not be."""
    return name.encode(errors="backslashreplace").decode()


def prepared_root() -> Path:
    """The folder of the stores: ``$OGAN_BENCH_PREPARED``, else ``prepared`` in the data root."""
    named = os.environ.get("OGAN_BENCH_PREPARED")
    return Path(named) if named else data_root() / "prepared"


def stores() -> list[Store]:
    """All stores under the root, whole or damaged, by name."""
    folders = (path for path in prepared_root().glob("[!.]*") if path.is_dir())
    return [Store(path) for path in sorted(folders)]
