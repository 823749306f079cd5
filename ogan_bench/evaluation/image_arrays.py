"""Batches of images as other tools write them: numpy's .npy and .npz files of uint8."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ogan_bench.errors import UserError

IMAGES = ("images", "arr_0")
"""Names of the images in an .npz file: ours, and numpy's default, which guided-diffusion uses."""
LABELS = ("labels", "arr_1")
"""Names of their classes, in the same order."""
STATISTICS = ("mu", "sigma")
"""Names of mean and covariance in the files of pytorch-fid and guided-diffusion."""
CHANNELS = (1, 3)

Arrays = dict[str, npt.NDArray[Any]]


class ImageArray(NamedTuple):
    """Images with their classes, if the file has any.

    Args:
        images: uint8, shape ``(n, c, h, w)``.
        labels: int64, shape ``(n,)``.
    """

    images: Tensor
    labels: Tensor | None


def read_arrays(path: Path, wanted: Collection[str] = (*IMAGES, *LABELS, *STATISTICS)) -> Arrays:
    """The arrays of an .npz file, or the one of an .npy file as ``images``; nothing is unpickled.

    Args:
        path: The file.
        wanted: Names of the arrays in an .npz file to read; it may hold others, which can be large.

    Raises:
        UserError: There is no such file, or it holds something else than plain numbers.
    """
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return {IMAGES[0]: loaded}
            return {name: loaded[name] for name in loaded.files if name in wanted}
    except FileNotFoundError:
        raise UserError(f"{path}: no such file or folder") from None
    except MemoryError as error:
        raise UserError(f"{path}: too large for the memory, or damaged ({error})") from None
    except (OSError, ValueError, TypeError, EOFError, KeyError, BadZipFile) as error:
        raise UserError(f"{path}: not an .npz or .npy file of plain numbers ({error})") from None


def holds_images(arrays: Arrays) -> bool:
    """Whether images are among the arrays, alone or beside statistics of them."""
    return bool(set(IMAGES) & set(arrays))


def holds_statistics(arrays: Arrays) -> bool:
    """Whether a mean and a covariance are among the arrays."""
    return set(STATISTICS) <= set(arrays)


def image_array(path: Path, arrays: Arrays) -> ImageArray:
    """The images among the arrays of a file, with channels first or last.

    Args:
        path: The file, for messages.
        arrays: As from :func:`read_arrays`.

    Raises:
        UserError: There are none, they are not uint8, their layout is not clear, or the labels are
            not one integer per image.
    """
    name = next((name for name in IMAGES if name in arrays), None)
    if name is None:
        raise UserError(f"{path}: no array {' or '.join(map(repr, IMAGES))} in it")
    images = arrays[name]
    if np.issubdtype(images.dtype, np.floating):
        raise UserError(
            f"{path}: {name!r} is {images.dtype}; save the pixels as they would be in a PNG file: "
            "scale them to [0, 255], round, clip and convert to uint8"
        )
    if images.dtype != np.uint8 or images.ndim != 4 or len(images) == 0:
        raise UserError(
            f"{path}: {name!r} is {images.dtype} {images.shape}; it must be uint8, (n, h, w, c) or "
            "(n, c, h, w) with 1 or 3 channels"
        )
    first, last = images.shape[1] in CHANNELS, images.shape[3] in CHANNELS
    if first == last:
        why = "both layouts fit" if first else "no axis has 1 or 3 channels"
        raise UserError(
            f"{path}: {name!r} is {images.shape}: {why}; it must be (n, h, w, c) or (n, c, h, w) "
            "with 1 or 3 channels"
        )
    if last:
        images = images.transpose(0, 3, 1, 2)
    pixels = torch.from_numpy(np.ascontiguousarray(images))
    return ImageArray(pixels, _labels(path, arrays, len(images)))


def _labels(path: Path, arrays: Arrays, count: int) -> Tensor | None:
    name = next((name for name in LABELS if name in arrays), None)
    if name is None:
        return None
    labels = arrays[name]
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != (count,):
        raise UserError(
            f"{path}: {name!r} is {labels.dtype} {labels.shape}; labels are one integer per image, "
            f"({count},)"
        )
    if (labels > np.iinfo(np.int64).max).any():
        raise UserError(f"{path}: {name!r} has a label above 2^63 - 1")
    return torch.from_numpy(labels.astype(np.int64))
