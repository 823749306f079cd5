"""Commands that use a trained encoder: ``export``, ``encode``, ``reconstruct``, ``interpolate``,
``sample``."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ogan_bench.cli import completion
from ogan_bench.cli.options import Plugins
from ogan_bench.cli.output import print_text

if TYPE_CHECKING:
    from ogan_bench.encoder.programs import Form
    from ogan_bench.encoder.trained_encoder import TrainedEncoder

Trial = Annotated[
    str,
    typer.Argument(
        metavar="TRIAL",
        autocompletion=completion.encoders,
        help="A trial's folder, an exported one, one that holds a single encoder, a URL of these, "
        "or digits, fashion_mnist or stacked_digits.",
    ),
]
Images = Annotated[
    Path,
    typer.Argument(
        metavar="IMAGES", help="A folder of image files, an .npz or .npy file, or one image."
    ),
]
Device = Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")]
Batch = Annotated[int, typer.Option("--batch", min=1, help="Images per forward pass.")]
Out = Annotated[
    Path, typer.Option("--out", metavar="PATH", help="An .npz file, or a folder for PNG files.")
]
Label = Annotated[
    int | None, typer.Option("--class", help="Class to decode with, for a conditional generator.")
]
BATCH = 256


class To(StrEnum):
    """What `export` writes, and where it takes it."""

    safetensors = "safetensors"
    program = "program"
    onnx = "onnx"
    hub = "hub"


def export(
    trial: Trial,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            metavar="PLACE",
            help="A new or empty folder, or a URL of one; with --to hub USER/NAME.",
        ),
    ],
    to: Annotated[
        list[To] | None,
        typer.Option(
            help="safetensors, which is always written; also programs that need no ogan-bench, of "
            "torch.export or ONNX; hub: to a repository that you have made on the Hugging Face Hub."
        ),
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Hand a trained encoder on: weights as safetensors, settings as JSON, and a model card.

    The card has the trial's results, and what its study has decided about its arm.

    \b
    Examples:
      ogan-bench export results/mse_vs_pearson/pearson/seed-120 --out my_encoder
      ogan-bench export results/mse_vs_pearson/pearson/seed-120 --out my_encoder --to onnx
      ogan-bench export my_encoder --to hub --out USER/my_encoder
    In Python, ogan_bench.load_encoder("my_encoder") loads it: without data and study.
    """
    from ogan_bench.analysis.arm_verdicts import verdicts_on_trial
    from ogan_bench.encoder.export import CARD
    from ogan_bench.encoder.export import export as write
    from ogan_bench.errors import UserError
    from ogan_bench.remote import delivered, fetched, is_taken, is_url

    kinds = to or []
    if To.hub in kinds:
        out = _on_the_hub(out)
    if is_url(out) and is_taken(f"{out}/{CARD}"):
        raise UserError(f"{out}: has a {CARD} already; name another")
    folder = fetched(trial)
    verdicts = verdicts_on_trial(folder)
    with delivered(out) as place:
        written = write(folder, place, plugin or (), _programs(kinds), verdicts)
    for path in written:
        print_text(f"{out}/{path.relative_to(place).as_posix()}")


def _on_the_hub(out: str) -> str:
    """The URL of a repository on the Hugging Face Hub."""
    from ogan_bench.errors import UserError

    name = out.removeprefix("hf://").rstrip("/")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name) or name.startswith("."):
        raise UserError(
            f"--to hub: {out} is no repository; give --out USER/NAME of one that you have made on "
            "the Hugging Face Hub"
        )
    return f"hf://{name}"


def _programs(kinds: list[To]) -> list[Form]:
    forms: dict[To, Form] = {To.program: "program", To.onnx: "onnx"}
    return [forms[kind] for kind in kinds if kind in forms]


