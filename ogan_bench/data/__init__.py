"""Image datasets as uint8 tensors."""

from collections.abc import Callable

from ogan_bench.data.base import Dataset, ImageShape
from ogan_bench.data.digits import digits
from ogan_bench.data.fashion_mnist import fashion_mnist

DATASETS: dict[str, Callable[..., Dataset]] = {
    "digits": digits,
    "fashion_mnist": fashion_mnist,
}

__all__ = ["DATASETS", "Dataset", "ImageShape"]
