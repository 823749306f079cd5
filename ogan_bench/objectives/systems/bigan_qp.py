"""BiGAN-QP: BiGAN with a quadratic potential and half of a reconstruction error for E and G."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass
from ogan_bench.objectives.systems.bigan import PairObjective


@dataclass(frozen=True)
class BiGANQP(PairObjective):
    """See :func:`bigan_qp`.

    Args:
        code_weight: β1.
        image_weight: β2.
        strength: λ.
        hidden: Width of the critic's joint layers.
    """

    code_weight: float
    image_weight: float
    strength: float
    hidden: int

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        code_fake = self.code(batch.e_fake, batch.z.shape[1])
        error = (batch.z - code_fake).square().mean(dim=1)
        return {
            "adversarial": -self.score_real(batch),
            "reconstructed_code": self.code_weight * error,
        }

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        reconstructed = self.decode(batch.nets.generator, self.code_real(batch), batch.labels)
        error = (batch.x - reconstructed).square().flatten(1).mean(dim=1)
        return {
            "adversarial": self.score_fake(batch),
            "reconstructed_image": self.image_weight * error,
        }

    def critic_loss(self, batch: ForwardPass) -> LossTerms:
        difference = self.score_real(batch) - self.score_fake(batch)
        images = (batch.x - batch.x_fake).abs().flatten(1).mean(dim=1)
        codes = (self.code_real(batch) - batch.z).abs().mean(dim=1)
        distance = self.strength * (images + codes).detach()
        return {
            "adversarial": difference,
            "penalty": difference.square() / (2 * distance),
        }


def bigan_qp(
    *,
    code_weight: NonNegativeFloat = 2.0,
    image_weight: NonNegativeFloat = 3.0,
    strength: PositiveFloat = 10.0,
    hidden: PositiveInt = 1024,
) -> Objective:
    """BiGAN-QP: a critic of pairs with a quadratic potential; E reconstructs z, G reconstructs x.

    Critic: Δ + Δ² / (2·strength·d) with Δ = s(x, E(x)) - s(G(z), z).
    E: -s(x, E(x)) + code_weight·mean((z - E(G(z)))²).
    G: s(G(z), z) + image_weight·mean((x - G(E(x)))²).

    d = mean|x - G(z)| + mean|E(x) - z| is the distance of each pair, and a constant for the critic.
    Each reconstruction error passes a gradient to one net only: the author stops the other half,
    because images blur with it. His T is -s, and his E, G and T minimise and maximise one Δ: the
    half that does not depend on a net is left out of its loss here.

    The nets are those of the study and have biases, which the author's critic does not. He takes
    two steps of the critic for each step of E and G, and Adam with a learning rate of 2e-4 and
    β1 = 0.5.

    Args:
        code_weight: 2 in the author's code at 128 pixels, 4 at 256.
        image_weight: 3 in the author's code at 128 pixels, 6 at 256.
        strength: λ; 10 in the author's code.
        hidden: Width of the critic's joint layers.

    References:
        J. Su, GAN-QP, 2018, https://arxiv.org/abs/1811.07296
        J. Su, BiGAN-QP, 2018, https://kexue.fm/archives/6214
    """
    return BiGANQP(code_weight, image_weight, strength, hidden)
