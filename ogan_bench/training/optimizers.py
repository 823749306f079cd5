"""Optimisers with the constants of the author's code as defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import nn


def rmsprop(
    parameters: Iterable[nn.Parameter],
    *,
    lr: PositiveFloat = 1e-4,
    alpha: Annotated[float, Field(ge=0, lt=1)] = 0.99,
    eps: PositiveFloat = 1e-7,
) -> torch.optim.Optimizer:
    """RMSprop without momentum: lr 1e-4 and alpha 0.99 in the author's code, Keras's eps 1e-7.

    References:
        J. Su, O-GAN, 2019, https://github.com/bojone/o-gan
    """
    return torch.optim.RMSprop(parameters, lr=lr, alpha=alpha, eps=eps)


def adam(
    parameters: Iterable[nn.Parameter],
    *,
    lr: PositiveFloat = 2e-4,
    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.5,
    beta2: Annotated[float, Field(ge=0, lt=1)] = 0.999,
    eps: NonNegativeFloat = 1e-8,
) -> torch.optim.Optimizer:
    """Adam with DCGAN's β1 = 0.5.

    References:
        D. Kingma and J. Ba, Adam, 2015, arXiv 1412.6980
        A. Radford, L. Metz and S. Chintala, DCGAN, 2016, arXiv 1511.06434
    """
    return torch.optim.Adam(parameters, lr=lr, betas=(beta1, beta2), eps=eps)


OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "rmsprop": rmsprop,
    "adam": adam,
}
