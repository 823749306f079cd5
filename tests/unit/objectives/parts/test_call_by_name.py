"""Parts that get what they ask for by name, or are refused."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from torch import Tensor

from ogan_bench.errors import UserError
from ogan_bench.objectives.parts import consistency, penalties
from ogan_bench.objectives.parts.call_by_name import call_with, check_arguments
from ogan_bench.objectives.parts.consistency import ConsistencyInputs
from ogan_bench.objectives.parts.scored import Scored

# Asking


def test_a_part_that_asks_for_what_nobody_has_is_refused() -> None:
    def of_mine(z: Tensor, cod: Tensor) -> Tensor:
        return z - cod

    with pytest.raises(UserError, match=r"of_mine: parameter 'cod': .* Did you mean 'code'\?"):
        check_arguments(of_mine, ConsistencyInputs, "of_mine")
    check_arguments(consistency.gaussian_nll().loss, ConsistencyInputs, "gaussian_nll")

    def penalty(score_reals: Tensor) -> Tensor:
        return score_reals

    with pytest.raises(UserError, match=r"Did you mean 'score_real'\?"):
        check_arguments(penalty, Scored, "penalty")
    check_arguments(penalties.gradient_penalty, Scored, "gradient_penalty")


def test_a_part_gets_what_it_asks_for_by_name() -> None:
    view = SimpleNamespace(a=1, b=2, c=3)
    assert call_with(lambda c, a: (c, a), view) == (3, 1)
    assert call_with(lambda b, *, factor: b * factor, view, factor=5) == 10
