"""How well simple classifiers do on N(E(x)) with few and many labels, and their baselines."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import resize
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.separability.classifiers import (
    FITTING,
    MAX_CLASSES,
    NEIGHBOURS,
    Fitted,
    Kind,
    chosen_probe,
    even_draw,
    neighbours_accuracy,
)
from ogan_bench.evaluation.separability.linear_probe import principal_components, probe_labels
from ogan_bench.evaluation.separability.stylegan_separability import latent_separability_rows
from ogan_bench.evaluation.separability.trunk import trunk_rows
from ogan_bench.evaluation.standard_error import of_mean, of_share
from ogan_bench.features.cache import cached_record, content_key, fingerprint
from ogan_bench.models.normalization import standardise
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import Codes

DRAWS = {10: 10, 100: 5, 1000: 1, 10_000: 1}
"""Maps the number of labels to the number of draws that an accuracy is averaged over."""
FEW = 1000
"""Number of labels for the support vector machine and the attribute probes."""
ATTRIBUTES = f"attribute_accuracy_{FEW}"
RAREST = 10
"""Minimum number of labels of either kind that an attribute must have."""
MAX_PIXELS = 32
"""Larger images are shrunk to this height and width before their pixels are probed."""
VERSION = 2
"""Increment when the code changes what is fitted or kept; the constants above are in the key."""


class Representation:
    """What a probe sees of its training images and of the test images.

    Args:
        make: Computes both, shapes ``(n, k)`` and ``(m, k)``.
        kept: What it depends on besides the dataset, if accuracies are cached.
    """

    def __init__(
        self, make: Callable[[], tuple[Tensor, Tensor]], kept: Mapping[str, Any] | None = None
    ) -> None:
        self._make = make
        self.kept = kept

    @functools.cached_property
    def plain(self) -> tuple[Tensor, Tensor]:
        """Unscaled, float32 on the CPU."""
        train, test = self._make()
        return train.float(), test.float()

    @functools.cached_property
    def scaled(self) -> tuple[Tensor, Tensor]:
        """Standardised to mean 0 and deviation 1 over all training images, labelled or not.

        Constant columns become 0.
        """
        train, test = self.plain
        mean, std = train.mean(0), train.std(0, correction=0)
        std = torch.where(std > 1e-6 * mean.abs(), std, torch.inf)
        return (train - mean) / std, (test - mean) / std


def representations(context: ModelContext) -> dict[str, Representation]:
    """Codes and baselines, keyed by the suffixes of their metrics' names."""
    samples, dataset = context.samples, context.dataset
    d, seed = samples.trained.train.shape[1], context.settings.seed

    def standardised(codes: Codes) -> tuple[Tensor, Tensor]:
        return standardise(codes.train), standardise(codes.test)

    pixels = Representation(lambda: _pixels(dataset, samples.train_indices), {"pixels": MAX_PIXELS})
    before = {"train": samples.untrained.train, "test": samples.untrained.test}
    return {
        "": Representation(lambda: standardised(samples.trained)),
        "_untrained": Representation(
            lambda: standardised(samples.untrained), {"codes": fingerprint(before)}
        ),
        "_pca": Representation(
            lambda: principal_components(*pixels.plain, d, seed), {"pca": d, **(pixels.kept or {})}
        ),
        "_pixels": pixels,
    }


def _pixels(dataset: Dataset, chosen: Tensor) -> tuple[Tensor, Tensor]:
    train = dataset.train.images[chosen.to(dataset.train.images.device)]
    made = []
    for images in (train.cpu(), dataset.test.images.cpu()):
        if dataset.is_points:
            made.append(images.flatten(1))
        else:
            side = min(MAX_PIXELS, *images.shape[-2:])
            made.append(resize(images, side).flatten(1).float().div(255))
    return made[0], made[1]


Measure = Callable[[Representation], Value]


def probes_rows(context: ModelContext) -> list[Row]:
    """All metrics of the group ``probes``."""
    shown = representations(context)
    measures = {**_class_probes(context), ATTRIBUTES: _attribute_probe(context)}
    rows = measured_rows(
        {
            metric + ending: functools.partial(_kept, context, metric, measure, representation)
            for metric, measure in measures.items()
            for ending, representation in shown.items()
        },
        n_samples=len(context.dataset.test),
        split="test",
    )
    return rows + trunk_rows(context) + latent_separability_rows(context)


