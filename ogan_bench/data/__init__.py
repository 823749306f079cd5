"""Datasets: images as uint8 tensors, and points in the plane."""

from collections.abc import Callable

from ogan_bench.data.base import Dataset, ImageShape
from ogan_bench.data.sources.celeba import celeba
from ogan_bench.data.sources.cifar import cifar10, cifar100
from ogan_bench.data.sources.digits import digits
from ogan_bench.data.sources.faces import celeba_hq, ffhq
from ogan_bench.data.sources.fashion_mnist import fashion_mnist
from ogan_bench.data.sources.image_folder import image_folder
from ogan_bench.data.sources.lsun import lsun
from ogan_bench.data.sources.mixtures import grid, ring
from ogan_bench.data.sources.mnist import mnist
from ogan_bench.data.sources.parquet import parquet
from ogan_bench.data.sources.shapes import shapes
from ogan_bench.data.sources.stacked_digits import stacked_digits
from ogan_bench.data.sources.stacked_mnist import stacked_mnist
from ogan_bench.data.sources.stl10 import stl10
from ogan_bench.data.sources.svhn import svhn

DATASETS: dict[str, Callable[..., Dataset]] = {
    "digits": digits,
    "stacked_digits": stacked_digits,
    "fashion_mnist": fashion_mnist,
    "mnist": mnist,
    "stacked_mnist": stacked_mnist,
    "cifar10": cifar10,
    "cifar100": cifar100,
    "svhn": svhn,
    "stl10": stl10,
    "celeba": celeba,
    "celeba_hq": celeba_hq,
    "ffhq": ffhq,
    "lsun": lsun,
    "image_folder": image_folder,
    "parquet": parquet,
    "shapes": shapes,
    "ring": ring,
    "grid": grid,
}

__all__ = ["DATASETS", "Dataset", "ImageShape"]
