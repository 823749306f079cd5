"""Test vectors of the metrics: small inputs, and values that a reader can work out by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from ogan_bench.study.yaml_errors import read_yaml

FILE = Path(__file__).parent / "test_vectors.yaml"
MODULE = "ogan_bench.{}"
TORCH = {"torch": torch, "tensor": torch.tensor, "full": torch.full}


@dataclass(frozen=True)
class Vector:
    """One test vector.

    Args:
        metrics: Names of metrics, as :data:`~ogan_bench.metrics.formulas.FORMULAS` has them, whose
            values this function gives.
        module: Below ``ogan_bench``; where the names in the code are from.
        code: Calls the tool's own function.
        by_hand: The same value as arithmetic.
        why: What the arithmetic rests on.
    """

    metrics: tuple[str, ...]
    module: str
    code: str
    by_hand: str
    why: str

    def computed(self) -> float:
        """What the tool's own function gives, the mean if it gives several numbers."""
        names = vars(import_module(MODULE.format(self.module)))
        found: Any = eval(self.code, {**names, **TORCH})
        return float(torch.as_tensor(found, dtype=torch.float64).mean())

    def expected(self) -> float:
        """What the arithmetic gives."""
        return float(eval(self.by_hand, {"__builtins__": {}, **vars(math)}))


@cache
def vectors() -> list[Vector]:
    """All test vectors, in the order of the file."""
    stated = read_yaml(FILE)["vectors"]
    return [Vector(**{**entry, "metrics": tuple(entry["metrics"])}) for entry in stated]


@cache
def reasons() -> dict[str, str]:
    """Metrics without a test vector, and why there is none."""
    stated = read_yaml(FILE)["without"]
    return {metric: entry["reason"] for entry in stated for metric in entry["metrics"]}
