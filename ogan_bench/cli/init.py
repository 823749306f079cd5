"""``ogan-bench init``: a study of somebody's own images, and its first plan."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ogan_bench.cli.options import RESULTS, Device, Json, read_study
from ogan_bench.cli.output import print_json, print_text, say
from ogan_bench.cli.plan import Timing, planned, print_plan

if TYPE_CHECKING:
    from ogan_bench.features.feature_space import FeatureSpace

LARGEST = 64
"""Resolution in pixels that is chosen at most; more is for a GPU."""
LARGE = "large"
"""The scale of a written study that takes more of the images' pixels."""


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
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Write a study of your own images: an O-GAN with and without its term, in seven seeds.

    The images are looked at, and prepared once. What must happen to them, such as a crop or the
    removal of transparency, is written into the study, where it can be changed. Images that have
    more pixels than the study takes get a scale for them, which is suggested where there is a GPU.

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
    from ogan_bench.runner.devices import slots
    from ogan_bench.study.arguments import parse_component
    from ogan_bench.study.data_place import located
    from ogan_bench.study.new_study import SIZES, SPACES, new_study
    from ogan_bench.study.parts import build

    place = folder.resolve()
    called = out.stem if out else place.name
    name = re.sub(r"[^a-z0-9]+", "_", called.lower()).strip("_") or "images"
    path = out or Path(f"{name}.yaml")
    if path.exists():
        raise UserError(f"{path}: exists already; name another file with --out")
    if place.is_file():
        raise UserError(f"{folder}: a file; name the folder of your images")
    if resolution is not None and resolution not in SIZES:
        raise UserError(f"--resolution {resolution}: one of {', '.join(map(str, SIZES))}")
    on_gpu = slots(device, 1, 1)[0] != "cpu"
    found = survey(ImageFiles(place, find_images(place)))
    if not found.side:
        reasons = "; ".join(f"{name}: {why}" for name, why in list(found.unusable.items())[:3])
        raise UserError(f"{folder}: no usable image among those looked at ({reasons or 'none'})")
    fitting = [size for size in SIZES if size <= found.side]
    chosen = resolution or max((size for size in fitting if size <= LARGEST), default=min(SIZES))
    larger = max((size for size in fitting if size > chosen), default=None)
    from_file = os.path.relpath(place, path.resolve().parent)
    relative = from_file if from_file.startswith("../") else f"./{from_file}"
    data: dict[str, str | int] = {"name": "image_folder", "path": relative, **found.treatment}
    if not found.square:
        data["crop"] = "centre"
    if found.smallest < (larger or chosen):
        data["small"] = "enlarge"
    if found.grey:
        data["channels"] = 1
    for text in override or ():
        key, _, value = text.partition("=")
        data[key] = int(value) if value.isdigit() else value
    given = [f"{key}={value}" for key, value in data.items() if key != "name"]
    component = parse_component("datasets", "image_folder", [*given, f"resolution={chosen}"])
    dataset = build("datasets", located(component, path.resolve().parent))
    has_classes = bool(dataset.classes)
    text = new_study(name, data, chosen, len(dataset.train), classes=has_classes, larger=larger)
    write_bytes(path, text.encode())
    scale = LARGE if larger and on_gpu else None
    statement, wanted = read_study(path, scale, None, None, None)
    facts = planned(statement, wanted, RESULTS, timing=Timing.MEASURED, device=device)
    missing = _missing(FEATURE_SPACES[SPACES[has_classes]])
    parameters = {key: value for key, value in data.items() if key not in ("name", "path")}
    follow = _next(path, scale, is_timed=facts["slots"] is not None)
    if as_json:
        print_json(
            {
                "study": str(path),
                "train": len(dataset.train),
                "test": len(dataset.test),
                "classes": list(dataset.classes),
                "shape": list(dataset.shape),
                "looked_at": found.looked_at,
                "median_side": found.side,
                "grey": found.grey,
                "parameters": parameters,
                "scales": ["smoke", *([LARGE] if larger else [])],
                "suggested_scale": scale,
                "missing": missing,
                "plan": facts,
                "next": follow,
            }
        )
        return
    classes = f" of {len(dataset.classes)} classes" if has_classes else " without labels"
    print_text(
        f"{path}: {len(dataset.train):,} training and {len(dataset.test):,} test images{classes}, "
        f"{chosen} x {chosen} pixels, {_colours(found.grey, dataset.shape.channels)}"
    )
    for parameter, chosen_for_it in parameters.items():
        print_text(f"  {parameter}: {chosen_for_it}")
    if larger:
        print_text(
            f"  scale {LARGE}: {larger} x {larger} pixels, for a GPU; half of the images are at "
            f"least {found.side:g} pixels wide and high"
        )
    print_text("")
    print_plan(facts, RESULTS, is_best=True)
    if missing:
        say(f"Before its first trial, or the quality of its samples has no value: {missing}")
    say("Next: " + "\n      ".join(follow))


def _colours(grey: bool, channels: int) -> str:
    """What colours the images have, and how many channels are trained on."""
    kind = "grey" if grey else "in colour"
    made = ", made grey" if channels == 1 and not grey else ""
    return f"{kind}{made} ({channels} channel{'s' * (channels > 1)})"


def _missing(space: FeatureSpace[Any]) -> str | None:
    """Why the features in which samples are compared cannot be had, if they cannot."""
    from ogan_bench.errors import NoValueError

    try:
        space.weights()
    except NoValueError as error:
        return str(error)
    return None


def _next(path: Path, scale: str | None, *, is_timed: bool) -> list[str]:
    """The commands that follow: does it work, how long will it take, do it."""
    study = shlex.quote(str(path))
    whole = study + (f" --scale {scale}" if scale else "")
    plan = [] if is_timed else [f"ogan-bench plan {whole}"]
    return [f"ogan-bench run {study} --scale smoke", *plan, f"ogan-bench run {whole}"]
