"""A critic of images with one score, apart from E: what it tells from what, and how well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Noise
from ogan_bench.objectives.parts.scored import ScoredPairs
from ogan_bench.objectives.systems.critic_game import CriticGame, computed


@dataclass(frozen=True, kw_only=True)
class ImageCritic(Objective):
    """An objective whose critic tells :meth:`real` from :meth:`fake`.

    Args:
        game: The game between the critic and the net that makes what it tells from real images.
    """

    game: CriticGame

    updated_first = ("critic",)

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        return self.game.noise(n, d)

    def critic_loss(self, batch: ForwardPass) -> LossTerms:
        return self.game.critic_loss(
            ScoredPairs(
                batch,
                self.score_real(batch),
                self.score_fake(batch),
                lambda x, labels: self.score(batch, x),
                batch.critic,
                self.real(batch),
                self.fake(batch),
            )
        )

    def forger_loss(self, batch: ForwardPass) -> Tensor:
        """What the net minimises whose images are told from the real ones, shape ``(n,)``."""
        return self.game.generator_side_loss(
            partial(self.score_real, batch), partial(self.score_fake, batch)
        )

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        return computed(batch, self, "score_real", "score_fake")

    def real(self, batch: ForwardPass) -> Tensor:
        """The real images, as the critic sees them."""
        return batch.x

    def fake(self, batch: ForwardPass) -> Tensor:
        """What the critic tells from them, of the same shape."""
        return batch.x_fake

    def score_real(self, batch: ForwardPass) -> Tensor:
        """Scores of the real images, shape ``(n,)``."""
        return batch.once("score_real", lambda: self.score(batch, self.real(batch)))

    def score_fake(self, batch: ForwardPass) -> Tensor:
        """Scores of what is told from them, shape ``(n,)``."""
        return batch.once("score_fake", lambda: self.score(batch, self.fake(batch)))

    def score(self, batch: ForwardPass, x: Tensor) -> Tensor:
        """The critic's scores of images, shape ``(n,)``."""
        scores: Tensor = batch.critic(x)
        return scores[:, 0]