def encode(
    trial: Trial,
    images: Images,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The .npz file to write.")],
    features: Annotated[
        bool, typer.Option("--features", help="The input of E's last layer, instead of codes.")
    ] = False,
    raw: Annotated[bool, typer.Option("--raw", help="E(x), not as G takes it.")] = False,
    device: Device = "cpu",
    batch: Batch = BATCH,
    plugin: Plugins = None,
) -> None:
    """Write the codes of images: arrays codes (n, d) and names (n,).

    \b
    Example:
      ogan-bench encode results/mse_vs_pearson/pearson/seed-120 photos --out codes.npz
    """
    import numpy as np

    from ogan_bench.encoder.image_files import read_images, write_arrays
    from ogan_bench.errors import UserError

    if features and raw:
        raise UserError("--features and --raw: choose one")
    if out.suffix != ".npz":
        raise UserError(f"--out: {out} has to end in .npz")
    encoder = _load(trial, device, batch, plugin)
    names, pixels = read_images(images, encoder.recipe)
    found = encoder.features(pixels) if features else encoder(pixels, projected=not raw)
    write_arrays(out, {"features" if features else "codes": found, "names": np.array(names)})
    print_text(f"{out}: {found.shape[0]:,} x {found.shape[1]}")


def reconstruct(
    trial: Trial,
    images: Images,
    out: Out,
    label: Label = None,
    device: Device = "cpu",
    batch: Batch = BATCH,
    plugin: Plugins = None,
) -> None:
    """Encode images and decode their codes.

    \b
    Example:
      ogan-bench reconstruct results/mse_vs_pearson/pearson/seed-120 photos --out again
    """
    import numpy as np

    from ogan_bench.encoder.image_files import read_images, write_images

    encoder = _load(trial, device, batch, plugin)
    names, pixels = read_images(images, encoder.recipe)
    write_images(out, encoder.reconstruct(pixels, label), names, {"names": np.array(names)})
    print_text(f"{out}: {len(names):,} reconstructions")


def interpolate(
    trial: Trial,
    images: Images,
    out: Out,
    steps: Annotated[int, typer.Option(min=2, help="Images of a path, both ends included.")] = 9,
    label: Label = None,
    device: Device = "cpu",
    batch: Batch = BATCH,
    plugin: Plugins = None,
) -> None:
    """Decode the path from each image to the next one, in the order of their names.

    A folder gets a strip of each path; an .npz file has the images (n, steps, h, w, c).

    \b
    Example:
      ogan-bench interpolate results/mse_vs_pearson/pearson/seed-120 photos --out walk --steps 7
    """
    import numpy as np

    from ogan_bench.encoder.image_files import read_images, strip, write_images
    from ogan_bench.errors import UserError

    encoder = _load(trial, device, batch, plugin)
    names, pixels = read_images(images, encoder.recipe)
    if len(names) < 2:
        raise UserError(f"{images}: one image; a path needs two")
    paths = encoder.interpolate(pixels[:-1], pixels[1:], steps, label)
    if out.suffix == ".npz":
        write_images(out, paths, names[1:], {"names": np.array(names)})
    else:
        strips = np.stack([strip(path) for path in paths])
        write_images(out, strips, [f"path-{i:04d}.png" for i in range(len(strips))])
    print_text(f"{out}: {len(paths):,} paths of {steps} images")


def sample(
    trial: Trial,
    out: Out,
    count: Annotated[int, typer.Option("-n", min=1, help="Number of images.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws from the prior.")] = 0,
    label: Label = None,
    device: Device = "cpu",
    batch: Batch = BATCH,
    plugin: Plugins = None,
) -> None:
    """Generate images: an .npz with images (n, h, w, c), which `evaluate --generated` reads.

    A conditional generator draws classes as frequent as in its training images.

    \b
    Example:
      ogan-bench sample results/mse_vs_pearson/pearson/seed-120 -n 10000 --out samples.npz
    """
    import numpy as np

    from ogan_bench.encoder.image_files import write_images

    encoder = _load(trial, device, batch, plugin)
    labels = {}
    if encoder.pair.generator.conditional:
        classes = encoder.classes_of_samples(count, seed)
        labels = {"labels": classes if label is None else np.full(count, label)}
    images = encoder.sample(count, seed, labels.get("labels", label))
    write_images(out, images, [f"{i:06d}.png" for i in range(count)], labels)
    print_text(f"{out}: {count:,} samples")


def _load(trial: str, device: str, batch: int, plugin: list[Path] | None) -> TrainedEncoder:
    from ogan_bench.encoder.load import load_encoder
    from ogan_bench.errors import UserError

    encoder = load_encoder(trial, device=device, batch_size=batch, plugins=plugin or ())
    if encoder.trained_on.are_points:
        raise UserError(f"{trial}: of points, not of images; use it from Python (load_encoder)")
    return encoder
