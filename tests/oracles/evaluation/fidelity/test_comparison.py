"""What metrics share is computed once, and no matrix of all pairs is ever in memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.diversity import MEASURES
from ogan_bench.evaluation.fidelity.fidelity import fidelity_rows
from ogan_bench.evaluation.fidelity.reference import Reference
from tests.oracles.evaluation.normal_samples import normal

N, M, K = 2200, 2600, 9


class LargestTensor(TorchDispatchMode):
    """The number of elements of the largest tensor that anything returns."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.elements = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        sizes = [leaf.numel() for leaf in tree_leaves(found) if isinstance(leaf, Tensor)]
        self.elements = max(self.elements, *sizes, 0)
        return found


def test_copies_are_of_images_trained_on() -> None:
    """Samples that equal images which nets have not seen are no copies."""
    training = normal(200, K, 1)
    samples, trained_on = training[:100], torch.arange(100, 200)
    every = Comparison(samples, Reference(training, torch.device("cpu")), 0)
    assert every.authenticity.share == 0
    seen = Comparison(samples, every.reference, 0, trained_on)
    alone = Comparison(samples, Reference(training[100:], torch.device("cpu")), 0)
    assert seen.authenticity.share == alone.authenticity.share > 0.3
    assert seen.authenticity.indices.tolist() == (alone.authenticity.indices + 100).tolist()


def compared() -> Comparison:
    reference = Reference(normal(M, K, 1), torch.device("cpu"))
    return Comparison(normal(N, K, 0), reference, 0, test_features=lambda: normal(N, K, 2))


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("quantity", [*MEASURES, "fd, kd, isc"])
def test_no_matrix_of_all_pairs_is_in_memory(quantity: str) -> None:
    comparison = compared()
    with LargestTensor() as seen:
        if quantity in MEASURES:
            MEASURES[quantity](comparison)
        else:
            fidelity_rows(comparison, normal(N, 3, 2), "classifier", "test@0")
    assert seen.elements >= N * K  # it has seen the features
    assert seen.elements < N * N / 3


def test_manifolds_of_several_metrics_are_the_same_object() -> None:
    comparison = compared()
    assert comparison.manifolds is comparison.manifolds
    assert MEASURES["recall"](comparison).value == comparison.manifolds.recall.value
    assert comparison.against == f"against {M} reference images"


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("quantity", MEASURES)
def test_a_tiny_set_is_called_too_small(quantity: str, count: int) -> None:
    device = torch.device("cpu")
    few, many = normal(count, K, 0), normal(300, K, 1)
    without_cells = quantity not in ("ndb", "ndb_js")
    with pytest.raises(
        NoValueError, match=f"{count} reference images are" * without_cells or "few"
    ):
        MEASURES[quantity](Comparison(many, Reference(few, device), 0))
    with pytest.raises(NoValueError, match=f"{count} samples are" * without_cells or "few"):
        MEASURES[quantity](Comparison(few, Reference(many, device), 0))
