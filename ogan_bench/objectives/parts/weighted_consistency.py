"""w·c: a consistency term with its weight, as every objective holds it that ties codes to z."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ogan_bench.objectives.base import ForwardPass, Objective, Projection
from ogan_bench.objectives.parts.call_by_name import Term, argument_names, call_with, term
from ogan_bench.objectives.parts.consistency import PROJECTIONS, ConsistencyInputs
from ogan_bench.objectives.parts.schedules import Schedule, schedule
from ogan_bench.study.parts import ConsistencyPart, Weight, component_of


@dataclass(frozen=True)
class WeightedConsistency:
    """A consistency term c, its weight w, and what c leaves free in the code.

    Args:
        term: Attributes of
            :class:`~ogan_bench.objectives.parts.consistency.ConsistencyInputs` to ``(n,)``.
        weight: w over the course of the training.
        projection: What belongs between E and G in autoencoding.
    """

    term: Term
    weight: Schedule
    projection: Projection

    def outputs(self, d: int) -> int:
        """Outputs that E needs for the term: the code, and its log-variance where it is asked."""
        return 2 * d if "log_variance" in argument_names(self.term) else d

    def loss(self, batch: ForwardPass, objective: Objective, free: int = 0) -> Tensor:
        """w·c, shape ``(n,)``.

        Args:
            batch: The pass.
            objective: Knows which part of E's output is the code.
            free: Leading dimensions of z and of the code that are not tied.
        """
        tied: Tensor = call_with(self.term, ConsistencyInputs(batch, objective, free))
        return self.weight(batch.progress) * tied


def weighted_consistency(consistency: ConsistencyPart, weight: Weight) -> WeightedConsistency:
    """The term and the weight that a study file describes.

    Raises:
        UserError: The term asks for something that is not offered.
    """
    chosen = component_of("consistency", consistency)
    projection = PROJECTIONS.get(chosen.name, "none")
    return WeightedConsistency(
        term("consistency", chosen, ConsistencyInputs), schedule(weight), projection
    )
