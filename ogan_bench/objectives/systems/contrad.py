"""ContraD: a discriminator whose representation is trained by contrastive losses alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from ogan_bench.errors import UserError
from ogan_bench.models.base import Architecture, mlp
from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Nets, Noise
from ogan_bench.objectives.parts.adversarial import Adversarial, Scores
from ogan_bench.objectives.parts.call_by_name import call_with
from ogan_bench.objectives.parts.consistency import correlation
from ogan_bench.objectives.systems.random_views import view, view_noise
from ogan_bench.study.parts import AdversarialPart, build

Seen = Literal["first", "second", "fake"]
"""Two views of the real images, and one of the generated ones."""

VIEWS: tuple[Seen, ...] = ("first", "second", "fake")

Head = Literal["images", "kinds", "score"]
"""Perceptrons on the representation: p and q of the contrastive losses, and s."""


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """SimCLR's loss, shape ``(n,)``: either view of an image has to find the other one.

    Each view is compared with the 2n - 1 others by cosine; an image's loss is the mean of those of
    its two views.

    Args:
        first: Shape ``(n, k)``.
        second: Shape ``(n, k)``, paired by position.
        temperature: τ.

    References:
        T. Chen et al., A Simple Framework for Contrastive Learning of Visual Representations, 2020,
        https://arxiv.org/abs/2002.05709
    """
    n = len(first)
    log_p = _log_similarity(torch.cat([first, second]), temperature)
    to_second, to_first = log_p[:n, n:].diagonal(), log_p[n:, :n].diagonal()
    return -(to_second + to_first) / 2


def fakes_together(first: Tensor, second: Tensor, fake: Tensor, temperature: float) -> Tensor:
    """Supervised contrastive loss of the generated images, shape ``(n,)``: one class, without x.

    Each of them is compared by cosine with the n - 1 others, which it has to find, and with both
    views of all real images.

    Args:
        first: Shape ``(n, k)``.
        second: Shape ``(n, k)``.
        fake: Shape ``(n, k)``; n is at least 2.
        temperature: τ.

    References:
        P. Khosla et al., Supervised Contrastive Learning, 2020, https://arxiv.org/abs/2004.11362
    """
    n = len(fake)
    log_p = _log_similarity(torch.cat([first, second, fake]), temperature)[2 * n :, 2 * n :]
    own = torch.eye(n, dtype=torch.bool, device=fake.device)
    return -log_p.masked_fill(own, 0).sum(dim=1) / (n - 1)


def _log_similarity(points: Tensor, temperature: float) -> Tensor:
    """Log of the softmax over all others of cos / τ, -inf on the diagonal, shape ``(m, m)``."""
    directions = F.normalize(points, dim=1)
    own = torch.eye(len(points), dtype=torch.bool, device=points.device)
    similarity = directions @ directions.T / temperature
    return similarity.masked_fill(own, -torch.inf).log_softmax(dim=1)


@dataclass(frozen=True)
class ContraD(Objective):
    """See :func:`contrad`.

    Args:
        adversarial: (f, g, h).
        fake_weight: Weight of the loss of the generated images.
        temperature: τ.
        crop: Smallest area of a view.
        jitter: Largest change of a view's colours.
        hidden: Width of the layers of the heads.
    """

    adversarial: Adversarial
    fake_weight: float
    temperature: float
    crop: float
    jitter: float
    hidden: int

    updated_first = ("encoder",)

    @property
    def adversarial_lower_bound(self) -> float | None:
        return self.adversarial.lower_bound

    def build(self, architecture: Architecture) -> Nets:
        encoder = architecture.encoder(architecture.z_dim)
        outputs = {"images": self.hidden, "kinds": self.hidden, "score": 1}
        heads = {name: mlp(encoder.features, k, hidden=self.hidden) for name, k in outputs.items()}
        encoder.score_head = nn.ModuleDict(heads)
        return Nets(encoder, architecture.generator())

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        if n < 2:
            raise UserError("training.batch_size: contrad compares images: give at least 2")
        return {f"view {seen}": view_noise(n) for seen in VIEWS}

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        first, second, fake = (self.features(batch, seen) for seen in VIEWS)
        images, kinds = self._head(batch, "images"), self._head(batch, "kinds")
        scores = Scores(lambda: self.score_real(batch), lambda: self.score_fake(batch))
        together = fakes_together(kinds(first), kinds(second), kinds(fake), self.temperature)
        return {
            "images": nt_xent(images(first), images(second), self.temperature),
            "fakes": self.fake_weight * together,
            "adversarial": call_with(self.adversarial.encoder, scores),
            "code": (batch.z - self.code_fake(batch)).square().mean(dim=1),
        }

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        def score(seen: Seen) -> Tensor:
            return self._score(batch, self.features(batch, seen))

        scores = Scores(lambda: score("first"), lambda: score("fake"))
        return {"adversarial": call_with(self.adversarial.generator, scores)}

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        return {
            "score_real": self.score_real(batch),
            "score_fake": self.score_fake(batch),
            "rho": correlation(batch.z, self.code_fake(batch)),
        }

    def features(self, batch: ForwardPass, seen: Seen) -> Tensor:
        """The representation of a view, shape ``(n, features)``."""
        return batch.once(f"features of {seen}", lambda: self._features(batch, seen))

    def code_fake(self, batch: ForwardPass) -> Tensor:
        """Codes of G(z), whose representation is a constant, shape ``(n, d)``."""
        head = batch.nets.encoder.head
        return batch.once("code_fake", lambda: head(batch.features_fake.detach()))

    def score_real(self, batch: ForwardPass) -> Tensor:
        """Scores of views of the real images, whose representation is a constant, ``(n,)``."""
        return batch.once("score_real", lambda: self._score_alone(batch, "first"))

    def score_fake(self, batch: ForwardPass) -> Tensor:
        """Scores of views of the generated images, whose representation is a constant, ``(n,)``."""
        return batch.once("score_fake", lambda: self._score_alone(batch, "fake"))

    def _features(self, batch: ForwardPass, seen: Seen) -> Tensor:
        images = batch.x_fake if seen == "fake" else batch.x
        drawn = batch.noise(f"view {seen}")
        shown = view(images, drawn, crop=self.crop, jitter=self.jitter)
        features: Tensor = batch.nets.encoder.trunk(shown)
        return features

    def _head(self, batch: ForwardPass, head: Head) -> nn.Module:
        heads = batch.nets.encoder.score_head
        assert heads is not None
        return heads.get_submodule(head)

    def _score(self, batch: ForwardPass, features: Tensor) -> Tensor:
        scores: Tensor = self._head(batch, "score")(features)
        return scores[:, 0]

    def _score_alone(self, batch: ForwardPass, seen: Seen) -> Tensor:
        return self._score(batch, self.features(batch, seen).detach())


def contrad(
    *,
    adversarial: AdversarialPart = "non_saturating",
    fake_weight: NonNegativeFloat = 1.0,
    temperature: PositiveFloat = 0.1,
    crop: Annotated[float, Field(gt=0, le=1)] = 0.2,
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.4,
    hidden: PositiveInt = 128,
) -> Objective:
    """ContraD: E's representation φ is trained by contrastive losses alone; a head on it judges.

    With views v = t(x), v' = t'(x) and u = t''(G(z)) by random crops and colours, and heads p, q
    and s on φ:

    E: C(p(φ(v)), p(φ(v'))) + fake_weight·S(q(φ(v)), q(φ(v')), q(φ(u)))
    + f(s(sg φ(v))) + g(s(sg φ(u))) + mean((z - w(sg φ(G(z))))²).
    G: h(s(φ(u))).

    C is SimCLR's loss: of the 2n - 1 other views in the batch, each finds the one of its own image.
    S is the supervised contrastive loss of generated images alone: each finds the n - 1 others
    among them and the 2n views of real images. All similarities are cosines over the temperature;
    sg stops the gradient. So the discriminator s trains no layer of φ, and G is judged through both
    of them.

    ContraD has no code. The linear map w and its error, the last term of E, are our own addition:
    w sees φ as a constant, so it shows what the representation knows of z and changes neither φ nor
    G. What the paper is about is measured before the code, by the probe and the neighbours of the
    trunk.

    Views are resized crops with jittered brightness, contrast and saturation, all in every view;
    SimCLR's change of hue, its grey images and its flips are left out, and G would learn to make
    mirror images from the latter. ``training.augmentation`` comes before the views. As everywhere
    here each kind of view is a batch of its own. The heads are perceptrons of two layers. The
    authors' penalty for StyleGAN2 is left out.

    Args:
        adversarial: (f, g, h).
        fake_weight: λ; 1 in the paper.
        temperature: 0.1 in the paper.
        crop: Smallest area of a crop, as a share of the image; 0.2 in the authors' code.
        jitter: Factors of colours are uniform in 1 ± this; 0.4 in the authors' code.
        hidden: Width of the hidden layers of the heads, and of the outputs of p and q; 128 in the
            authors' code.

    References:
        J. Jeong and J. Shin, Training GANs with Stronger Augmentations via Contrastive
        Discriminator, 2021, https://arxiv.org/abs/2103.09742, https://github.com/jh-jeong/ContraD
        T. Chen et al., A Simple Framework for Contrastive Learning of Visual Representations, 2020,
        https://arxiv.org/abs/2002.05709
        P. Khosla et al., Supervised Contrastive Learning, 2020, https://arxiv.org/abs/2004.11362
    """
    return ContraD(
        build("adversarial", adversarial), fake_weight, temperature, crop, jitter, hidden
    )
