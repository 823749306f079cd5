"""A plain GAN whose critic judges packs of images, and an encoder that does not influence it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import PositiveInt
from torch import Tensor

from ogan_bench.errors import UserError
from ogan_bench.models.base import Architecture
from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Nets, Noise
from ogan_bench.objectives.parts.weighted_consistency import weighted_consistency
from ogan_bench.objectives.systems.critic_game import game
from ogan_bench.objectives.systems.separate import SeparateObjective
from ogan_bench.study.parts import AdversarialPart, ConsistencyPart, PenaltyPart


def packs(images: Tensor, packing: int) -> Tensor:
    """Neighbours in the batch, joined along the channels.

    Args:
        images: Shape ``(n, c, h, w)``.
        packing: Number m of images per pack.

    Returns:
        Shape ``(n/m, m·c, h, w)``.

    Raises:
        UserError: n is not a multiple of m.
    """
    n, c, h, w = images.shape
    if n % packing:
        raise UserError(
            f"training.batch_size: {n} images cannot be cut into packs of {packing}; "
            f"give a multiple of {packing}"
        )
    return images.reshape(n // packing, packing * c, h, w)


def per_image(terms: LossTerms, images: int) -> LossTerms:
    """Assign each image the value of its pack, so the mean over images is that over packs.

    Args:
        terms: One value per pack, shape ``(n/m,)``, or already one per image, ``(n,)``.
        images: Number n of images.
    """
    return {name: term.repeat_interleave(images // len(term)) for name, term in terms.items()}


@dataclass(frozen=True, kw_only=True)
class PacGANObjective(SeparateObjective):
    """See :func:`pac_gan`: the separate nets, with another critic.

    Args:
        packing: Number m of images that the critic sees at a time.
    """

    packing: int

    def build(self, architecture: Architecture) -> Nets:
        nets = super().build(architecture)
        if self.packing == 1:
            return nets
        if architecture.packed_critic is None:
            raise UserError("pac_gan.packing: this model has no critic of several images: give 1")
        critic = architecture.packed_critic(self.packing)
        self.game.prepare(critic)
        return replace(nets, critic=critic)

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        return self.game.noise(n // self.packing, d)

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        return per_image(super().generator_loss(batch), len(batch.z))

    def critic_loss(self, batch: ForwardPass) -> LossTerms:
        return per_image(super().critic_loss(batch), len(batch.z))

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        return per_image(super().diagnostics(batch), len(batch.z))

    def real(self, batch: ForwardPass) -> Tensor:
        """Packs of real images, shape ``(n/m, m·c, h, w)``."""
        return batch.once("packs_real", lambda: packs(batch.x, self.packing))

    def fake(self, batch: ForwardPass) -> Tensor:
        """Packs of generated images, shape ``(n/m, m·c, h, w)``."""
        return batch.once("packs_fake", lambda: packs(batch.x_fake, self.packing))


def pac_gan(
    *,
    packing: PositiveInt = 2,
    adversarial: AdversarialPart = "non_saturating",
    penalty: PenaltyPart = "none",
    consistency: ConsistencyPart = "pearson",
) -> Objective:
    """PacGAN: the critic judges m images at a time, all real or all generated.

    Critic: f(s(x_1, ..., x_m)) + g(s(G(z_1), ..., G(z_m))) + penalty.
    G: h(s(G(z_1), ..., G(z_m))).
    E: c(z, E(G(z))).

    A generator that drops modes gives itself away by packs that are too similar. The critic has the
    layers of E, m times the input channels and one output, the score s; m = 1 is a plain GAN.

    A batch of n images is cut into n/m packs of neighbours, so it has to be a multiple of m, and
    every image carries the loss of its pack: the mean over images is that over packs. At one batch
    size, every m sees the same number of images per step; in the authors' code every m sees the
    same number of *packs*, which is m times the batch size here. Their code also forms the packs of
    real images once, while here they are formed anew in every epoch. Penalties treat a pack as one
    image.

    PacGAN has no encoder. Ours is trained beside it and has no influence on G or the critic.

    Args:
        packing: m.
        adversarial: (f, g, h).
        penalty: On the critic.
        consistency: c; its weight is 1, because E minimises nothing else. With "none" E is never
            trained.

    References:
        Z. Lin, A. Khetan, G. Fanti and S. Oh, PacGAN: The power of two samples in generative
        adversarial networks, 2018, https://arxiv.org/abs/1712.04086
    """
    return PacGANObjective(
        game=game(adversarial, penalty),
        consistency=weighted_consistency(consistency, 1.0),
        to_generator=False,
        packing=packing,
    )
