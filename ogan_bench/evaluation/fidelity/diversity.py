"""The group ``diversity``: beyond distances of moments, in every chosen feature space."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.feature_sets import check, part
from ogan_bench.evaluation.fidelity.floor import with_floor
from ogan_bench.evaluation.fidelity.frechet import frechet_floor, frechet_infinity
from ogan_bench.evaluation.fidelity.kernel import cmmd, cubic, exact_kernel_distance, gaussian, unit
from ogan_bench.evaluation.fidelity.kmeans_bins import (
    different_cells,
    jensen_shannon,
    jensen_shannon_floor,
)
from ogan_bench.evaluation.fidelity.likelihood import MOST, generalisation_gap
from ogan_bench.evaluation.fidelity.manifolds import MAX_MANIFOLD, Authenticity
from ogan_bench.evaluation.fidelity.prd import CLUSTERS, RUNS
from ogan_bench.evaluation.fidelity.quantities import DEFINITIONS, manifold_value, quantity_rows
from ogan_bench.evaluation.fidelity.sliced_wasserstein import sliced_wasserstein
from ogan_bench.evaluation.fidelity.unmatched import invented, missing
from ogan_bench.evaluation.fidelity.vendi import rke_score, vendi_score
from ogan_bench.evaluation.fidelity.wavelets import (
    packet_moments,
    wavelet_distance,
    wavelet_error,
    wavelet_floor,
)
from ogan_bench.evaluation.image_grids import neighbour_grid
from ogan_bench.evaluation.in_space import comparison_in, rows_in_space
from ogan_bench.evaluation.rows import NO_VALUE, Row, Value, measured_rows
from ogan_bench.evaluation.standard_error import Estimate, of_share
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.metrics.feature_spaces import names_in
from ogan_bench.sampling.context import ImageContext

PICTURE = "neighbours.png"
MISSING, INVENTED = "missing.png", "invented.png"
LEVEL = 0.05


def diversity_rows(context: ImageContext) -> list[Row]:
    """All metrics of the group in all chosen spaces, and that without one.

    If a space fails, its rows say why.

    In the first space, ``neighbours.png`` shows the samples nearest to reference images,
    ``missing.png`` the test images farthest from samples, and ``invented.png`` the samples farthest
    from test images.
    """
    rows: list[Row] = []
    for space in dict.fromkeys(context.settings.extractors):
        names = names_in(space, DEFINITIONS, always=False)
        measure = functools.partial(_measure, space, names)
        rows += rows_in_space(context, space, list(names.values()), measure)
    n = len(context.images("generated"))
    split = context.reference_split
    return rows + measured_rows({"fwd": lambda: _wavelets(context)}, n_samples=n, split=split)


def _measure(space: SpaceName, names: dict[str, str], context: ImageContext) -> list[Row]:
    compared = comparison_in(context, space)
    folder = context.folder if space == context.settings.extractors[0] else None

    def shown(c: Comparison) -> Value:
        value = _authenticity(c)
        _show(context, folder, c.authenticity)
        return value

    if folder is not None:
        with contextlib.suppress(*NO_VALUE):  # as in rows without value: there is nothing to show
            _show_unmatched(context, space, compared, folder)
    measures = MEASURES | {"authenticity": shown}
    return quantity_rows(
        {name: functools.partial(measure, compared) for name, measure in measures.items()},
        names,
        n_samples=len(compared.samples),
        split=compared.split,
        extractor=context.extractor(space).name,
    )


def _wavelets(context: ImageContext) -> Value:
    if context.dataset.is_points:
        raise NoValueError("points have no wavelets")
    images, device = context.images("generated"), context.device
    samples, real = (packet_moments(of, device) for of in (images, context.images("reference")))
    note = f"against {real.count} reference images"
    error = wavelet_error(images, samples, real, device)
    value = Value(wavelet_distance(samples, real), note=note, error=error)
    return with_floor(value, lambda: wavelet_floor(real, samples.count))


def _show(context: ImageContext, folder: Path | None, found: Authenticity) -> None:
    """The samples nearest to reference images, each followed by that image."""
    if folder is None:
        return
    closest = found.closeness.argsort(stable=True)[:32]
    samples, reference = context.images("generated"), context.images("reference")
    neighbours = found.indices[closest].to(reference.device)
    neighbour_grid(samples[closest.to(samples.device)], reference[neighbours], folder / PICTURE)


def _show_unmatched(
    context: ImageContext, space: SpaceName, compared: Comparison, folder: Path
) -> None:
    """Test images that samples come nowhere near, and samples nowhere near a test image.

    Each is followed by what is nearest to it on the other side.
    """
    samples, test = context.images("generated"), context.images("test")[:MAX_MANIFOLD]
    features = context.features(space, "test").features[:MAX_MANIFOLD].to(compared.samples)

    def chosen(images: Tensor, indices: Tensor) -> Tensor:
        return images[indices[:32].to(images.device)]

    lacking = missing(compared.samples, features)
    neighbour_grid(
        chosen(test, lacking.indices), chosen(samples, lacking.partners), folder / MISSING
    )
    added = invented(compared.samples, features)
    neighbour_grid(chosen(samples, added.indices), chosen(test, added.partners), folder / INVENTED)


def _all_pairs(c: Comparison) -> Value:
    within = c.reference.sums_within("cubic", cubic, Tensor.double)
    found = exact_kernel_distance(c.samples, c.reference.features, within)
    return Value(found.value, 0.0, c.against, error=found.standard_error)


def _infinity(c: Comparison) -> Value:
    known = c.reference.moments
    found = frechet_infinity(c.samples, known, c.seed)
    note = f"{c.against}; from {found.smallest} to {len(c.samples)} samples"
    value = Value(found.value, note=note, error=found.standard_error)
    return with_floor(value, lambda: frechet_floor(known, math.inf))


def _sliced(c: Comparison) -> Value:
    n, m = len(c.samples), len(c.reference)
    size, half = min(n, m), min(n, m // 2)

    def of_halves() -> float:
        both = part(c.reference.features, 2 * half, c.seed, "evaluation/sliced/halves")
        return sliced_wasserstein(both[:half], both[half:], c.seed).value

    found = sliced_wasserstein(c.samples, c.reference.features, c.seed)
    # The distance of two sets of one distribution falls as one over their size.
    chance = c.reference.number("sliced", of_halves, n=half, seed=c.seed) * half / size
    note = f"against {size} reference images; floor: from two sets of {half} of these"
    if half < size:
        note += f", times {half}/{size}"
    return Value(found.value, chance, note, n_samples=size, error=found.standard_error)


def _effective_number(name: str, score: Callable[[Tensor], Estimate], c: Comparison) -> Value:
    check(c.samples, c.reference.features)
    n = min(len(c.samples), len(c.reference))

    def of(points: Tensor) -> Estimate:
        return score(part(points, n, c.seed, "evaluation/vendi"))

    real = c.reference.number(name, lambda: of(c.reference.features).value, n=n, seed=c.seed)
    found, note = of(c.samples), f"{n} reference images reach {real:.3f}"
    return Value(found.value, note=note, n_samples=n, error=found.standard_error)


def _authenticity(c: Comparison) -> Value:
    found = c.authenticity
    kept = c.against if c.trained_on is None else f"against {len(c.trained_on)} images trained on"
    note = f"{kept}, which reach {found.held_out:.3f} themselves (leave-one-out)"
    return Value(found.share, note=note, error=of_share(found.share, len(c.samples)))


def _data_copying(c: Comparison) -> Value:
    found = c.copying
    note = (
        f"against {len(c.training)} images trained on and {len(c.test)} test images, in "
        f"{found.cells} cells; perfect samples have a standard deviation of {found.deviation:.3f}"
    )
    return Value(found.statistic.value, note=note, error=found.statistic.standard_error)


def _likelihood_gap(c: Comparison) -> Value:
    check(c.samples, c.reference.features)  # before test images are asked for
    gap = generalisation_gap(c.samples, c.training, c.test, c.seed)
    samples, images = min(len(c.samples), MOST), min(len(c.training), len(c.test), MOST)
    note = f"{images} images trained on against as many test images, in a density of {samples}"
    return Value(gap, note=f"{note} samples", n_samples=samples)


def _of_curve(end: Literal["precision", "recall"], c: Comparison) -> Value:
    points = c.overlap.points
    value: float = getattr(c.overlap, end)
    note = f"against {points} reference images, {RUNS} times in {CLUSTERS} cells"
    curve = None
    if end == "precision":  # both values are of the same one
        curve = tuple((round(x, 5), round(y, 5)) for x, y in c.overlap.curve.tolist())
    return Value(value, note=note, n_samples=points, curve=curve)


def _different_cells(c: Comparison) -> Value:
    found = different_cells(*c.cells)
    return Value(found.value, LEVEL, _of_cells(c), error=found.standard_error)


def _cell_divergence(c: Comparison) -> Value:
    counts, expected = c.cells
    floor = jensen_shannon_floor(len(expected), len(c.samples), len(c.reference))
    found = jensen_shannon(counts, expected)
    return Value(found.value, floor, _of_cells(c), error=found.standard_error)


def _of_cells(c: Comparison) -> str:
    return f"{len(c.cells[1])} cells of {len(c.reference)} reference images"


def _cmmd(c: Comparison) -> Value:
    within = c.reference.sums_within("gaussian", gaussian, unit)
    found, floor = cmmd(c.samples, c.reference.features, within)
    return Value(found.value, floor, c.against, error=found.standard_error)


def _of_balls(quantity: str) -> Callable[[Comparison], Value]:
    return lambda c: manifold_value(c, quantity)


BALLS = ("clipped_density", "clipped_coverage", "precision", "recall", "density", "coverage")

MEASURES: dict[str, Callable[[Comparison], Value]] = {
    **{quantity: _of_balls(quantity) for quantity in BALLS},
    "prd_precision": functools.partial(_of_curve, "precision"),
    "prd_recall": functools.partial(_of_curve, "recall"),
    "kd_exact": _all_pairs,
    "fd_infinity": _infinity,
    "sliced_wasserstein": _sliced,
    "vendi": functools.partial(_effective_number, "vendi", vendi_score),
    "rke": functools.partial(_effective_number, "rke", rke_score),
    "authenticity": _authenticity,
    "data_copying": _data_copying,
    "fld_gap": _likelihood_gap,
    "ndb": _different_cells,
    "ndb_js": _cell_divergence,
    "cmmd": _cmmd,
}
"""Maps each quantity to the function that computes it."""
