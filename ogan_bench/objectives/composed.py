"""The O-GAN family: a choice of an adversarial triple, a readout, a consistency term, a penalty.

::

    E:  min  f(s(x)) + g(s(G(z)))  +  w · c(z, E(G(z)))  +  penalty
    G:  min             h(s(G(z))) +  w · c(z, E(G(z)))

With the linear triple, s = avg E, c = -ρ, w = 0.5 and the quadratic potential this is the loss of
the author's code.

References:
    J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from ogan_bench import config
from ogan_bench.objectives.adversarial import ADVERSARIAL, Adversarial
from ogan_bench.objectives.base import LossTerms, Pass
from ogan_bench.objectives.consistency import CONSISTENCY, pearson
from ogan_bench.objectives.penalties import PENALTIES
from ogan_bench.objectives.readouts import READOUTS


@dataclass(frozen=True)
class ComposedObjective:
    """An objective made of four exchangeable parts.

    Args:
        adversarial: The triple (f, g, h).
        readout: ``e -> (score, code)``.
        consistency: ``(z, code) -> (n,)``.
        penalty: ``(x, x_fake, score_real, score_fake) -> (n,)``.
        consistency_weight: w.
    """

    adversarial: Adversarial
    readout: Callable[[Tensor], tuple[Tensor, Tensor]]
    consistency: Callable[[Tensor, Tensor], Tensor]
    penalty: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
    consistency_weight: float

    def encoder_loss(self, batch: Pass) -> LossTerms:
        score_real, _ = self.readout(batch.e_real)
        score_fake, code = self.readout(batch.e_fake)
        return {
            "adversarial": self.adversarial.f(score_real) + self.adversarial.g(score_fake),
            "consistency": self.consistency_weight * self.consistency(batch.z, code),
            "penalty": self.penalty(batch.x, batch.x_fake, score_real, score_fake),
        }

    def generator_loss(self, batch: Pass) -> LossTerms:
        score, code = self.readout(batch.e_fake)
        return {
            "adversarial": self.adversarial.h(score),
            "consistency": self.consistency_weight * self.consistency(batch.z, code),
        }

    def diagnostics(self, batch: Pass) -> LossTerms:
        e_real, e_fake = batch.e_real.detach(), batch.e_fake.detach()
        score_real, _ = self.readout(e_real)
        score_fake, code = self.readout(e_fake)
        return {
            "score_real": score_real,
            "score_fake": score_fake,
            "rho": -pearson(batch.z, code),
            "e_real_mean": e_real.mean(dim=1),
            "e_real_std": e_real.std(dim=1, correction=0),
            "e_fake_mean": e_fake.mean(dim=1),
            "e_fake_std": e_fake.std(dim=1, correction=0),
        }


def compose(settings: config.Objective) -> ComposedObjective:
    """The objective that a study file describes."""
    penalty, consistency, readout = settings.penalty, settings.consistency, settings.readout
    return ComposedObjective(
        adversarial=ADVERSARIAL[settings.adversarial.name](**settings.adversarial.parameters()),
        readout=partial(READOUTS[readout.name], **readout.parameters()),
        consistency=partial(CONSISTENCY[consistency.name], **consistency.parameters()),
        penalty=partial(PENALTIES[penalty.name], **penalty.parameters()),
        consistency_weight=settings.consistency_weight,
    )
