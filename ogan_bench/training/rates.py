"""Learning rates of their own for some groups of parameters.

An optimiser that divides a gradient by its running size moves every parameter by about its learning
rate. That is little for what starts at zero and has to grow: class vectors with 1e-4 a step are
still short after a thousand steps, and the nets ignore the classes.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from ogan_bench.errors import UserError
from ogan_bench.objectives.forward_pass import Nets
from ogan_bench.study.parts import Component, build
from ogan_bench.study.settings import RateGroup

Rates = Mapping[RateGroup, float]
"""Group to the factor on its learning rate."""

HOW_TO_HAVE: dict[RateGroup, str] = {
    "class_vectors": "choose model.modulation class or additive, or objective.readout projection",
    "score_head": "choose objective.readout head",
    "mapping": "choose objective lia or alae",
}
"""What brings parameters of a group."""


def group_of(net: nn.Module) -> dict[nn.Parameter, RateGroup]:
    """The group of every parameter that has one.

    * ``class_vectors``: embeddings of classes, in conditional norms and in the projection score;
    * ``score_head``: what computes the score from the code, the class vectors apart;
    * ``mapping``: what maps z to w, in generators that do.
    """
    found: dict[nn.Parameter, RateGroup] = {}
    parts: tuple[RateGroup, ...] = ("score_head", "mapping")
    for name in parts:
        part = getattr(net, name, None)
        if isinstance(part, nn.Module):
            found |= dict.fromkeys(part.parameters(), name)
    for module in net.modules():
        if isinstance(module, nn.Embedding):
            found |= dict.fromkeys(module.parameters(), "class_vectors")
    return found


def check_rates(rates: Rates, nets: Nets) -> None:
    """Reject a rate that nothing would be trained with.

    Raises:
        UserError: Names the group and the settings that would bring its parameters.
    """
    present = {group for net in nets.named().values() for group in group_of(net).values()}
    for group in rates:
        if group not in present:
            raise UserError(
                f"training.rates.{group}: no net has such parameters; {HOW_TO_HAVE[group]}, or "
                "leave this rate out"
            )


def build_optimizer(optimizer: Component, net: nn.Module, rates: Rates) -> torch.optim.Optimizer:
    """The optimiser of a net, with its learning rate times a factor for each group.

    Args:
        optimizer: The part and its parameters.
        net: Its parameters that require a gradient are trained.
        rates: Factors; groups that the net does not have are left aside.
    """
    trained, groups = [p for p in net.parameters() if p.requires_grad], group_of(net)
    by_factor: dict[float, list[nn.Parameter]] = {}
    for parameter in trained:
        group = groups.get(parameter)
        factor = 1.0 if group is None else rates.get(group, 1.0)
        by_factor.setdefault(factor, []).append(parameter)
    parts = [{"params": parameters} for parameters in by_factor.values()]
    built: torch.optim.Optimizer = build("optimizers", optimizer, parts if rates else trained)
    if rates:
        for part, factor in zip(built.param_groups, by_factor, strict=True):
            part["lr"] *= factor
    return built
