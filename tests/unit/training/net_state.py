"""The state of trained nets."""

from __future__ import annotations

from torch import Tensor

from ogan_bench.training.loop import Trained


def state(trained: Trained) -> dict[str, Tensor]:
    return {
        f"{name}.{key}": value
        for name, net in trained.nets.named().items()
        for key, value in net.state_dict().items()
    }
