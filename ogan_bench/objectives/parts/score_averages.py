"""Moving averages of scores, in a buffer of the net that scores, and so stored along with it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ogan_bench.errors import UserError

BUFFER = "score_averages"


def keep_score_averages(scorer: nn.Module) -> None:
    """Add the buffer to a net whose scores are to be averaged."""
    scorer.register_buffer(BUFFER, torch.zeros(3))


@dataclass(frozen=True)
class ScoreAverages:
    """Moving averages of the mean scores of real and of generated batches.

    After t updates with the means m_1, ..., m_t and the decay β, an average is
    Σ (1 - β) β^(t-i) m_i / (1 - β^t): weights that sum to 1, so the first is m_1.

    Args:
        sums: The numerators of both averages and their common denominator, shape ``(3,)``.
    """

    sums: Tensor

    @classmethod
    def of(cls, scorer: nn.Module) -> ScoreAverages:
        """The averages that a net keeps.

        Raises:
            UserError: It keeps none.
        """
        sums = dict(scorer.named_buffers(recurse=False)).get(BUFFER)
        if sums is None:
            raise UserError(
                "the penalty needs moving averages of scores, and this objective keeps none: "
                "choose another penalty"
            )
        return cls(sums)

    @property
    def real(self) -> Tensor:
        """Of real images; 0 before the first update."""
        return self.sums[0] / self._denominator

    @property
    def fake(self) -> Tensor:
        """Of generated images; 0 before the first update."""
        return self.sums[1] / self._denominator

    @property
    def begun(self) -> Tensor:
        """1 from the first update on, 0 before it; the host does not know."""
        return (self.sums[2] > 0).to(self.sums.dtype)

    @torch.no_grad()
    def update(self, score_real: Tensor, score_fake: Tensor, decay: float) -> None:
        """Take the scores of a batch into the averages.

        Args:
            score_real: Shape ``(n,)``.
            score_fake: Shape ``(n,)``.
            decay: β.
        """
        real, fake = score_real.mean(), score_fake.mean()
        newest = torch.stack([real, fake, torch.ones_like(real)]).to(self.sums.dtype)
        self.sums.lerp_(newest, 1 - decay)

    @property
    def _denominator(self) -> Tensor:
        return self.sums[2] + (1 - self.begun)