def _kept(
    context: ModelContext, metric: str, measure: Measure, representation: Representation
) -> Value:
    """A metric measured on a representation, from the cache if it is kept there."""
    chosen, dataset = context.samples.train_indices, context.dataset
    if not len(chosen):
        raise NoValueError("probe_images is 0")
    if representation.kept is None:
        return measure(representation)
    parts = {
        "metric": metric,
        "data": dataset.hash,
        "images": fingerprint({"chosen": chosen}),
        "shown": representation.kept,
        "seed": context.settings.seed,
        "fitting": [FITTING, sorted(DRAWS.items()), MAX_CLASSES, RAREST],
        "version": VERSION,
    }
    made = cached_record("probes", content_key(parts), lambda: asdict(measure(representation)))
    return Value(**made)


def _class_probes(context: ModelContext) -> dict[str, Measure]:
    dataset, chosen, seed = context.dataset, context.samples.train_indices, context.settings.seed

    def labels() -> tuple[Tensor, Tensor]:
        return probe_labels(dataset, chosen)

    def floor() -> float:
        _, test = labels()
        return float(test.bincount().max()) / len(test)

    def few(kind: Kind, n: int, representation: Representation) -> Value:
        y, y_test = labels()
        if (classes := len(y.unique())) > MAX_CLASSES:
            raise NoValueError(
                f"{classes} classes exceed the limit of {MAX_CLASSES} for a linear probe"
            )
        draws = [even_draw(y, n, seed, draw) for draw in range(DRAWS[n])]
        x, x_test = representation.scaled
        fits = [chosen_probe(kind, x[i], y[i], x_test, y_test, seed) for i in draws]
        scores = torch.tensor([fit.score for fit in fits], dtype=torch.float64)
        notes = [_of_fits(fits)]
        if len(fits) > 1:
            notes.insert(0, f"{len(fits)} draws of labels, standard deviation {scores.std():.3f}")
        error = _error_of_fits(fits)
        return Value(float(scores.mean()), floor(), "; ".join(notes), error=error)

    @functools.cache
    def search(representation: Representation) -> Tensor:
        y, y_test = labels()
        return neighbours_accuracy(representation.plain[0], y, representation.plain[1], y_test)

    def near(which: int, representation: Representation) -> Value:
        accuracy = float(search(representation)[which])
        error = of_share(accuracy, len(dataset.test))
        return Value(accuracy, floor(), f"among {len(chosen)} training images", error=error)

    return {
        **{f"probe_accuracy_{n}": functools.partial(few, "logistic", n) for n in DRAWS},
        f"svm_accuracy_{FEW}": functools.partial(few, "svm", FEW),
        "knn_accuracy_1": functools.partial(near, 0),
        f"knn_accuracy_{NEIGHBOURS}": functools.partial(near, 1),
    }


def _attribute_probe(context: ModelContext) -> Measure:
    dataset, chosen, seed = context.dataset, context.samples.train_indices, context.settings.seed

    def measure(representation: Representation) -> Value:
        train, test = dataset.train.attributes, dataset.test.attributes
        if train is None or test is None:
            raise NoValueError("the dataset has no attributes")
        if len(chosen) < FEW:
            raise NoValueError(f"the probe needs {FEW} images and has {len(chosen)}")
        # The probe images are the first of a shuffle, so these are a random choice too.
        answers = train[chosen[:FEW]].long()
        goals = test.long()
        x, x_test = representation.scaled[0][:FEW], representation.scaled[1]
        fits, omitted = {}, []
        for column, name in enumerate(dataset.attributes):
            y, y_test = answers[:, column], goals[:, column]
            if min(int(y.sum()), int((1 - y).sum())) < RAREST or len(y_test.unique()) < 2:
                omitted.append(name)
            else:
                fits[name] = chosen_probe("logistic", x, y, x_test, y_test, seed, balanced=True)
        if not fits:
            raise NoValueError(
                f"no attribute has {RAREST} images with it and {RAREST} without it among {FEW}"
            )
        best, worst = (pick(fits, key=lambda name: fits[name].score) for pick in (max, min))
        notes = [
            f"best {best} {fits[best].score:.3f}, worst {worst} {fits[worst].score:.3f}",
            _of_fits(list(fits.values())),
        ]
        if omitted:
            notes.append(f"too rare, left out: {', '.join(omitted)}")
        mean = sum(fit.score for fit in fits.values()) / len(fits)
        return Value(mean, 0.5, "; ".join(notes), error=_error_of_fits([*fits.values()]))

    return measure


def _error_of_fits(fits: list[Fitted]) -> float | None:
    """Of a mean of scores, from the finite number of test images that all fits share."""
    return of_mean(torch.stack([fit.each for fit in fits]).mean(0))


def _of_fits(fits: list[Fitted]) -> str:
    """Which C were chosen, and how many fits stopped early."""
    least, most = (pick(fit.C for fit in fits) for pick in (min, max))
    note = f"C = {least:g}" if least == most else f"C from {least:g} to {most:g}"
    early = sum(not fit.converged for fit in fits)
    return f"{note}; {early} of {len(fits)} fits not converged" if early else note
