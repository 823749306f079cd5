"""LIA: a GAN with an invertible map before it, then an encoder of real images to its inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ogan_bench.errors import UserError
from ogan_bench.models.base import LEAK, Architecture, mlp
from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Nets
from ogan_bench.objectives.systems.critic_game import game
from ogan_bench.objectives.systems.image_critic import ImageCritic
from ogan_bench.objectives.systems.mapped_generator import MappedCodes, MappedGenerator
from ogan_bench.study.parts import AdversarialPart, PenaltyPart


class AdditiveCoupling(nn.Module):
    """[a, b] -> the reverse of [a, b - m(a)]: invertible, with |det| 1, as in NICE.

    Args:
        d: Width of its input, at least 2; a is the first half, rounded down.
        hidden: Width of the hidden layer of m.
    """

    def __init__(self, d: int, hidden: int) -> None:
        super().__init__()
        self.kept = d // 2
        self.shift = mlp(self.kept, d - self.kept, hidden=hidden).append(nn.LeakyReLU(LEAK))

    def forward(self, z: Tensor) -> Tensor:
        """Shape ``(n, d)``, as the input."""
        a, b = z.tensor_split([self.kept], dim=1)
        return torch.cat([a, b - self.shift(a)], dim=1).flip(1)


@contextmanager
def running_statistics(net: nn.Module) -> Iterator[None]:
    """Batch norm takes its running averages within, and leaves them as they are."""
    layers = [module for module in net.modules() if isinstance(module, _BatchNorm)]
    were = [layer.training for layer in layers]
    for layer in layers:
        layer.eval()
    try:
        yield
    finally:
        for layer, training in zip(layers, were, strict=True):
            layer.train(training)


@dataclass(frozen=True, kw_only=True)
class LIA(ImageCritic, MappedCodes):
    """See :func:`lia`.

    Args:
        gan_share: Share of the training spent on the GAN.
        adversarial_weight: Weight of E's part in the game.
        coupling_layers: Layers of the invertible map; 0: there is none.
        hidden: Width of the hidden layer of each.
    """

    gan_share: float
    adversarial_weight: float
    coupling_layers: int
    hidden: int

    def build(self, architecture: Architecture) -> Nets:
        d = architecture.z_dim
        if self.coupling_layers and d < 2:
            raise UserError("lia: a coupling layer halves z, so z_dim has to be at least 2")
        critic = architecture.encoder(1)
        self.game.prepare(critic)
        couplings = [AdditiveCoupling(d, self.hidden) for _ in range(self.coupling_layers)]
        generator = MappedGenerator(nn.Sequential(*couplings), architecture.generator())
        return Nets(architecture.encoder(d), generator, critic)

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        if self._is_gan(batch):
            return {}
        error = (batch.x - self.fake(batch)).square().flatten(1).mean(dim=1)
        return {
            "reconstruction": error,
            "adversarial": self.adversarial_weight * self.forger_loss(batch),
        }

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        return {"adversarial": self.forger_loss(batch)} if self._is_gan(batch) else {}

    def fake(self, batch: ForwardPass) -> Tensor:
        """G(z) in the first phase, then S(E(x))."""
        if self._is_gan(batch):
            return batch.x_fake
        return batch.once("x_again", lambda: self._reconstruct(batch))

    def _reconstruct(self, batch: ForwardPass) -> Tensor:
        # Statistics of their own batch would hide from E how large the numbers are that S expects.
        with running_statistics(batch.nets.generator):
            return self.decode(batch.nets.generator, batch.e_real, batch.labels)

    def _is_gan(self, batch: ForwardPass) -> bool:
        return batch.before(self.gan_share)


def lia(
    *,
    adversarial: AdversarialPart = "non_saturating",
    penalty: PenaltyPart = "r1",
    gan_share: Annotated[float, Field(gt=0, lt=1)] = 0.5,
    adversarial_weight: NonNegativeFloat = 0.1,
    coupling_layers: NonNegativeInt = 4,
    hidden: PositiveInt = 512,
) -> Objective:
    """LIA, latently invertible autoencoder: an encoder of real images for a finished GAN.

    With G = S∘F, where F is invertible and w = F(z):

    Up to the share ``gan_share`` of the training:
    critic: f(s(x)) + g(s(G(z))) + penalty; S and F: h(s(G(z))); E is frozen.
    From there on, with x̂ = S(E(x)):
    E: mean((x - x̂)²) + adversarial_weight·h(s(x̂)); critic: f(s(x)) + g(s(x̂)) + penalty; S and F
    are frozen.

    E gives w and never sees F: its target is the space that F makes of the prior, and the one z of
    a code is found by running F backwards. So real images train the encoder, by their pixels and by
    the critic that goes on learning, where `post_hoc` fits it to generated ones. F is a stack of
    additive coupling layers, each followed by a reversal of its dimensions; each has a perceptron m
    of one hidden layer, with LeakyReLU after both of its layers as in the authors' code. G is
    evaluated from w on: the code of G(z) is compared with F(z), and reconstructions are S(E(x)).

    The authors also compare x and x̂ by features of VGG-16, with a weight of 5e-5; these are made of
    photographs, so they are left out. They decode by a moving average of S, here by the weights at
    the end of the first phase, and train m at a hundredth of S's rate, which ``training.rates``
    does for the group ``mapping``. Their S is StyleGAN's, without batch norm: where S has it, its
    running averages are frozen too, and x̂ is made with them. The phases are equally long here;
    theirs are trained to the end each.

    Args:
        adversarial: (f, g, h); "non_saturating" in the authors' code.
        penalty: On the critic; "r1" with a weight of 10 in the authors' code.
        gan_share: Above 0 and below 1.
        adversarial_weight: 0.1 in the authors' script.
        coupling_layers: 4 in the authors' code; with 0, F is the identity, and w is z.
        hidden: Width of the hidden layer of m; 512 in the authors' code, the width of z.

    References:
        J. Zhu, D. Zhao, B. Zhang and B. Zhou, Disentangled Inference for GANs with Latently
        Invertible Autoencoder, 2019, https://arxiv.org/abs/1906.08090,
        https://github.com/genforce/lia
        L. Dinh, D. Krueger and Y. Bengio, NICE: Non-linear Independent Components Estimation, 2014,
        https://arxiv.org/abs/1410.8516 (additive coupling)
    """
    return LIA(
        game=game(adversarial, penalty),
        gan_share=gan_share,
        adversarial_weight=adversarial_weight,
        coupling_layers=coupling_layers,
        hidden=hidden,
    )
