"""Image files on disk: read as a trained encoder takes them, and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ogan_bench.data.prepared.decoding import Recipe, decode
from ogan_bench.data.prepared.treatment import UnusableError
from ogan_bench.data.reading.image_files import ARCHIVES, READ, SUFFIXES, find_images
from ogan_bench.errors import UserError
from ogan_bench.evaluation.image_arrays import image_array, read_arrays
from ogan_bench.files import replacing

GAP = 2
"""Pixels between the images of a strip."""
WHITE = 255


def read_images(path: Path, recipe: Recipe) -> tuple[list[str], npt.NDArray[np.uint8]]:
    """The images of a folder and its subfolders, of an .npz or .npy file, or one image.

    Args:
        path: The folder or the file.
        recipe: How to prepare image files.

    Returns:
        Their names, and uint8 pixels, channels last: ``(n, h, w, c)``.

    Raises:
        UserError: There are none, or one cannot be used.
    """
    if path.suffix in (".npz", ".npy"):
        images = image_array(path, read_arrays(path)).images.movedim(1, -1).numpy()
        return [f"{i:06d}.png" for i in range(len(images))], images
    folder, names = _found(path)
    pixels = []
    if not names:
        raise UserError(f"{path}: no image files")
    for name in names:
        try:
            pixels.append(decode((folder / name).read_bytes(), recipe).pixels)
        except (OSError, UnusableError) as error:
            raise UserError(
                f"{folder / name}: {error}; prepare it as the images of the training were"
            ) from None
    return names, np.stack(pixels).transpose(0, 2, 3, 1)


def _found(path: Path) -> tuple[Path, list[str]]:
    """A folder and the images in it, or of an image its folder and its name."""
    name = path.name.lower()
    if not path.is_file() or name.endswith(ARCHIVES):
        return path, find_images(path)
    if not name.endswith(SUFFIXES):
        raise UserError(f"{path}: no image; give {READ}, an .npz or .npy file, or a folder")
    return path.parent, [path.name]


def write_arrays(path: Path, arrays: dict[str, npt.NDArray[Any]]) -> None:
    """Write an .npz file that is read without unpickling anything.

    Raises:
        UserError: The folder cannot be written.
    """
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def write_images(
    out: Path,
    images: npt.NDArray[np.uint8],
    names: Sequence[str],
    arrays: Mapping[str, npt.NDArray[Any]] | None = None,
) -> None:
    """Write images to an .npz file, with other arrays, or as PNG files to a folder.

    Args:
        out: A file that ends in .npz, or a folder; it is made.
        images: uint8, shape ``(n, h, w, c)``.
        names: Names of the files in the folder; a suffix becomes .png.
        arrays: Further arrays of the .npz file.

    Raises:
        UserError: Two names are one without their suffixes, or the folder cannot be written.
    """
    if out.suffix == ".npz":
        write_arrays(out, {"images": images, **(arrays or {})})
        return
    paths = [(out / name).with_suffix(".png") for name in names]
    if len(set(paths)) < len(paths):
        raise UserError(f"{out}: two images would be written to one file; write an .npz instead")
    for path, image in zip(paths, images, strict=True):
        with replacing(path, durable=False) as temporary:
            pixels = image[..., 0] if image.shape[-1] == 1 else image
            Image.fromarray(pixels).save(temporary, format="PNG")


def strip(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Images ``(k, h, w, c)`` beside each other, with white gaps."""
    gapped = np.pad(images, ((0, 0), (0, 0), (0, GAP), (0, 0)), constant_values=WHITE)
    row: npt.NDArray[np.uint8] = np.concatenate([*gapped], axis=1)[:, :-GAP]
    return row
