"""LSUN, scenes by category: LMDB databases as published, or folders of images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt

from ogan_bench.data.base import Dataset, data_root
from ogan_bench.data.prepared.leakage import treatment_and_leakage
from ogan_bench.data.prepared.prepare import AS_STORED, Encoded, prepared
from ogan_bench.data.reading.image_files import ImageFiles, find_images
from ogan_bench.data.reading.split_names import refuse_mixed
from ogan_bench.data.reading.splits import every_kth, order_stamp, train_first
from ogan_bench.errors import UserError


def lsun(
    *,
    category: Literal["church_outdoor", "bedroom"] = "church_outdoor",
    resolution: Annotated[int, Field(ge=8, le=256)] = 128,
    crop: Literal["centre", "none"] = "centre",
    images: NonNegativeInt = 0,
    test_every: Annotated[int, Field(ge=2)] = 10,
    max_bad: NonNegativeInt = 0,
) -> Dataset:
    """LSUN's churches (126,227 images) or bedrooms (3,033,042), without labels.

    Looked for in ``$OGAN_BENCH_DATA/lsun`` and ``$OGAN_BENCH_DATA`` (``data`` if that is not set):
    for the category ``church_outdoor`` the unpacked database ``church_outdoor_train_lmdb``, then a
    folder of images ``church_outdoor_train`` or ``church_outdoor``. Fetch it by hand, with the
    scripts of https://github.com/fyu/lsun. For research.

    Every k-th image is a test image, because the published validation set of a category has 300
    images: too few for a Fréchet distance or for a narrow interval of the reconstruction error.

    Args:
        category: Category of scenes.
        resolution: Height and width in pixels.
        crop: ``centre`` crops the longer side to the shorter one, of 256 pixels, as the O-GAN
            author does; ``none`` squeezes.
        images: Number of images, the first of the source, whose names are hashes, so the choice is
            random; 0: all. All bedrooms of 128 pixels take 150 GB when prepared.
        test_every: k, where every k-th image in the order of names is a test image.
        max_bad: How many unusable images may be left out.

    Raises:
        UserError: It is missing or damaged, or the library lmdb is not installed.

    References:
        F. Yu et al., LSUN: Construction of a Large-scale Image Dataset using Deep Learning with
        Humans in the Loop, 2015, arXiv 1506.03365
    """
    roots = (data_root() / "lsun", data_root())
    places = [root / f"{category}_train_lmdb" for root in roots]
    places += [root / name for root in roots for name in (f"{category}_train", category)]
    place = next((place for place in places if place.exists()), None)
    if place is None:
        raise UserError(
            f"LSUN's {category} is in none of {', '.join(map(str, places))}; unpack "
            f"{category}_train_lmdb.zip there (https://github.com/fyu/lsun; the root is "
            "$OGAN_BENCH_DATA)"
        )

    def load(names: Sequence[str], source: Callable[[Sequence[str]], Encoded]) -> Dataset:
        if len(names) < images:
            raise UserError(f"{place}: {len(names)} images, not {images}; lower data.images")
        order, n_train = train_first(every_kth(len(names), test_every, place))
        store = prepared(
            f"lsun_{category}",
            source([names[i] for i in order.tolist()]),
            resolution=resolution,
            crop=crop,
            treatment=AS_STORED,
            max_bad=max_bad,
        )
        return Dataset(
            name="lsun",
            train=store.split(0, n_train),
            test=store.split(n_train, len(names)),
            classes=(),
            treatment=treatment_and_leakage(store, n_train),
            licence="for research",
        )

    if not place.name.endswith("_lmdb"):
        found = find_images(place)
        refuse_mixed(found, place)
        return load(found[: images or None], lambda names: ImageFiles(place, names))
    with _database(place) as database:
        return load(_keys(database, place, images), lambda keys: Values(database, place, keys))


@dataclass(frozen=True)
class Values:
    """Values of an LMDB database, by their keys.

    Args:
        database: The open environment.
        place: Its path.
        names: Keys, decoded as Latin-1, which gives every byte a character.
    """

    database: Any
    place: Path
    names: Sequence[str]

    @cached_property
    def fingerprint(self) -> str:
        """Changes with the keys, the size or the modification time."""
        return order_stamp(self.names, [_file(self.place)])

    def read(self, i: int) -> bytes:
        """The value of key number ``i``."""
        import lmdb

        try:
            with self.database.begin() as transaction:
                value = transaction.get(self.names[i].encode("latin-1"))
        except lmdb.Error as error:
            raise ValueError(str(error)) from None
        if value is None:
            raise ValueError("the key is missing")
        return bytes(value)


@contextmanager
def _database(place: Path) -> Iterator[Any]:
    """An LMDB database, open for reading.

    Raises:
        UserError: It is not a complete LMDB database, or the library is not installed.
    """
    try:
        import lmdb
    except ImportError:
        raise UserError(
            f"{place}: needs the library lmdb: pip install 'ogan-bench[data]'"
        ) from None
    file = _file(place)
    try:
        size = file.stat().st_size
        database = lmdb.open(
            str(place), subdir=place.is_dir(), readonly=True, lock=False, readahead=False
        )
    except (OSError, lmdb.Error) as error:
        raise UserError(f"{file}: not a complete LMDB database ({error}); fetch it again") from None
    with database:
        # LMDB reads through a memory map: touching a page past the end would kill the process.
        whole = (database.info()["last_pgno"] + 1) * database.stat()["psize"]
        if size < whole:
            raise UserError(f"{file}: {size:,} bytes instead of {whole:,}; fetch it again")
        yield database


def _file(place: Path) -> Path:
    return place / "data.mdb" if place.is_dir() else place


def _keys(database: Any, place: Path, images: int) -> list[str]:
    """The first ``images`` keys of a database in their order; 0: all."""
    import lmdb

    try:
        with database.begin() as transaction:
            keys = transaction.cursor().iternext(keys=True, values=False)
            return [key.decode("latin-1") for key in islice(keys, images or None)]
    except lmdb.Error as error:
        raise UserError(f"{_file(place)}: damaged ({error}); fetch it again") from None
