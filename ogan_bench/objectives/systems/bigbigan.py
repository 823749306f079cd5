"""BigBiGAN: BiGAN's critic of pairs, which also judges images and codes each on their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn.functional import relu

from ogan_bench.models.base import Architecture, mlp
from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Nets
from ogan_bench.objectives.systems.bigan import BiGAN
from ogan_bench.objectives.systems.critic_game import computed


class UnaryCritic(nn.Module):
    """Scores of a pair, J([F(x), H(code)]), of its image, u·F(x), and of its code, v·H(code).

    F is an encoder to d numbers, H has two hidden layers and d outputs, J two hidden layers.

    Args:
        architecture: Builds F.
        hidden: Width of the hidden layers of H and J.
        unary: Whether the image and the code have scores of their own.
    """

    def __init__(self, architecture: Architecture, hidden: int, *, unary: bool) -> None:
        super().__init__()
        d = architecture.z_dim
        self.trunk = architecture.encoder(d)
        self.of_code = mlp(d, d, hidden=hidden, layers=2)
        self.joint = mlp(2 * d, 1, hidden=hidden, layers=2)
        self.alone = nn.ModuleList(nn.Linear(d, 1) for _ in range(2 if unary else 0))

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Shape ``(n, 3)``: of the pair, the image and the code; or ``(n, 1)``: of the pair."""
        seen = [self.trunk(x), self.of_code(code)]
        alone = [head(features) for head, features in zip(self.alone, seen, strict=False)]
        return torch.cat([self.joint(torch.cat(seen, dim=1)), *alone], dim=1)


@dataclass(frozen=True)
class BigBiGAN(BiGAN):
    """See :func:`bigbigan`.

    Args:
        unary: Whether the critic scores images and codes each on their own.
    """

    unary: bool

    def build(self, architecture: Architecture) -> Nets:
        return Nets(
            architecture.encoder(self.outputs(architecture.z_dim)),
            architecture.generator(),
            UnaryCritic(architecture, self.hidden, unary=self.unary),
        )

    def scores_real(self, batch: ForwardPass) -> Tensor:
        """Of (x, E(x)), a column for each; see :class:`UnaryCritic`."""
        return batch.once("scores_real", lambda: batch.critic(batch.x, self.code_real(batch)))

    def scores_fake(self, batch: ForwardPass) -> Tensor:
        """Of (G(z), z), likewise."""
        return batch.once("scores_fake", lambda: batch.critic(batch.x_fake, batch.z))

    def score_real(self, batch: ForwardPass) -> Tensor:
        """Their sum, shape ``(n,)``."""
        return self.scores_real(batch).sum(dim=1)

    def score_fake(self, batch: ForwardPass) -> Tensor:
        """Their sum, shape ``(n,)``."""
        return self.scores_fake(batch).sum(dim=1)

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        return {"adversarial": -self.score_real(batch)}

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        return {"adversarial": self.score_fake(batch)}

    def critic_loss(self, batch: ForwardPass) -> LossTerms:
        real, fake = relu(1 + self.scores_real(batch)), relu(1 - self.scores_fake(batch))
        return {"adversarial": (real + fake).sum(dim=1)}

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        found = dict(computed(batch, self, "scores_real", "scores_fake"))
        for side in ("real", "fake"):
            if (scores := found.pop(f"scores_{side}", None)) is not None:
                found[f"score_{side}"] = scores.sum(dim=1)
        return found


def bigbigan(
    *,
    unary: bool = True,
    encoder: Literal["deterministic", "gaussian"] = "gaussian",
    hidden: PositiveInt = 1024,
) -> Objective:
    """BigBiGAN: a critic of pairs that also scores images and codes each on their own.

    Critic: Σ_k max(0, 1 + s_k(x, ẑ)) + max(0, 1 - s_k(G(z), z)).
    E: -Σ_k s_k(x, ẑ).
    G: Σ_k s_k(G(z), z).

    k runs over the pair, the image alone and the code alone; ẑ = μ + σ ε with μ and log σ² from
    E(x), and the code that is evaluated is μ. The score of a real image alone has no gradient for
    E, nor that of a drawn code for G. Without unary terms it is BiGAN with the hinge loss. The
    paper's nets are larger: there F is BigGAN's discriminator, H and J have eight layers with skip
    connections, E is a residual or reversible net that sees larger images, σ is a softplus, and E
    learns ten times as fast as G.

    Args:
        unary: Whether images and codes are scored on their own.
        encoder: With "deterministic", ẑ is E(x).
        hidden: Width of the critic's hidden layers.

    References:
        J. Donahue and K. Simonyan, Large Scale Adversarial Representation Learning, 2019,
        https://arxiv.org/abs/1907.02544
    """
    return BigBiGAN(encoder == "gaussian", hidden, unary)
