"""Three critics, on images, on codes and on reconstructions, and a squared error on z."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from pydantic import PositiveInt
from torch import Tensor, nn

from ogan_bench.models.base import Architecture, mlp
from ogan_bench.objectives.base import LossTerms, Objective, Projection
from ogan_bench.objectives.forward_pass import ForwardPass, Nets, Noise
from ogan_bench.objectives.parts.scored import Scored, ScoredPairs
from ogan_bench.objectives.parts.weighted_consistency import (
    WeightedConsistency,
    weighted_consistency,
)
from ogan_bench.objectives.systems.critic_game import CriticGame, computed, game
from ogan_bench.study.parts import AdversarialPart, ConsistencyPart, PenaltyPart, Weight

PREFIX = {"image": "", "code": "code_", "reconstruction": "reconstruction_"}
"""The critics, and the prefix of ``score_real`` and ``score_fake`` in their diagnostics."""


@dataclass(frozen=True)
class TripleCritics(Objective):
    """See :func:`triple_critics`.

    Args:
        game: The game between each critic and the net it judges.
        consistency: w·c.
        hidden: Width of the hidden layers of the critic of codes.
    """

    game: CriticGame
    consistency: WeightedConsistency
    hidden: int

    updated_first = ("critic",)

    @property
    def projection(self) -> Projection:
        return self.consistency.projection

    def build(self, architecture: Architecture) -> Nets:
        d = architecture.z_dim
        critics = {
            "image": architecture.encoder(1),
            "code": mlp(d, 1, hidden=self.hidden, layers=2),
            "reconstruction": architecture.encoder(1),
        }
        for critic in critics.values():
            self.game.prepare(critic)
        return Nets(
            architecture.encoder(self.consistency.outputs(d)),
            architecture.generator(),
            nn.ModuleDict(critics),
        )

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        return self.game.noise(n, d)

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        return {
            "code": self._forger(batch, "code"),
            "reconstruction": self._forger(batch, "reconstruction"),
            "consistency": self.consistency.loss(batch, self),
        }

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        return {
            "image": self._forger(batch, "image"),
            "reconstruction": self._forger(batch, "reconstruction"),
            "consistency": self.consistency.loss(batch, self),
        }

    def critic_loss(self, batch: ForwardPass) -> LossTerms:
        return {
            f"{critic}_{name}": loss
            for critic in PREFIX
            for name, loss in self.game.critic_loss(self._scored(batch, critic)).items()
        }

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        names = [f"{before}score_{side}" for before in PREFIX.values() for side in ("real", "fake")]
        return computed(batch, self, *names)

    def real(self, batch: ForwardPass, critic: str) -> Tensor:
        """What counts as real for a critic: images or codes."""
        if critic != "code":
            return batch.x
        return batch.once("z_leaf", lambda: batch.z.detach().requires_grad_())

    def fake(self, batch: ForwardPass, critic: str) -> Tensor:
        """What counts as fake for a critic: G(z), E(x) or G(E(x))."""
        if critic == "image":
            return batch.x_fake
        # Once, so that penalties on gradients find the very tensor that was judged.
        code = batch.once("code_real", lambda: self.code(batch.e_real, batch.z.shape[1]))
        if critic == "code":
            return code
        generator = batch.nets.generator
        return batch.once("x_again", lambda: self.decode(generator, code, batch.labels))

    def score_real(self, batch: ForwardPass, critic: str) -> Tensor:
        """A critic's scores of its real inputs, shape ``(n,)``."""
        return batch.once(
            f"{PREFIX[critic]}score_real",
            lambda: self.score(batch, critic, self.real(batch, critic)),
        )

    def score_fake(self, batch: ForwardPass, critic: str) -> Tensor:
        """A critic's scores of its fake inputs, shape ``(n,)``."""
        return batch.once(
            f"{PREFIX[critic]}score_fake",
            lambda: self.score(batch, critic, self.fake(batch, critic)),
        )

    def score(self, batch: ForwardPass, critic: str, judged: Tensor) -> Tensor:
        """A critic's scores of images or codes, shape ``(n,)``."""
        scores: Tensor = batch.critic.get_submodule(critic)(judged)
        return scores[:, 0]

    def _scored(self, batch: ForwardPass, critic: str) -> Scored:
        return ScoredPairs(
            batch,
            self.score_real(batch, critic),
            self.score_fake(batch, critic),
            lambda judged, labels: self.score(batch, critic, judged),
            batch.critic.get_submodule(critic),
            self.real(batch, critic),
            self.fake(batch, critic),
        )

    def _forger(self, batch: ForwardPass, critic: str) -> Tensor:
        return self.game.generator_side_loss(
            partial(self.score_real, batch, critic), partial(self.score_fake, batch, critic)
        )


def triple_critics(
    *,
    adversarial: AdversarialPart = "linear",
    penalty: PenaltyPart = "quadratic_potential",
    consistency: ConsistencyPart = "mse_mean",
    consistency_weight: Weight = 0.5,
    hidden: PositiveInt = 1024,
) -> Objective:
    """Three critics, for images, codes and reconstructions, and a squared error on z.

    With critics a for images, b for codes, r for reconstructions:

    Critic a: f(a(x)) + g(a(G(z))) + penalty.
    Critic b: f(b(z)) + g(b(E(x))) + penalty.
    Critic r: f(r(x)) + g(r(G(E(x)))) + penalty.
    E: h(b(E(x))) + h(r(G(E(x)))) + w·c(z, E(G(z))).
    G: h(a(G(z))) + h(r(G(E(x)))) + w·c(z, E(G(z))).

    The O-GAN article mentions that the squared error on z works with a triple adversarial GAN, and
    gives no formula: this is our own reading. A critic's quadratic potential divides by the mean
    squared difference of what the critic compares, images or codes.

    Args:
        adversarial: (f, g, h), of all three critics.
        penalty: On each critic.
        consistency: c.
        consistency_weight: w.
        hidden: Width of the two hidden layers of critic b; a and r have the layers of E.

    References:
        J. Su, O-GAN, 2019, https://kexue.fm/archives/6409
    """
    return TripleCritics(
        game=game(adversarial, penalty),
        consistency=weighted_consistency(consistency, consistency_weight),
        hidden=hidden,
    )
