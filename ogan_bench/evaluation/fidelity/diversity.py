"""The group ``diversity``: more than distances of moments, in every chosen feature space."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor
from torch.nn.functional import normalize

from ogan_bench.evaluation.fidelity.feature_sets import part, place
from ogan_bench.evaluation.fidelity.frechet import frechet_floor, frechet_infinity
from ogan_bench.evaluation.fidelity.kernel import cmmd, cubic, exact_kernel_distance, gaussian
from ogan_bench.evaluation.fidelity.kmeans_bins import (
    cell_counts,
    different_cells,
    jensen_shannon,
    jensen_shannon_floor,
    number_of_cells,
)
from ogan_bench.evaluation.fidelity.labels import extractor_label, warned
from ogan_bench.evaluation.fidelity.manifolds import (
    Authenticity,
    authenticity,
    expected_coverage,
    manifolds,
)
from ogan_bench.evaluation.fidelity.reference import Reference
from ogan_bench.evaluation.fidelity.sliced_wasserstein import sliced_wasserstein
from ogan_bench.evaluation.fidelity.vendi import vendi_score
from ogan_bench.evaluation.image_grids import neighbour_grid
from ogan_bench.evaluation.rows import Row, attempt
from ogan_bench.metrics.coverage import BINS
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.metrics.feature_spaces import names_in
from ogan_bench.metrics.fidelity import QUANTITIES
from ogan_bench.sampling.context import ImageContext

PICTURE = "neighbours.png"
LEVEL = 0.05


@dataclass(frozen=True)
class Comparison:
    """Samples beside the training images in one feature space.

    Args:
        samples: Features of the generated images, shape ``(n, k)``.
        reference: The training images.
        extractor: Name of the feature space with the hash of its weights.
        names: Quantity to metric, of those to be measured.
        seed: Seed of random choices.
        show: What is to be done with the samples' nearest training images.
    """

    samples: Tensor
    reference: Reference
    extractor: str
    names: dict[str, str]
    seed: int
    show: Callable[[Authenticity], None]

    @property
    def against(self) -> str:
        """What notes begin with where all training images are used."""
        return f"against {len(self.reference)} training images"

    def row(
        self,
        quantity: str,
        value: float,
        note: str,
        *,
        floor: float | None = None,
        n: int | None = None,
        split: str = "train",
    ) -> Row:
        """A row of this comparison; ``n`` is the number of samples unless it says otherwise."""
        count = len(self.samples) if n is None else n
        return Row(
            self.names[quantity], value, count, split, self.extractor, floor=floor, note=note
        )


def diversity_rows(context: ImageContext) -> list[Row]:
    """All metrics of the group in all chosen spaces; a space that fails is a note in its rows.

    Of the first space, ``neighbours.png`` shows the samples nearest to the training images.
    """
    rows: list[Row] = []
    n = len(context.images("generated"))
    for space in dict.fromkeys(context.settings.extractors):
        names = names_in(space, QUANTITIES | BINS, always=False)
        rows += attempt(
            list(names.values()),
            functools.partial(_in_space, context, space, names),
            n_samples=n,
            split="train",
            extractor=extractor_label(space, context.dataset),
        )
    return rows


def _in_space(context: ImageContext, space: SpaceName, names: dict[str, str]) -> list[Row]:
    extractor = context.extractor(space)
    generated, training = (context.features(space, of) for of in ("generated", "train"))
    device = place(context.device)
    folder = context.folder if space == context.settings.extractors[0] else None
    compared = Comparison(
        generated.features.to(device),
        Reference(training.features, device),
        generated.extractor,
        names,
        context.settings.seed,
        functools.partial(_show, context, folder),
    )
    rows: list[Row] = []
    for quantities, measure in MEASURES.items():
        if metrics := [names[name] for name in quantities if name in names]:
            rows += attempt(
                metrics,
                functools.partial(measure, compared),
                n_samples=len(generated),
                split="generated" if quantities == ("vendi",) else "train",
                extractor=generated.extractor,
            )
    return warned(rows, extractor)


def _show(context: ImageContext, folder: Path | None, found: Authenticity) -> None:
    """The samples nearest to training images, each followed by that image."""
    if folder is None:
        return
    closest = found.closeness.argsort(stable=True)[:32]
    samples, training = context.images("generated"), context.images("train")
    neighbours = found.indices[closest].to(training.device)
    neighbour_grid(samples[closest.to(samples.device)], training[neighbours], folder / PICTURE)


def _manifolds(c: Comparison) -> list[Row]:
    found = manifolds(c.samples, c.reference.features, c.seed)
    n, note = found.points, f"against {found.points} training images"
    expected = f"{note}; {expected_coverage(n, n):.3f} is expected of perfect samples"
    values = {
        "precision": (found.precision, note),
        "recall": (found.recall, note),
        "density": (found.density, note),
        "coverage": (found.coverage, expected),
    }
    return [
        c.row(name, value, note, n=n) for name, (value, note) in values.items() if name in c.names
    ]


def _all_pairs(c: Comparison) -> list[Row]:
    within = c.reference.sums_within("cubic", cubic, Tensor.double)
    found = exact_kernel_distance(c.samples, c.reference.features, within)
    note = f"{c.against}; standard error {found.standard_error:.2g} (jackknife over images)"
    return [c.row("kd_exact", found.value, note, floor=0.0)]


def _infinity(c: Comparison) -> list[Row]:
    known = c.reference.moments
    found = frechet_infinity(c.samples, known, c.seed)
    note = (
        f"{c.against}; from {found.smallest} to {len(c.samples)} samples; standard error of the "
        f"intercept {found.standard_error:.2g}, given these samples"
    )
    try:
        floor = frechet_floor(known, float("inf"))
    except ValueError:  # with more features than training images there is none
        floor = None
    return [c.row("fd_infinity", found.value, note, floor=floor)]


def _sliced(c: Comparison) -> list[Row]:
    n, m = len(c.samples), len(c.reference)
    half = min(n, m // 2)

    def of_halves() -> float:
        both = part(c.reference.features, 2 * half, c.seed, "evaluation/sliced/halves")
        return sliced_wasserstein(both[:half], both[half:], c.seed)

    value = sliced_wasserstein(c.samples, c.reference.features, c.seed)
    chance = c.reference.number("sliced", of_halves, n=half, seed=c.seed)
    note = f"against {min(n, m)} training images; two sets of {half} of them have {chance:.4g}"
    return [c.row("sliced_wasserstein", value, note, n=min(n, m))]


def _vendi(c: Comparison) -> list[Row]:
    n = min(len(c.samples), len(c.reference))

    def of(points: Tensor) -> float:
        return vendi_score(part(points, n, c.seed, "evaluation/vendi"))

    real = c.reference.number("vendi", lambda: of(c.reference.features), n=n, seed=c.seed)
    note = f"{n} training images have {real:.3f}"
    return [c.row("vendi", of(c.samples), note, n=n, split="generated")]


def _authenticity(c: Comparison) -> list[Row]:
    found = authenticity(c.samples, c.reference.features, c.reference.nearest)
    c.show(found)
    note = f"{c.against}, which have {found.held_out:.3f} themselves, held out one by one"
    return [c.row("authenticity", found.share, note)]


def _cells(c: Comparison) -> list[Row]:
    n, m = len(c.samples), len(c.reference)
    count = number_of_cells(n, m)
    centres, expected = c.reference.cells(count, c.seed)
    counts = cell_counts(c.samples, centres)
    note = f"{count} cells of {m} training images"
    floor = jensen_shannon_floor(count, n, m)
    return [
        c.row("ndb", different_cells(counts, expected), note, floor=LEVEL),
        c.row("ndb_js", jensen_shannon(counts, expected), note, floor=floor),
    ]


def _cmmd(c: Comparison) -> list[Row]:
    def unit(points: Tensor) -> Tensor:
        return normalize(points.double())

    within = c.reference.sums_within("gaussian", gaussian, unit)
    value, floor = cmmd(c.samples, c.reference.features, within)
    return [c.row("cmmd", value, c.against, floor=floor)]


MEASURES: dict[tuple[str, ...], Callable[[Comparison], list[Row]]] = {
    ("precision", "recall", "density", "coverage"): _manifolds,
    ("kd_exact",): _all_pairs,
    ("fd_infinity",): _infinity,
    ("sliced_wasserstein",): _sliced,
    ("vendi",): _vendi,
    ("authenticity",): _authenticity,
    ("ndb", "ndb_js"): _cells,
    ("cmmd",): _cmmd,
}
"""Quantities that are measured together, and by what."""
