"""Datasets: images as uint8 tensors, and points of the plane."""

from collections.abc import Callable

from ogan_bench.data.base import Dataset, ImageShape
from ogan_bench.data.digits import digits
from ogan_bench.data.fashion_mnist import fashion_mnist
from ogan_bench.data.image_folder import image_folder
from ogan_bench.data.mixtures import grid, ring
from ogan_bench.data.stacked_digits import stacked_digits

DATASETS: dict[str, Callable[..., Dataset]] = {
    "digits": digits,
    "stacked_digits": stacked_digits,
    "fashion_mnist": fashion_mnist,
    "image_folder": image_folder,
    "ring": ring,
    "grid": grid,
}

__all__ = ["DATASETS", "Dataset", "ImageShape"]
