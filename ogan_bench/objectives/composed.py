"""The O-GAN family: any combination of adversarial loss, readout, consistency term and penalty.

::

    E:  min  f(s(x)) + g(s(G(z)))  +  w · c(z, E(G(z)))  +  penalty
    G:  min             h(s(G(z))) +  w · c(z, E(G(z)))

With the linear triple, s = avg E, c = -ρ, w = 0.5 and the quadratic potential this is the loss of
the author's code.

References:
    J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import signature

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError, UserError
from ogan_bench.models.base import Architecture, Encoder
from ogan_bench.objectives.base import PROJECTIONS, LossTerms, Objective, Projection
from ogan_bench.objectives.forward_pass import ForwardPass, Nets, Noise, Schedule
from ogan_bench.objectives.parts.adversarial import Adversarial, Scores
from ogan_bench.objectives.parts.call_by_name import Term, call_with, check_arguments, term
from ogan_bench.objectives.parts.consistency import correlation
from ogan_bench.objectives.parts.gradient_norms import GradientNorms
from ogan_bench.objectives.parts.readouts import Output, Readout
from ogan_bench.objectives.parts.schedules import schedule
from ogan_bench.objectives.parts.scored import Scored, penalty_noise, prepare
from ogan_bench.objectives.parts.weighted_consistency import (
    WeightedConsistency,
    weighted_consistency,
)
from ogan_bench.study.parts import (
    AdversarialPart,
    ConsistencyPart,
    PenaltyPart,
    ReadoutPart,
    Weight,
    build,
    component_of,
)


@dataclass(frozen=True)
class ComposedObjective(Objective):
    """An objective made of four exchangeable parts.

    Args:
        adversarial: Losses of E and G as functions of the scores.
        readout: Maps E(x) to a score.
        consistency: w·c.
        penalty: Attributes of :class:`~ogan_bench.objectives.parts.scored.Scored` to ``(n,)``.
        penalty_schedule: Factor on the penalty; ``None``: 1.
    """

    adversarial: Adversarial
    readout: Readout
    consistency: WeightedConsistency
    penalty: Term
    penalty_schedule: Schedule | None = None

    updated_first = ("encoder",)

    @property
    def projection(self) -> Projection:
        return self.consistency.projection

    @property
    def unprojected(self) -> int:
        return 0 if self.readout.projects_free else self.readout.free

    @property
    def adversarial_lower_bound(self) -> float | None:
        return self.adversarial.lower_bound

    def build(self, architecture: Architecture) -> Nets:
        d = architecture.z_dim
        if self.readout.free >= d:
            raise UserError(
                f"readout.dims: {self.readout.free} of the {d} dimensions of z leave none for the "
                "code: give fewer, or a larger model.z_dim"
            )
        encoder = architecture.encoder(self.consistency.outputs(d) + self.readout.spare)
        if self.readout.head is not None:
            encoder.score_head = self.readout.head(architecture, encoder)
        prepare(self.penalty, encoder)
        return Nets(encoder, architecture.generator())

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        return penalty_noise(self.penalty, n, d)

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        real, fake = self.score_real(batch), self.score_fake(batch)
        scored = Scored(batch, real, fake, partial(self.score, batch), batch.nets.encoder)
        return {
            "adversarial": self._adversarial(self.adversarial.encoder, batch),
            "consistency": self._consistency(batch),
            "penalty": self._penalty(scored),
        }

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        return {
            "adversarial": self._adversarial(self.adversarial.generator, batch),
            "consistency": self._consistency(batch),
        }

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        d = batch.z.shape[1]
        e_real, e_fake = (e.detach()[:, :d] for e in (batch.e_real, batch.e_fake))
        kept: dict[str, Tensor] = vars(batch)
        weight = kept.get("consistency_weight")
        measured = {} if weight is None else {"consistency_weight": weight.expand(len(batch.z))}
        return {
            "score_real": self.score_real(batch).detach(),
            "score_fake": self.score_fake(batch).detach(),
            "rho": correlation(batch.z, e_fake),
            "e_real_mean": e_real.mean(dim=1),
            "e_real_std": e_real.std(dim=1, correction=0),
            "e_fake_mean": e_fake.mean(dim=1),
            "e_fake_std": e_fake.std(dim=1, correction=0),
            **measured,
        }

    def code(self, e: Tensor, d: int) -> Tensor:
        # The dimensions read by the score carry no information on z: G gets the prior's mean, 0,
        # instead. N(·) subtracts the average of the tied dimensions, so that average becomes 0.
        tied = e[:, self.readout.free : d]
        return torch.cat([self._place(tied).expand(-1, self.readout.free), tied], dim=1)

    def project(self, code: Tensor, projection: Projection) -> Tensor:
        set_aside, tied = code.tensor_split([self.unprojected], dim=1)
        if self.unprojected == 0:
            return super().project(code, projection)
        return torch.cat([set_aside - self._place(tied), PROJECTIONS[projection](tied)], dim=1)

    def score_real(self, batch: ForwardPass) -> Tensor:
        """Scores of the real images, shape ``(n,)``."""
        return batch.once(
            "score_real",
            lambda: self._read(batch, batch.e_real, batch.features_real, batch.labels),
        )

    def score_fake(self, batch: ForwardPass) -> Tensor:
        """Scores of the generated images, shape ``(n,)``."""
        return batch.once(
            "score_fake",
            lambda: self._read(batch, batch.e_fake, batch.features_fake, batch.z_labels),
        )

    def score(self, batch: ForwardPass, x: Tensor, labels: Tensor | None) -> Tensor:
        """Scores of other images of the given classes, shape ``(n,)``."""
        features = batch.nets.encoder.trunk(x)
        return self._read(batch, batch.nets.encoder.head(features), features, labels)

    def score_of_image(self, encoder: Encoder, x: Tensor, d: int) -> Tensor:
        if "labels" in signature(self.readout.score).parameters:
            raise NoValueError("the score depends on the class of an image")
        features = encoder.trunk(x)
        return self._score(encoder, d, encoder.head(features), features, None)

    def _read(
        self, batch: ForwardPass, e: Tensor, features: Tensor, labels: Tensor | None
    ) -> Tensor:
        return self._score(batch.nets.encoder, batch.z.shape[1], e, features, labels)

    def _score(
        self, encoder: Encoder, d: int, e: Tensor, features: Tensor, labels: Tensor | None
    ) -> Tensor:
        spare = e[:, d : d + self.readout.spare]
        output = Output(e[:, :d], spare, features, labels, encoder.score_head)
        score: Tensor = call_with(self.readout.score, output)
        return score

    def _place(self, tied: Tensor) -> Tensor:
        """What stands in a code for each dimension that is set aside, shape ``(n, 1)``."""
        centred = self.projection in ("standardise", "centre")
        return tied.mean(dim=1, keepdim=True) * float(centred)

    def _adversarial(self, loss: Callable[..., Tensor], batch: ForwardPass) -> Tensor:
        scores = Scores(lambda: self.score_real(batch), lambda: self.score_fake(batch))
        losses: Tensor = call_with(loss, scores)
        return losses

    def _penalty(self, scored: Scored) -> Tensor:
        penalty: Tensor = call_with(self.penalty, scored)
        if self.penalty_schedule is None:
            return penalty
        return scored.batch.weight(self.penalty_schedule) * penalty

    def _consistency(self, batch: ForwardPass) -> Tensor:
        of_encoder, of_generator = (
            partial(self._adversarial, loss, batch)
            for loss in (self.adversarial.encoder, self.adversarial.generator)
        )
        measure = partial(GradientNorms, batch, of_encoder, of_generator)
        free = self.readout.free
        return batch.once("consistency", lambda: self.consistency.loss(batch, self, free, measure))


def composed(
    *,
    adversarial: AdversarialPart,
    readout: ReadoutPart,
    consistency: ConsistencyPart,
    consistency_weight: Weight = 0.5,
    penalty: PenaltyPart,
    penalty_schedule: Weight | None = None,
) -> Objective:
    """O-GAN and its ablations: a choice of four parts.

    E: f(s(x)) + g(s(G(z))) + w·c(z, E(G(z))) + penalty.
    G: h(s(G(z))) + w·c(z, E(G(z))).

    Args:
        adversarial: (f, g, h).
        readout: s.
        consistency: c.
        consistency_weight: w; 0.5 in the author's code, 1 in his at 256 pixels.
        penalty: On E.
        penalty_schedule: Factor on the penalty as the training proceeds; null: 1.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    losses: Adversarial = build("adversarial", adversarial)
    read: Readout = build("readouts", readout)
    for loss in (losses.encoder, losses.generator):
        check_arguments(loss, Scores, component_of("adversarial", adversarial).name)
    check_arguments(read.score, Output, component_of("readouts", readout).name)
    return ComposedObjective(
        adversarial=losses,
        readout=read,
        consistency=weighted_consistency(consistency, consistency_weight, measured=True),
        penalty=term("penalties", penalty, Scored),
        penalty_schedule=None if penalty_schedule is None else schedule(penalty_schedule),
    )
