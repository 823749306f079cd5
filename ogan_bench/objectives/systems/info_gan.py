"""InfoGAN: a discriminator with a second head that recovers the code of a generated image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from pydantic import NonNegativeInt
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.errors import UserError
from ogan_bench.models.base import Architecture
from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Nets, Noise, Schedule
from ogan_bench.objectives.parts.consistency import correlation
from ogan_bench.objectives.parts.schedules import schedule
from ogan_bench.objectives.parts.scored import Scored
from ogan_bench.objectives.systems.critic_game import CriticGame, game
from ogan_bench.study.parts import AdversarialPart, PenaltyPart, Weight


@dataclass(frozen=True)
class InfoGAN(Objective):
    """See :func:`info_gan`.

    Args:
        game: The game between E's score and G.
        code_dims: k, the leading dimensions of z that are the code; 0: all of them.
        binary: Whether the code is ±1 instead of standard normal.
        weight: Schedule of λ.
    """

    game: CriticGame
    code_dims: int
    binary: bool
    weight: Schedule

    updated_first = ("encoder",)

    @property
    def adversarial_lower_bound(self) -> float | None:
        return self.game.adversarial.lower_bound

    def build(self, architecture: Architecture) -> Nets:
        d = architecture.z_dim
        if self.code_dims > d:
            raise UserError(f"info_gan: code_dims is {self.code_dims}, but z has {d} dimensions")
        encoder = architecture.encoder(self._k(d) + 1)
        self.game.prepare(encoder)
        return Nets(encoder, architecture.generator())

    def prior(self, z: Tensor) -> Tensor:
        if not self.binary:
            return z
        k = self._k(z.shape[1])
        signs = torch.where(z[:, :k] < 0, -1.0, 1.0).to(z.dtype)
        return torch.cat([signs, z[:, k:]], dim=1)

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        return self.game.noise(n, d)

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        real, fake = self.score_real(batch), self.score_fake(batch)
        scored = Scored(
            batch, real, fake, lambda x, labels: self.score(batch, x), batch.nets.encoder
        )
        return {**self.game.critic_loss(scored), "information": self._information(batch)}

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        real, fake = partial(self.score_real, batch), partial(self.score_fake, batch)
        return {
            "adversarial": self.game.generator_side_loss(real, fake),
            "information": self._information(batch),
        }

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        k = self._k(batch.z.shape[1])
        return {
            "score_real": self.score_real(batch),
            "score_fake": self.score_fake(batch),
            "rho": correlation(batch.z[:, :k], self.code(batch.e_fake, k)),
        }

    def code(self, e: Tensor, d: int) -> Tensor:
        mean = torch.tanh(e[:, :-1] / 2) if self.binary else e[:, :-1]
        # The rest of z is noise that Q does not predict; G gets its mean.
        return F.pad(mean, (0, d - mean.shape[1]))

    def score_real(self, batch: ForwardPass) -> Tensor:
        """Scores of the real images, shape ``(n,)``."""
        return batch.e_real[:, -1]

    def score_fake(self, batch: ForwardPass) -> Tensor:
        """Scores of the generated images, shape ``(n,)``."""
        return batch.e_fake[:, -1]

    def score(self, batch: ForwardPass, x: Tensor) -> Tensor:
        """Scores of other images, shape ``(n,)``."""
        e: Tensor = batch.nets.encoder(x)
        return e[:, -1]

    def _information(self, batch: ForwardPass) -> Tensor:
        """-λ log Q(c | G(z)) without its constant, shape ``(n,)``."""
        c, q = batch.z[:, : self._k(batch.z.shape[1])], batch.e_fake[:, :-1]
        # For c = ±1 and P(c = 1) = 1 / (1 + e^-q) the cross-entropy is log(1 + e^(-c q)).
        nats = F.softplus(-c * q) if self.binary else (c - q).square() / 2
        return batch.weight(self.weight) * nats.sum(dim=1)

    def _k(self, d: int) -> int:
        return self.code_dims or d


def info_gan(
    *,
    code_dims: NonNegativeInt = 0,
    code: Literal["gaussian", "binary"] = "gaussian",
    adversarial: AdversarialPart = "non_saturating",
    penalty: PenaltyPart = "none",
    information_weight: Weight = 1.0,
) -> Objective:
    """InfoGAN: E has two heads, a score T and a code Q, and E and G maximise log Q(c | G(z)).

    E: f(T(x)) + g(T(G(z))) + penalty - λ·log Q(c | G(z)).
    G: h(T(G(z))) - λ·log Q(c | G(z)).

    c is the first ``code_dims`` numbers of z; the others are noise that is not recovered. In nats
    and without its constant, -log Q is

    * "gaussian": ½ ‖c - Q(G(z))‖², for a normal Q of variance 1 and a standard normal c;
    * "binary": Σ log(1 + e^(-c·Q(G(z)))), the cross-entropy of logits, for c of ±1, the signs of
      normal numbers.

    Both are sums over the dimensions of c, as a log-likelihood is: with λ = 2/d the first is the
    mean squared error. E(x) is [Q | T], two linear heads on one trunk; as in the authors' code the
    information term trains the trunk in E's step too, so E and G cooperate on it. The code of an
    image is the mean of Q, tanh(Q/2) where c is binary; noise dimensions get their prior mean, 0.
    The authors mix a categorical, two uniform and 62 noise dimensions and give Q a hidden layer of
    its own; recovering all of a normal z is the variant that O-GAN is compared with.

    Args:
        code_dims: Dimensions of c; 0: all of z.
        code: Distribution of c.
        adversarial: (f, g, h).
        penalty: On E.
        information_weight: λ; 1 in the authors' code.

    References:
        X. Chen et al., InfoGAN: Interpretable Representation Learning by Information Maximizing
        Generative Adversarial Nets, 2016, https://arxiv.org/abs/1606.03657
    """
    return InfoGAN(
        game=game(adversarial, penalty),
        code_dims=code_dims,
        binary=code == "binary",
        weight=schedule(information_weight),
    )
