"""All experiments and detection limits for every quantity of features."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.feature_values import feature_values, quantities
from ogan_bench.evaluation.fidelity.quantities import DEFINITIONS
from ogan_bench.evaluation.fidelity.reference import Reference
from ogan_bench.evaluation.verification.criteria import kind, passes
from ogan_bench.evaluation.verification.experiments import EXPERIMENTS, Kind, Pair
from ogan_bench.evaluation.verification.smallest_defect import FAMILIES, NULLS, smallest
from ogan_bench.seeding import generator

FAR = 10.0
"""Standard deviations of the reference by which useless samples are shifted per coordinate."""
REPEATS = 5
LIMIT_REPEATS = 3

Values = dict[str, float | None]


@dataclass(frozen=True)
class Outcome:
    """One quantity in one experiment.

    Args:
        experiment: Its name.
        quantity: Its name.
        base: Mean value without the defect; ``None``: no value.
        defect: Mean value with it; ``None``: no value.
        passed: Whether it does what it should; ``None``: not judged.
    """

    experiment: str
    quantity: str
    base: float | None
    defect: float | None
    passed: bool | None


@dataclass(frozen=True)
class Limit:
    """The smallest defect that a quantity finds.

    Args:
        family: Name of the defect.
        quantity: Its name.
        n: Points of each set.
        smallest: ``None``: it does not even find the largest.
    """

    family: str
    quantity: str
    n: int
    smallest: float | None


def judged() -> dict[str, Kind]:
    """The quantities that have a direction, and what each measures."""
    found = {name: kind(name, DEFINITIONS[name].better) for name in quantities()}
    return {name: of for name, of in found.items() if of is not None}


def outcomes(
    n: int,
    repeats: int = REPEATS,
    without: Sequence[str] = (),
    progress: Callable[[str], None] = lambda name: None,
) -> list[Outcome]:
    """Every quantity in every experiment.

    Args:
        n: Points of each set.
        repeats: Independent draws with and without the defect, at least two.
        without: Quantities to leave out.
        progress: Receives the name of each experiment as it begins.
    """
    kinds = {name: of for name, of in judged().items() if name not in without}
    found = []
    for name, experiment in EXPERIMENTS.items():
        progress(name)
        base, defect = (
            [_values(pair, n, f"verify/{name}/{which}", i, without) for i in range(repeats)]
            for which, pair in {"base": experiment.base, "defect": experiment.defect}.items()
        )
        perfect = _values(Pair(experiment.base.real), n, f"verify/{name}/perfect", 0, without)
        useless = _useless(experiment.base, n, f"verify/{name}/useless", without)
        for quantity, of in kinds.items():
            desired = experiment.desired.get(of)
            before, after = _oriented(quantity, base), _oriented(quantity, defect)
            ends = _oriented(quantity, [perfect, useless])
            ok = None
            if desired is not None:
                complete = len(before) == len(after) == repeats and len(ends) == 2
                ok = complete and passes(desired, of, before, after, ends[0] - ends[1])
            found.append(
                Outcome(
                    name,
                    quantity,
                    _mean(quantity, before),
                    _mean(quantity, after),
                    ok,
                )
            )
    return found


def limits(
    n: int,
    repeats: int = LIMIT_REPEATS,
    without: Sequence[str] = (),
    progress: Callable[[str], None] = lambda name: None,
) -> list[Limit]:
    """The smallest defect that every quantity finds.

    Args:
        n: Points of each set.
        repeats: Independent draws at each size.
        without: Quantities to leave out.
        progress: Receives the name of each family as it begins.
    """
    kinds = {name: of for name, of in judged().items() if name not in without}
    found = []
    for name, family in FAMILIES.items():
        progress(f"{name}, n = {n}")
        stage = f"verify/{name}/{n}"
        perfect = Pair(family.real)
        nulls = [_values(perfect, n, f"{stage}/null", i, without) for i in range(NULLS)]
        at = {
            size: [
                _values(Pair(family.real, family.samples(size)), n, f"{stage}/{size}", i, without)
                for i in range(repeats)
            ]
            for size in family.sizes
        }
        for quantity in kinds:
            null = _oriented(quantity, nulls)
            values = {size: _oriented(quantity, drawn) for size, drawn in at.items()}
            full = len(null) == NULLS and all(len(drawn) == repeats for drawn in values.values())
            least = smallest(null, values, family.sizes) if full else None
            found.append(Limit(name, quantity, n, least))
    return found


def _values(pair: Pair, n: int, stage: str, index: int, without: Sequence[str] = ()) -> Values:
    samples, real = pair.draw(generator(0, stage, index), n)
    return _measured(samples, real, index, without)


def _useless(pair: Pair, n: int, stage: str, without: Sequence[str]) -> Values:
    """Samples of the reference's shape, far off."""
    real, shape = (pair.real(generator(0, stage, i), n).float() for i in range(2))
    return _measured(shape + FAR * real.std(0), real, 0, without)


def _measured(samples: Tensor, real: Tensor, seed: int, without: Sequence[str] = ()) -> Values:
    reference = Reference(real, torch.device("cpu"), reused=False)
    unused = [name for name in quantities() if name in without or name not in judged()]
    return feature_values(Comparison(samples, reference, seed), without=unused)


def _sign(quantity: str) -> int:
    return -1 if DEFINITIONS[quantity].better == "lower" else 1


def _oriented(quantity: str, measured: Sequence[Values]) -> list[float]:
    """Values where higher is better; those that could not be computed are left out."""
    values = (of.get(quantity) for of in measured)
    return [_sign(quantity) * value for value in values if value is not None]


def _mean(quantity: str, oriented: Sequence[float]) -> float | None:
    """Mean of the values themselves; 0 is added because -1 · 0 is -0."""
    return _sign(quantity) * statistics.fmean(oriented) + 0.0 if oriented else None
