"""Optimisers with the constants of the author's code as defaults.

On nets as small as those of most studies, torch's own optimisers spend more time in Python than in
arithmetic, and its Adam counts its steps on the host. These update all parameters of a net in a few
calls, and everything that changes from step to step stays on the device.
"""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import Tensor, nn

Constants = Mapping[str, Any]
"""Learning rate and the like; a learning rate that changes is a tensor without dimensions."""

Tensors = list[Tensor]


class Foreach(torch.optim.Optimizer):
    """An optimiser that updates all its parameters together.

    A parameter without a gradient keeps its value and its state.

    Args:
        parameters: The parameters of one net.
        constants: Learning rate and the like.
    """

    state_names: tuple[str, ...]
    """Names of the tensors that it keeps for a parameter, zero before the first step."""

    # Torch hides these from its compiler, and imports that, in seconds, when the first is called.
    add_param_group = inspect.unwrap(torch.optim.Optimizer.add_param_group)
    load_state_dict = inspect.unwrap(torch.optim.Optimizer.load_state_dict)
    state_dict = inspect.unwrap(torch.optim.Optimizer.state_dict)
    zero_grad = inspect.unwrap(torch.optim.Optimizer.zero_grad)

    def __init__(self, parameters: Iterable[nn.Parameter], **constants: float) -> None:
        super().__init__(parameters, constants)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters from their gradients."""
        for group in self.param_groups:
            pairs = [(p, p.grad) for p in group["params"] if p.grad is not None]
            if pairs:
                moved, slopes = map(list, zip(*pairs, strict=True))
                kept = [self._kept(parameter) for parameter in moved]
                states = ([state[name] for state in kept] for name in self.state_names)
                self.update(group, moved, slopes, *states)

    def _kept(self, parameter: Tensor) -> dict[str, Tensor]:
        kept: dict[str, Tensor] = self.state[parameter]
        if not kept:
            for name in self.state_names:
                counts = name == "step"
                kept[name] = parameter.new_zeros(()) if counts else torch.zeros_like(parameter)
        return kept

    @abstractmethod
    def update(self, group: Constants, moved: Tensors, slopes: Tensors, *states: Tensors) -> None:
        """Update parameters and states in place.

        Args:
            group: Learning rate and the like.
            moved: The parameters with a gradient.
            slopes: Their gradients g.
            states: For each of :attr:`state_names`, a tensor for each parameter.
        """


class RMSprop(Foreach):
    """See :func:`rmsprop`."""

    state_names = ("square_avg",)

    def update(self, group: Constants, moved: Tensors, slopes: Tensors, *states: Tensors) -> None:
        (squares,) = states
        alpha = group["alpha"]
        torch._foreach_mul_(squares, alpha)
        torch._foreach_addcmul_(squares, slopes, slopes, 1 - alpha)
        roots = torch._foreach_sqrt(squares)
        torch._foreach_add_(roots, group["eps"])
        _add_quotients(moved, slopes, roots, -group["lr"])


class Adam(Foreach):
    """See :func:`adam`."""

    state_names = ("step", "exp_avg", "exp_avg_sq")

    def update(self, group: Constants, moved: Tensors, slopes: Tensors, *states: Tensors) -> None:
        steps, means, squares = states
        beta1, beta2 = group["beta1"], group["beta2"]
        torch._foreach_add_(steps, 1)
        torch._foreach_lerp_(means, slopes, 1 - beta1)
        torch._foreach_mul_(squares, beta2)
        torch._foreach_addcmul_(squares, slopes, slopes, 1 - beta2)

        # lr·m̂ / (√v̂ + ε) = m / ((√v / √(1 - β2^t) + ε)·(1 - β1^t) / lr)
        correction1 = torch._foreach_pow(beta1, steps)
        torch._foreach_sub_(correction1, 1)  # its negative, as θ moves against m
        correction2 = torch._foreach_pow(beta2, steps)
        torch._foreach_neg_(correction2)
        torch._foreach_add_(correction2, 1)
        torch._foreach_sqrt_(correction2)
        divisors = torch._foreach_sqrt(squares)
        torch._foreach_div_(divisors, correction2)
        torch._foreach_add_(divisors, group["eps"])
        torch._foreach_mul_(divisors, correction1)
        _add_quotients(moved, means, divisors, group["lr"])


def rmsprop(
    parameters: Iterable[nn.Parameter],
    *,
    lr: PositiveFloat = 1e-4,
    alpha: Annotated[float, Field(ge=0, lt=1)] = 0.99,
    eps: PositiveFloat = 1e-7,
) -> torch.optim.Optimizer:
    """RMSprop without momentum: lr 1e-4 and alpha 0.99 in the author's code, Keras's eps 1e-7.

    v ← αv + (1 - α)g²;  θ ← θ - lr·g / (√v + ε), where g is the gradient and v starts at 0.

    Args:
        parameters: Of one net.
        lr: Learning rate.
        alpha: α, how much of v is kept.
        eps: ε.

    References:
        J. Su, O-GAN, 2019, https://github.com/bojone/o-gan
    """
    return RMSprop(parameters, lr=lr, alpha=alpha, eps=eps)


def adam(
    parameters: Iterable[nn.Parameter],
    *,
    lr: PositiveFloat = 2e-4,
    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.5,
    beta2: Annotated[float, Field(ge=0, lt=1)] = 0.999,
    eps: NonNegativeFloat = 1e-8,
) -> torch.optim.Optimizer:
    """Adam with DCGAN's β1 = 0.5.

    m ← β1 m + (1 - β1)g;  v ← β2 v + (1 - β2)g²;  θ ← θ - lr·m̂ / (√v̂ + ε), where g is the gradient,
    m and v start at 0, and after t steps m̂ = m / (1 - β1^t) and v̂ = v / (1 - β2^t).

    Args:
        parameters: Of one net.
        lr: Learning rate.
        beta1: β1, how much of m is kept.
        beta2: β2, how much of v is kept.
        eps: ε.

    References:
        D. Kingma and J. Ba, Adam, 2015, arXiv 1412.6980
        A. Radford, L. Metz and S. Chintala, DCGAN, 2016, arXiv 1511.06434
    """
    return Adam(parameters, lr=lr, beta1=beta1, beta2=beta2, eps=eps)


OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "rmsprop": rmsprop,
    "adam": adam,
}


def _add_quotients(
    moved: Tensors,
    dividends: Tensors,
    divisors: Tensors | tuple[Tensor, ...],
    factor: float | Tensor,
) -> None:
    """θ ← θ + factor · dividend / divisor."""
    if not isinstance(factor, Tensor):
        torch._foreach_addcdiv_(moved, dividends, divisors, factor)
        return
    quotients = torch._foreach_div(dividends, divisors)
    torch._foreach_mul_(quotients, factor)
    torch._foreach_add_(moved, quotients)
