"""Critics separate from E: both sides of a critic's game, and what is computed once per pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Noise
from ogan_bench.objectives.parts.adversarial import Adversarial, Scores
from ogan_bench.objectives.parts.call_by_name import Term, call_with, term
from ogan_bench.objectives.parts.consistency import correlation
from ogan_bench.objectives.parts.scored import Scored, penalty_noise, prepare
from ogan_bench.study.parts import AdversarialPart, PenaltyPart, build


def computed(batch: ForwardPass, objective: Objective, *names: str) -> LossTerms:
    """Diagnostics: the named tensors that this pass has computed, and ρ if available.

    Args:
        batch: The pass; nothing is recomputed, since the weights have changed.
        objective: Knows which part of E's output is the code.
        names: As given to :meth:`~ogan_bench.objectives.forward_pass.ForwardPass.once`.
    """
    kept = vars(batch)
    found: dict[str, Tensor] = {name: kept[name] for name in names if name in kept}
    if "e_fake" in kept:
        found["rho"] = correlation(batch.z, objective.code(batch.e_fake, batch.z.shape[1]))
    return found


@dataclass(frozen=True)
class CriticGame:
    """The losses of a critic and of the forger it judges.

    ::

        critic:  min  f(s(real)) + g(s(fake)) + penalty
        forger:  min               h(s(fake))

    Args:
        adversarial: (f, g, h).
        penalty: On the critic.
    """

    adversarial: Adversarial
    penalty: Term

    def prepare(self, critic: nn.Module) -> None:
        """Give a new critic the buffers that the penalty asks for."""
        prepare(self.penalty, critic)

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        """Random numbers that the critic's loss needs for n pairs; z has d dimensions."""
        return penalty_noise(self.penalty, n, d)

    def critic_loss(self, scored: Scored) -> LossTerms:
        """Both terms of the critic."""
        real, fake = (lambda: scored.score_real), (lambda: scored.score_fake)
        return {
            "adversarial": self.critic_side_loss(real, fake),
            "penalty": call_with(self.penalty, scored),
        }

    def critic_side_loss(self, real: Callable[[], Tensor], fake: Callable[[], Tensor]) -> Tensor:
        """The critic's term without the penalty."""
        loss: Tensor = call_with(self.adversarial.encoder, Scores(real, fake))
        return loss

    def generator_side_loss(self, real: Callable[[], Tensor], fake: Callable[[], Tensor]) -> Tensor:
        """The forger's only term; scores that h does not ask for are not computed."""
        loss: Tensor = call_with(self.adversarial.generator, Scores(real, fake))
        return loss


def game(adversarial: AdversarialPart, penalty: PenaltyPart) -> CriticGame:
    """The game that a study file describes.

    Raises:
        UserError: The penalty asks for something that is not available.
    """
    return CriticGame(build("adversarial", adversarial), term("penalties", penalty, Scored))
