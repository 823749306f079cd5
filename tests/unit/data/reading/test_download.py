"""Messages for datasets that can neither be found nor downloaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torchvision.datasets as published

from ogan_bench.data import DATASETS
from ogan_bench.errors import UserError

DOWNLOADS = [
    ("mnist", "MNIST", r"MNIST is not in .*MNIST/raw.*train-images-idx3-ubyte\.gz"),
    ("stacked_mnist", "MNIST", "MNIST is not in"),
    ("cifar10", "CIFAR10", r"neither in .*-py nor in .*-bin.*cifar-10-python\.tar\.gz"),
    ("cifar100", "CIFAR100", r"neither in .*-python nor in .*-binary.*cifar-100-python"),
    ("svhn", "SVHN", r"SVHN is neither in .*test_32x32\.mat"),
    ("stl10", "STL10", r"STL-10 is not in .*stl10_binary.*stl10_binary\.tar\.gz"),
]


@pytest.mark.parametrize(("name", "kind", "message"), DOWNLOADS)
@pytest.mark.parametrize("error", [RuntimeError, ConnectionError])
def test_without_disk_and_network_the_message_says_what_to_do(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    kind: str,
    message: str,
    error: type[Exception],
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error("no network")

    monkeypatch.setattr(getattr(published, kind), "download", refuse)
    with pytest.raises(UserError, match=message) as caught:
        DATASETS[name]()
    assert "(no network)" in str(caught.value)
    assert "OGAN_BENCH_DATA" in str(caught.value)
