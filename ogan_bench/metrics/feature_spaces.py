"""Quantities defined in every feature space: rules for their names and for their texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ogan_bench.metrics.definition import Direction, Group, Metric, SpaceName


@dataclass(frozen=True)
class Space:
    """How texts refer to a feature space.

    Args:
        title: Shown in brackets after a quantity.
        description: Replaces ``{space}`` in definitions, after "in".
        classes: Whether its extractor predicts the dataset's classes, or those of its own training
            data; ``None``: no classes.
        takes_floats: Whether its extractor gives images in [-1, 1] that are not rounded to 8 bits
            their features; metrics of steps smaller than a grey level need that.
        protocol: Version of the space: every metric in it is of this version at least.
    """

    title: str
    description: str
    classes: Literal["dataset", "elsewhere"] | None = None
    takes_floats: bool = False
    protocol: str = "1"


SPACES: dict[SpaceName, Space] = {
    "classifier": Space(
        "classifier",
        "the features of each of the dataset's own classifiers (penultimate layer, root mean "
        "square 1), averaged over the five",
        classes="dataset",
        takes_floats=True,
        protocol="2",  # the mean over five classifiers; first it was one
    ),
    "inception": Space("Inception", "Inception-v3 (TF) features", classes="elsewhere"),
    "dinov2": Space("DINOv2", "DINOv2 features"),
    "clip": Space("CLIP", "CLIP image embeddings"),
    "efficientnet_lite0": Space(
        "EfficientNet-Lite0", "EfficientNet-Lite0 features", classes="elsewhere"
    ),
}
"""The choices of ``evaluation.extractors``, in the order of tables."""

(CLASSIFIER,) = (name for name, space in SPACES.items() if space.classes == "dataset")
"""The space whose classes are the dataset's own."""


@dataclass(frozen=True)
class Quantity:
    """A number that can be computed from the features of any space.

    Args:
        title: Name in tables and figures.
        better: Which direction is better.
        definition: One sentence that contains ``{space}``.
        source: Where the definition comes from.
        format: Format specification for printing.
        alone: Samples are measured alone, not compared with reference images.
        always: Spaces where it is always measured; in others it belongs to the group
            ``diversity``.
        spaces: Spaces where it is defined.
        protocol: Version of the computation; numbers of two versions are not comparable.
        remark: A sentence for every space where the literature has no name for the quantity.
    """

    title: str
    better: Direction | None
    definition: str
    source: str
    format: str = ".4g"
    alone: bool = False
    always: tuple[SpaceName, ...] = ()
    spaces: tuple[SpaceName, ...] = tuple(SPACES)
    protocol: str = "1"
    remark: str = ""


@dataclass(frozen=True)
class Name:
    """The literature's name for a quantity in the one space where it is used."""

    name: str
    title: str


LITERATURE: dict[tuple[str, SpaceName], Name] = {
    ("fd", "inception"): Name("fid", "FID"),
    ("fd_debiased", "inception"): Name("fid_debiased", "FID, debiased"),
    ("kd", "inception"): Name("kid", "KID"),
    ("isc", "inception"): Name("isc", "IS"),
    ("kd_exact", "inception"): Name("kid_exact", "KID, all pairs"),
    ("fd_infinity", "inception"): Name("fid_infinity", "FID∞"),
    ("sliced_wasserstein", "inception"): Name("mind", "MIND"),
    ("cmmd", "clip"): Name("cmmd", "CMMD"),
}


def metric_name(quantity: str, space: SpaceName) -> str:
    """``fd_dinov2``, ``kd_clip``, ...; but ``fid``, ``kid`` and ``isc`` in Inception-v3's space."""
    known = LITERATURE.get((quantity, space))
    return known.name if known else f"{quantity}_{space}"


def in_other_spaces(name: str) -> list[str]:
    """What a metric would be called in each other space, if its name contains that of a space.

    >>> in_other_spaces("isc_dinov2")
    ['isc_classifier', 'isc', 'isc_clip', 'isc_efficientnet_lite0']
    """
    for space in SPACES:
        quantity, found, suffix = name.partition(f"_{space}")
        if found:
            return [metric_name(quantity, other) + suffix for other in SPACES if other != space]
    return []


def in_all_spaces(quantities: Mapping[str, Quantity]) -> dict[str, Metric]:
    """The metrics for these quantities, by name."""
    return {
        metric_name(name, space): _metric(name, quantity, space)
        for space in SPACES
        for name, quantity in quantities.items()
        if space in quantity.spaces
    }


def names_in(
    space: SpaceName, quantities: Mapping[str, Quantity], *, always: bool
) -> dict[str, str]:
    """Maps quantities to metrics: those always measured in a space, or those only on demand."""
    return {
        name: metric_name(name, space)
        for name, quantity in quantities.items()
        if space in quantity.spaces and (space in quantity.always) is always
    }


def _metric(name: str, quantity: Quantity, space: SpaceName) -> Metric:
    known = LITERATURE.get((name, space))
    about, remark = SPACES[space], "" if known else quantity.remark
    definition = quantity.definition.format(space=about.description)
    group: Group | None = None if space in quantity.always else "diversity"
    return Metric(
        known.title if known else f"{quantity.title} ({about.title})",
        quantity.better,
        f"{definition} {remark}".rstrip(),
        quantity.source,
        quantity.format,
        extractor=space,
        group=group,
        protocol=quantity.protocol,
    )
