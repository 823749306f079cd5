"""``ogan-bench data``: prepare images ahead of time, and list or verify prepared data."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ogan_bench.cli import completion
from ogan_bench.cli.command import Commands
from ogan_bench.cli.options import (
    Alpha,
    Crop,
    Depth,
    Json,
    MaxBad,
    Orientation,
    Plugins,
    Profile,
    Small,
)
from ogan_bench.cli.output import bytes_text, print_json, print_text

if TYPE_CHECKING:
    from ogan_bench.data.base import Dataset, Split
    from ogan_bench.data.prepared.store import Meta, Sides, Store

MAX_LISTED = 10
"""Classes whose images are counted on the terminal, at most."""

Root = Annotated[
    Path | None,
    typer.Option("--root", metavar="DIR", help="Data root, instead of $OGAN_BENCH_DATA."),
]

app = Commands(
    help="Prepare images ahead of time, and check prepared datasets.",
    epilog="Example:\n\nogan-bench data prepare celeba --resolution 64",
    no_args_is_help=True,
)


@app.command()
def prepare(
    name: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            autocompletion=completion.datasets,
            help="A name from `list datasets`.",
        ),
    ],
    root: Root = None,
    resolution: Annotated[
        int | None, typer.Option(help="Height and width in pixels: --set resolution=N.")
    ] = None,
    crop: Crop = None,
    alpha: Alpha = None,
    orientation: Orientation = None,
    profile: Profile = None,
    depth: Depth = None,
    small: Small = None,
    override: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A parameter of the dataset."),
    ] = None,
    max_bad: MaxBad = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads. [default: one per core]")
    ] = None,
    plugins: Plugins = None,
    as_json: Json = False,
) -> None:
    """Decode, crop and resize the images of a dataset, once for all studies that use it.

    An image that would change beyond that is refused unless an option says how to treat it. The
    options are parameters of the dataset, as a study sets them: --crop centre is --set crop=centre.

    \b
    Examples:
      ogan-bench data prepare celeba --resolution 64
      ogan-bench data prepare image_folder --set path=photos --crop centre
    """
    from ogan_bench.data.prepared.prepare import preparing
    from ogan_bench.study.arguments import parse_component
    from ogan_bench.study.data_place import located
    from ogan_bench.study.parts import build
    from ogan_bench.study.plugins import add_plugins

    add_plugins(plugins or ())
    short = {
        "resolution": resolution, "crop": crop, "alpha": alpha, "orientation": orientation,
        "profile": profile, "depth": depth, "small": small, "max_bad": max_bad,
    }  # fmt: skip
    given = [f"{key}={value}" for key, value in short.items() if value is not None]
    component = located(parse_component("datasets", name, [*given, *(override or [])]), Path.cwd())
    started = time.perf_counter()
    with _data_root(root), preparing(workers) as opened:
        dataset = build("datasets", component)
    facts = {
        "dataset": name,
        "train": len(dataset.train),
        "test": len(dataset.test),
        "shape": list(dataset.shape),
        "classes": len(dataset.classes),
        "images_of_classes": {
            "train": _of_classes(dataset, dataset.train),
            "test": _of_classes(dataset, dataset.test),
        },
        "hash": dataset.hash,
        "seconds": round(time.perf_counter() - started, 3),
        "stores": [_facts(store, store.meta()) for store in opened],
    }
    if as_json:
        print_json(facts)
        return
    print_text(
        f"{name}: {facts['train']:,} training and {facts['test']:,} test images of "
        f"{' x '.join(map(str, dataset.shape))}, {facts['seconds']:.1f} s"
    )
    for split, counts in facts["images_of_classes"].items():
        if counts:
            print_text(f"  {split}: {_listed(counts)}")
    for store in opened:
        meta = store.meta()
        print_text(f"  {store.path}: {_size(meta)}")
        if meta.sides is not None:
            print_text(f"  the images had {_sides(meta.sides)} before they were resized")
    if not opened:
        print_text("  needs no preparation: it is read as it is")


@app.command("list")
def list_(root: Root = None, as_json: Json = False) -> None:
    """List prepared datasets.

    \b
    Example:
      ogan-bench data list --json
    """
    from ogan_bench.data.prepared.store import prepared_root, stores
    from ogan_bench.errors import UserError

    rows: list[dict[str, Any]] = []
    with _data_root(root):
        place = prepared_root()
        for store in stores():
            try:
                rows.append(_facts(store, store.meta()))
            except UserError as error:
                rows.append({"path": str(store.path), "damaged": str(error)})
    if as_json:
        print_json(rows)
        return
    for row in rows:
        if "damaged" in row:
            print_text(row["damaged"])
        else:
            print_text(
                f"{row['name']}: {row['images']:,} images of {row['resolution']} pixels, "
                f"{bytes_text(row['bytes'])}, {row['unusable']} unusable: {row['path']}"
            )
    if not rows:
        print_text(f"nothing is prepared in {place}")


@app.command()
def verify(root: Root = None, as_json: Json = False) -> None:
    """Verify prepared datasets by their hashes; exit code 2 if one is damaged.

    \b
    Example:
      ogan-bench data verify --root /data
    """
    from ogan_bench.data.prepared.store import prepared_root, stores
    from ogan_bench.errors import UserError

    rows, problems = [], []
    with _data_root(root):
        place = prepared_root()
        for store in stores():
            try:
                store.verify()
                problem = None
            except UserError as error:
                problem = str(error)
                problems.append(problem)
            rows.append({"path": str(store.path), "damaged": problem})
            if not as_json and problem is None:
                print_text(f"{store.path}: whole")
    if as_json:
        print_json(rows)
    elif not rows:
        print_text(f"nothing is prepared in {place}")
    if problems:
        raise UserError("\n".join(problems))


def _of_classes(dataset: Dataset, split: Split) -> dict[str, int]:
    """Number of images of each class; empty without labels."""
    if split.labels is None:
        return {}
    counts = split.labels.bincount(minlength=len(dataset.classes)).tolist()
    return dict(zip(dataset.classes, counts, strict=True))


def _listed(counts: dict[str, int]) -> str:
    shown = [f"{name} {images:,}" for name, images in list(counts.items())[:MAX_LISTED]]
    more = len(counts) - len(shown)
    return ", ".join([*shown, f"and {more:,} classes more"] if more else shown)


def _facts(store: Store, meta: Meta) -> dict[str, Any]:
    """A store as plain data."""
    return {
        "name": meta.name,
        "path": str(store.path),
        "images": meta.shape[0],
        "bytes": meta.size,
        "resolution": meta.resolution,
        "channels": meta.channels,
        "crop": meta.crop,
        "crop_size": meta.crop_size,
        "sides": None if meta.sides is None else meta.sides._asdict(),
        "small": meta.small,
        "treatment": None if meta.treatment is None else asdict(meta.treatment),
        "unusable": len(meta.unusable),
        "repeated": sum(len(group) - 1 for group in meta.repeated),
        "sha256": meta.sha256,
        "seconds": meta.seconds,
    }


@contextmanager
def _data_root(root: Path | None) -> Iterator[None]:
    """Look for data in ``root``, if given."""
    before = os.environ.get("OGAN_BENCH_DATA")
    if root is not None:
        os.environ["OGAN_BENCH_DATA"] = str(root)
    try:
        yield
    finally:
        if before is not None:
            os.environ["OGAN_BENCH_DATA"] = before
        else:
            os.environ.pop("OGAN_BENCH_DATA", None)


def _sides(sides: Sides) -> str:
    """Sizes of images in words."""
    smallest, median, largest = sides
    if smallest == largest:
        return f"a shorter side of {smallest} pixels"
    return f"shorter sides of {smallest} to {largest} pixels (median {median:g})"


def _size(meta: Meta) -> str:
    left_out = f", {len(meta.unusable)} left out" if meta.unusable else ""
    repeated = sum(len(group) - 1 for group in meta.repeated)
    if repeated:
        left_out += f", {repeated} equal to another image"
    return f"{bytes_text(meta.size)}{left_out}, prepared in {meta.seconds:.1f} s"
