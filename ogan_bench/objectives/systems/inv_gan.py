"""InvGAN: a discriminator with a second head for the code, which G is trained on as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from pydantic import NonNegativeFloat
from torch import Tensor

from ogan_bench.models.base import Architecture
from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Nets, Noise
from ogan_bench.objectives.parts.consistency import correlation
from ogan_bench.objectives.parts.scored import Scored
from ogan_bench.objectives.systems.critic_game import CriticGame, game
from ogan_bench.study.parts import AdversarialPart, PenaltyPart


@dataclass(frozen=True)
class InvGAN(Objective):
    """See :func:`inv_gan`.

    Args:
        game: The game between E's score and G.
        code_weight: Weight of the errors of codes.
        feature_weight: Weight of the reconstruction error of features.
    """

    game: CriticGame
    code_weight: float
    feature_weight: float

    updated_first = ("encoder",)

    @property
    def adversarial_lower_bound(self) -> float | None:
        return self.game.adversarial.lower_bound

    def build(self, architecture: Architecture) -> Nets:
        encoder = architecture.encoder(architecture.z_dim + 1)
        self.game.prepare(encoder)
        return Nets(encoder, architecture.generator())

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        return self.game.noise(n, d)

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        real, fake = self.score_real(batch), self.score_fake(batch)
        again = self.score_again(batch)
        scored = Scored(
            batch, real, fake, lambda x, labels: self.score(batch, x), batch.nets.encoder
        )
        terms = self.game.critic_loss(scored)
        reconstructed = self.game.critic_side_loss(lambda: real, lambda: again)
        return {
            **terms,
            "adversarial": (terms["adversarial"] + reconstructed) / 2,
            "code": self._code_error(batch),
        }

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        def forger(fake: Callable[[], Tensor]) -> Tensor:
            return self.game.generator_side_loss(partial(self.score_real, batch), fake)

        generated = forger(partial(self.score_fake, batch))
        reconstructed = forger(partial(self.score_again, batch))
        features = (batch.features_real - self.features_again(batch)).square().mean(dim=1)
        return {
            "adversarial": (generated + reconstructed) / 2,
            "code": self._code_error(batch),
            "features": self.feature_weight * features,
        }

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        return {
            "score_real": self.score_real(batch),
            "score_fake": self.score_fake(batch),
            "score_again": self.score_again(batch),
            "rho": correlation(batch.z, self.code(batch.e_fake, batch.z.shape[1])),
        }

    def code_real(self, batch: ForwardPass) -> Tensor:
        """Codes of the real images as G gets them, shape ``(n, d)``; they pass no gradient."""
        code = self.code(batch.e_real, batch.z.shape[1])
        return batch.once("code_real", code.detach)

    def features_again(self, batch: ForwardPass) -> Tensor:
        """Features of E at the reconstructions, shape ``(n, features)``."""
        return batch.once("features_again", lambda: self._features_again(batch))

    def e_again(self, batch: ForwardPass) -> Tensor:
        """E of the reconstructions, shape ``(n, d + 1)``."""
        head = batch.nets.encoder.head
        return batch.once("e_again", lambda: head(self.features_again(batch)))

    def score_real(self, batch: ForwardPass) -> Tensor:
        """Scores of the real images, shape ``(n,)``."""
        return batch.e_real[:, -1]

    def score_fake(self, batch: ForwardPass) -> Tensor:
        """Scores of the generated images, shape ``(n,)``."""
        return batch.e_fake[:, -1]

    def score_again(self, batch: ForwardPass) -> Tensor:
        """Scores of the reconstructions, shape ``(n,)``."""
        return self.e_again(batch)[:, -1]

    def score(self, batch: ForwardPass, x: Tensor) -> Tensor:
        """Scores of other images, shape ``(n,)``."""
        e: Tensor = batch.nets.encoder(x)
        return e[:, -1]

    def _features_again(self, batch: ForwardPass) -> Tensor:
        x_again = self.decode(batch.nets.generator, self.code_real(batch), batch.labels)
        features: Tensor = batch.nets.encoder.trunk(x_again)
        return features

    def _code_error(self, batch: ForwardPass) -> Tensor:
        """Of both kinds of codes that G is given, shape ``(n,)``."""
        pairs = (batch.z, batch.e_fake), (self.code_real(batch), self.e_again(batch))
        errors = [(w - self.code(e, w.shape[1])).square().mean(dim=1) for w, e in pairs]
        return self.code_weight * (errors[0] + errors[1]) / 2


def inv_gan(
    *,
    adversarial: AdversarialPart = "non_saturating",
    penalty: PenaltyPart = "none",
    code_weight: NonNegativeFloat = 1.0,
    feature_weight: NonNegativeFloat = 1.0,
) -> Objective:
    """InvGAN: E has two heads, a score s and a code w; G decodes prior codes and codes of images.

    With c = sg w(x), the code of a real image, and its reconstruction x̂ = G(c):

    E: f(s(x)) + ½·(g(s(G(z))) + g(s(x̂))) + penalty + code_weight·R.
    G: ½·(h(s(G(z))) + h(s(x̂))) + code_weight·R + feature_weight·mean((φ(x) - φ(x̂))²).

    R = ½·(mean((z - w(G(z)))²) + mean((c - w(x̂))²)). E(x) is [w | s], two linear heads on the
    features φ(x); sg stops the gradient. Half of the generated images are decoded from codes of
    real images, and E has to tell those from real ones too: G has to be at home at the codes that
    are inferred, and w, which is fitted to generated images alone, at images like the real ones.
    As in InfoGAN, E and G cooperate on R.

    This is the core of the paper, as we understand it, on the study's nets. Left out are its
    mapping network (G takes w = z as it is, so the code is tied to the prior), the maximum mean
    discrepancy between the codes of real images and those of the mapping network, and all that is
    particular to StyleGAN or to tiles of larger images. Our own choices are the features of the
    reconstruction error, the last before the heads; that c is of the same batch and passes no
    gradient to E; that the penalty is of x and G(z) alone; and all weights. With augmentation x is
    the augmented image, and x̂ is not augmented again.

    Args:
        adversarial: (f, g, h).
        penalty: On E.
        code_weight: Weight of R.
        feature_weight: Weight of the reconstruction error.

    References:
        P. Ghosh, D. Zietlow, M. J. Black, L. S. Davis and X. Hu, InvGAN: Invertible GANs, 2021,
        https://arxiv.org/abs/2112.04598
    """
    return InvGAN(game(adversarial, penalty), code_weight, feature_weight)
