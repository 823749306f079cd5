"""w·c: a consistency term with its weight, the form in which objectives hold it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ogan_bench.errors import UserError
from ogan_bench.objectives.base import Objective, Projection
from ogan_bench.objectives.forward_pass import ForwardPass, Schedule
from ogan_bench.objectives.parts.call_by_name import argument_names, call_with, check_arguments
from ogan_bench.objectives.parts.consistency import Consistency, ConsistencyInputs
from ogan_bench.objectives.parts.gradient_norms import GradientNorms
from ogan_bench.objectives.parts.schedules import MeasuredWeight, schedule, weight_rule
from ogan_bench.study import catalogue
from ogan_bench.study.parts import ConsistencyPart, Weight, build, component_of


@dataclass(frozen=True)
class WeightedConsistency:
    """A consistency term c and its weight w.

    Args:
        term: c.
        weight: Schedule of w, or the rule by which it follows the gradients of a step.
    """

    term: Consistency
    weight: Schedule | MeasuredWeight

    @property
    def projection(self) -> Projection:
        """The projection between E and G in autoencoding."""
        return self.term.projection

    def outputs(self, d: int) -> int:
        """Outputs that E needs for the term: the code, and its log-variance if c asks for it."""
        return 2 * d if "log_variance" in argument_names(self.term.loss) else d

    def loss(
        self,
        batch: ForwardPass,
        objective: Objective,
        free: int = 0,
        measure: Callable[[Tensor], GradientNorms] | None = None,
    ) -> Tensor:
        """w·c, shape ``(n,)``.

        Args:
            batch: The forward pass.
            objective: Knows which part of E's output is the code.
            free: Leading dimensions of z and of the code that are not tied.
            measure: Gradients of the step, given c; a weight that follows them is kept in the pass
                as ``consistency_weight``.
        """
        loss: Tensor = call_with(self.term.loss, ConsistencyInputs(batch, objective, free))
        rule = self.weight
        if not isinstance(rule, MeasuredWeight):
            return batch.weight(rule) * loss
        if measure is None:
            raise ValueError("nothing measures the gradients that this weight follows")
        gradients = measure(loss)
        return batch.once("consistency_weight", lambda: rule.rule(gradients)) * loss


def weighted_consistency(
    consistency: ConsistencyPart, weight: Weight, *, measured: bool = False
) -> WeightedConsistency:
    """The term and the weight that a study file describes.

    Args:
        consistency: c.
        weight: w.
        measured: Whether w may follow the gradients of a step.

    Raises:
        UserError: The term or the weight asks for something that is not available, or the term is
            itself the loss.
    """
    chosen = component_of("consistency", consistency)
    if argument_names(catalogue.function("consistency", chosen.name)):
        raise UserError(
            f"consistency {chosen.name!r}: the function has positional parameters; it must take "
            "keyword-only ones and return Consistency(loss, projection)"
        )
    term: Consistency = build("consistency", chosen)
    check_arguments(term.loss, ConsistencyInputs, chosen.name)
    return WeightedConsistency(term, weight_rule(weight) if measured else schedule(weight))
