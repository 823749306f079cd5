"""GAN-QP: the plain GAN on whose loss O-GAN is built."""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveFloat

from ogan_bench.objectives.base import Objective
from ogan_bench.objectives.composed import composed
from ogan_bench.study.parts import component_of


def gan_qp(*, norm: Literal["l1", "l2"] = "l2", strength: PositiveFloat = 10.0) -> Objective:
    """GAN-QP, a plain GAN with its author's constants and no encoder beside the discriminator.

    E: Δ + Δ² / (2·strength·d(x, G(z))) with Δ = s(x) - s(G(z)).
    G: s(G(z)).

    d is the distance of each pair: the mean of |x - G(z)| over pixels for "l1", the root of the
    mean of (x - G(z))² for "l2". It passes no gradient. The quadratic term is not in G's loss,
    where it would pull G(z) towards the x that it happens to be paired with. The author writes
    T = -s.

    s is a linear map of the d outputs of E, so the discriminator has a bottleneck of d numbers that
    the author's does not have. They serve as the code, although nothing ties them to z: they show
    what a plain discriminator encodes. The author takes two steps of E for each step of G, and Adam
    with a learning rate of 2e-4 and β1 = 0.5.

    Args:
        norm: Distance of two images.
        strength: λ; 10 in the author's code.

    References:
        J. Su, GAN-QP: A Novel GAN Framework without Gradient Vanishing and Lipschitz Constraint,
        2018, https://arxiv.org/abs/1811.07296
    """
    potential = {"name": "quadratic_potential", "norm": norm, "weight": 1 / (2 * strength)}
    return composed(
        adversarial="linear",
        readout="head",
        consistency="none",
        penalty=component_of("penalties", potential),
    )
