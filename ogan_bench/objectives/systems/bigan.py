"""BiGAN and ALI: a critic of pairs, which tells (x, E(x)) from (G(z), z)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn.functional import softplus

from ogan_bench.models.base import Architecture, mlp
from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Nets, Noise, normal
from ogan_bench.objectives.systems.critic_game import computed
from ogan_bench.objectives.systems.gaussian_encoder import gaussian


class JointCritic(nn.Module):
    """s(x, code) = MLP([T(x), code]) with an encoder T to d numbers.

    Args:
        architecture: Builds T.
        hidden: Width of the two hidden layers.
    """

    def __init__(self, architecture: Architecture, hidden: int) -> None:
        super().__init__()
        d = architecture.z_dim
        self.trunk = architecture.encoder(d)
        self.joint = mlp(2 * d, 1, hidden=hidden, layers=2)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Scores of pairs, shape ``(n,)``."""
        scores: Tensor = self.joint(torch.cat([self.trunk(x), code], dim=1))
        return scores[:, 0]


class PairObjective(Objective):
    """An objective with a critic of pairs of an image and a code.

    Subclasses provide ``hidden``, the width of its joint layers.
    """

    hidden: int

    updated_first = ("critic",)

    def build(self, architecture: Architecture) -> Nets:
        return Nets(
            architecture.encoder(self.outputs(architecture.z_dim)),
            architecture.generator(),
            JointCritic(architecture, self.hidden),
        )

    def outputs(self, d: int) -> int:
        """Width of E's output."""
        return d

    def code_real(self, batch: ForwardPass) -> Tensor:
        """Codes of the real images, as the critic sees them, shape ``(n, d)``."""
        return self.code(batch.e_real, batch.z.shape[1])

    def score_real(self, batch: ForwardPass) -> Tensor:
        """s(x, E(x)), shape ``(n,)``."""
        return batch.once("score_real", lambda: batch.critic(batch.x, self.code_real(batch)))

    def score_fake(self, batch: ForwardPass) -> Tensor:
        """s(G(z), z), shape ``(n,)``."""
        return batch.once("score_fake", lambda: batch.critic(batch.x_fake, batch.z))

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        return computed(batch, self, "score_real", "score_fake")


@dataclass(frozen=True)
class BiGAN(PairObjective):
    """See :func:`bigan`.

    Args:
        stochastic: Whether codes are drawn from the distribution that E outputs.
        hidden: Width of the critic's joint layers.
    """

    stochastic: bool
    hidden: int

    def outputs(self, d: int) -> int:
        return 2 * d if self.stochastic else d

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        return {"posterior real": normal(n, d)} if self.stochastic else {}

    def code_real(self, batch: ForwardPass) -> Tensor:
        if not self.stochastic:
            return super().code_real(batch)
        posterior = gaussian(batch.e_real, batch.z.shape[1])
        return posterior.sample(batch.noise("posterior real"))

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        return {"adversarial": softplus(-self.score_real(batch))}

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        return {"adversarial": softplus(self.score_fake(batch))}

    def critic_loss(self, batch: ForwardPass) -> LossTerms:
        real, fake = self.score_real(batch), self.score_fake(batch)
        return {"adversarial": softplus(real) + softplus(-fake)}


def bigan(
    *,
    encoder: Literal["deterministic", "gaussian"] = "deterministic",
    hidden: PositiveInt = 1024,
) -> Objective:
    """BiGAN: a critic of pairs tells (x, E(x)) from (G(z), z), and E and G fool it.

    Critic: log(1 + e^s(x, E(x))) + log(1 + e^-s(G(z), z)).
    E: log(1 + e^-s(x, E(x))).
    G: log(1 + e^s(G(z), z)).

    E and G minimise the critic's loss with swapped labels, one half each. Nothing compares E(G(z))
    with z or G(E(x)) with x: that E inverts G follows only at the optimum. The critic is an encoder
    to d numbers, whose output and the code go through two layers of ``hidden`` units. It sees the
    two kinds of pairs as separate batches. The paper's constants: Adam with a learning rate of 2e-4
    and β1 = 0.5, batches of 128, uniform z.

    Args:
        encoder: "gaussian" is the encoder of ALI.
        hidden: Width of the critic's joint layers.

    References:
        J. Donahue, P. Krähenbühl and T. Darrell, Adversarial Feature Learning, 2017,
        https://arxiv.org/abs/1605.09782
    """
    return BiGAN(stochastic=encoder == "gaussian", hidden=hidden)


def ali(*, hidden: PositiveInt = 1024) -> Objective:
    """ALI, adversarially learned inference: BiGAN with a stochastic encoder.

    Critic: log(1 + e^s(x, ẑ)) + log(1 + e^-s(G(z), z)) with ẑ = μ + σ ε.
    E: log(1 + e^-s(x, ẑ)).
    G: log(1 + e^s(G(z), z)).

    E(x) is μ and log σ², ε is standard normal, and the code that is evaluated is μ. The authors
    update all nets at once, show the critic both kinds of pairs as one batch (here batch norm sees
    them separately), apply dropout of 0.2 to its inputs (left out here), and use Adam with a
    learning rate of 1e-4 and β1 = 0.5, and batches of 100.

    Args:
        hidden: Width of the critic's joint layers.

    References:
        V. Dumoulin et al., Adversarially Learned Inference, 2017, https://arxiv.org/abs/1606.00704
    """
    return BiGAN(stochastic=True, hidden=hidden)
