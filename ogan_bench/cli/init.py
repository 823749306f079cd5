"""``ogan-bench init``: a study of somebody's own images."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from ogan_bench.cli.output import print_text, say

LARGEST = 64
"""Resolution in pixels that is chosen at most; more is for a GPU."""


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of image files.")],
    out: Annotated[
        Path | None, typer.Option(help="Study file. [default: the folder's name .yaml]")
    ] = None,
    resolution: Annotated[
        int | None, typer.Option(help="16, 32, 64 or 128 pixels. [default: by the images, to 64]")
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A parameter of image_folder."),
    ] = None,
) -> None:
    """Write a study of your own images: an O-GAN with and without its term, in five seeds.

    The images are looked at, and prepared once. What must happen to them, such as a crop or the
    removal of transparency, is written into the study, where it can be changed.

    \b
    Examples:
      ogan-bench init photos
      ogan-bench init photos --resolution 64 --set crop=centre
    """
    from ogan_bench.data.prepared.survey import survey
    from ogan_bench.data.reading.image_files import ImageFiles, find_images
    from ogan_bench.errors import UserError
    from ogan_bench.features.spaces import FEATURE_SPACES
    from ogan_bench.files import write_bytes
    from ogan_bench.study.arguments import parse_component
    from ogan_bench.study.data_place import located
    from ogan_bench.study.new_study import SIZES, SPACES, new_study
    from ogan_bench.study.parts import build

    place = folder.resolve()
    name = re.sub(r"[^a-z0-9]+", "_", place.name.lower()).strip("_") or "images"
    path = out or Path(f"{name}.yaml")
    if path.exists():
        raise UserError(f"{path}: exists already; name another file with --out")
    if place.is_file():
        raise UserError(f"{folder}: a file; name the folder of your images")
    if resolution is not None and resolution not in SIZES:
        raise UserError(f"--resolution {resolution}: one of {', '.join(map(str, SIZES))}")
    found = survey(ImageFiles(place, find_images(place)))
    if not found.side:
        reasons = "; ".join(f"{name}: {why}" for name, why in list(found.unusable.items())[:3])
        raise UserError(f"{folder}: no usable image among those looked at ({reasons or 'none'})")
    fitting = [size for size in SIZES if size <= min(found.side, LARGEST)]
    chosen = resolution or max(fitting, default=min(SIZES))
    from_file = os.path.relpath(place, path.resolve().parent)
    relative = from_file if from_file.startswith("../") else f"./{from_file}"
    data: dict[str, str | int] = {"name": "image_folder", "path": relative, **found.treatment}
    if not found.square:
        data["crop"] = "centre"
    for text in override or ():
        key, _, value = text.partition("=")
        data[key] = int(value) if value.isdigit() else value
    given = [f"{key}={value}" for key, value in data.items() if key != "name"]
    component = parse_component("datasets", "image_folder", [*given, f"resolution={chosen}"])
    dataset = build("datasets", located(component, path.resolve().parent))
    text = new_study(name, data, chosen, len(dataset.train), classes=bool(dataset.classes))
    write_bytes(path, text.encode())
    classes = f" of {len(dataset.classes)} classes" if dataset.classes else " without labels"
    print_text(
        f"{path}: {len(dataset.train):,} training and {len(dataset.test):,} test images{classes}, "
        f"{chosen} x {chosen} pixels"
    )
    for parameter, chosen_for_it in list(data.items())[2:]:  # beside name and path
        print_text(f"  {parameter}: {chosen_for_it}")
    try:
        FEATURE_SPACES[SPACES[bool(dataset.classes)]].weights()
    except ValueError as error:
        say(f"Before its first trial, or the quality of its samples has no value: {error}")
    say(f"Next: ogan-bench plan {path}; ogan-bench run {path}")
