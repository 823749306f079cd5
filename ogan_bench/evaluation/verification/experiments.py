"""Pairs of distributions, with and without a defect, and what a quantity should do.

Each experiment draws a reference and samples twice: as the base and with the defect. What fidelity,
diversity and a distance between distributions should do follows from the supports: samples off the
support of the reference lack fidelity; parts of that support without samples lack diversity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Generator, Tensor

from ogan_bench.evaluation.verification.distributions import (
    Draw,
    contaminated,
    cube,
    modes,
    moved,
    normal,
    pareto,
    repeated,
    rounded,
    same_moments,
    sphere,
    stretched,
    torus,
)

Desired = Literal["worse", "same", "not better"]
Kind = Literal["fidelity", "diversity", "distance"]
WORSE: Mapping[Kind, Desired] = {"fidelity": "worse", "diversity": "worse", "distance": "worse"}
UNFAITHFUL: Mapping[Kind, Desired] = {
    "fidelity": "worse",
    "diversity": "same",
    "distance": "worse",
}
LESS_DIVERSE: Mapping[Kind, Desired] = {
    "fidelity": "same",
    "diversity": "worse",
    "distance": "worse",
}
SHARES_SAME: Mapping[Kind, Desired] = {"fidelity": "same", "diversity": "same"}


@dataclass(frozen=True)
class Pair:
    """A reference distribution and that of the samples.

    Args:
        real: The reference.
        samples: The samples; ``None``: drawn from the reference.
        copies: The samples are the reference's own points.
        size: Points of each set, as a multiple of the chosen number.
    """

    real: Draw
    samples: Draw | None = None
    copies: bool = False
    size: float = 1.0

    def draw(self, generator: Generator, n: int) -> tuple[Tensor, Tensor]:
        """Samples and reference, float32."""
        n = round(self.size * n)
        real = self.real(generator, n)
        samples = real.clone() if self.copies else (self.samples or self.real)(generator, n)
        return samples.float(), real.float()


@dataclass(frozen=True)
class Experiment:
    """A defect and what it should change.

    Args:
        title: What is changed, in a table.
        base: Without the defect.
        defect: With it.
        desired: What each kind of quantity should do; a kind that is not named is not judged.
        reason: Why.
    """

    title: str
    base: Pair
    defect: Pair
    desired: Mapping[Kind, Desired]
    reason: str


GAUSS = Pair(normal(16))
TEN = [1.0] * 10

EXPERIMENTS: dict[str, Experiment] = {
    "mean_shift": Experiment(
        "mean shifted by 1 in each of 16 coordinates",
        GAUSS,
        Pair(normal(16), normal(16, 1.0)),
        WORSE,
        "samples leave the reference, and a part of it is left without samples",
    ),
    "scale_up": Experiment(
        "twice the standard deviation, 4 dimensions",
        Pair(normal(4)),
        Pair(normal(4), normal(4, std=2.0)),
        UNFAITHFUL,
        "many samples are too far out, but the whole reference is reached",
    ),
    "scale_down": Experiment(
        "half the standard deviation, 16 dimensions",
        GAUSS,
        Pair(normal(16), normal(16, std=0.5)),
        LESS_DIVERSE,
        "all samples are typical, but the outer part of the reference is not reached",
    ),
    "mode_dropped": Experiment(
        "one of two modes dropped",
        Pair(modes(16, [1, 1])),
        Pair(modes(16, [1, 1]), modes(16, [1, 0])),
        LESS_DIVERSE,
        "half of the reference has no samples; the samples are as good as before",
    ),
    "mode_invented": Experiment(
        "one mode too many, with half of the samples",
        Pair(modes(16, [1, 0])),
        Pair(modes(16, [1, 0]), modes(16, [1, 1])),
        UNFAITHFUL,
        "half of the samples lie where there is no reference",
    ),
    "modes_dropped_in_turn": Experiment(
        "four of ten modes dropped",
        Pair(modes(16, TEN)),
        Pair(modes(16, TEN), modes(16, [1.0] * 6 + [0.0] * 4)),
        LESS_DIVERSE,
        "as with one of two modes",
    ),
    "modes_dropped_at_once": Experiment(
        "nine of ten modes keep a twentieth of their samples",
        Pair(modes(16, TEN)),
        Pair(modes(16, TEN), modes(16, [1.0] + [0.005] * 9)),
        LESS_DIVERSE,
        "every mode is still there, but hardly any sample outside the first",
    ),
    "modes_invented": Experiment(
        "four modes beside ten",
        Pair(modes(16, TEN + [0.0] * 4)),
        Pair(modes(16, TEN + [0.0] * 4), modes(16, TEN + [1.0] * 4)),
        UNFAITHFUL,
        "four of fourteen samples lie where there is no reference",
    ),
    "collapse_within_modes": Experiment(
        "ten modes shrunk to a tenth of their width",
        Pair(modes(16, TEN)),
        Pair(modes(16, TEN), modes(16, TEN, std=0.1)),
        LESS_DIVERSE,
        "all samples are typical of a mode, and nearly the same within it",
    ),
    "one_for_two_modes": Experiment(
        "one Gaussian with the moments of two modes",
        Pair(modes(2, [1, 1])),
        Pair(modes(2, [1, 1]), same_moments(2, 10.0)),
        UNFAITHFUL,
        "most samples lie between the modes; mean and covariance are right",
    ),
    "ball_for_sphere": Experiment(
        "a ball in place of its surface, 3 dimensions",
        Pair(sphere(3, filled=False)),
        Pair(sphere(3, filled=False), sphere(3, filled=True)),
        {"fidelity": "worse", "distance": "worse"},
        "most samples are inside; how much of the surface they reach is a matter of resolution",
    ),
    "sphere_for_ball": Experiment(
        "the surface of a ball in place of the ball, 3 dimensions",
        Pair(sphere(3, filled=True)),
        Pair(sphere(3, filled=True), sphere(3, filled=False)),
        LESS_DIVERSE,
        "the inside of the reference has no samples",
    ),
    "sphere_too_small": Experiment(
        "the surface of a ball of 0.7 times the radius, 16 dimensions",
        Pair(sphere(16, filled=False)),
        Pair(sphere(16, filled=False), stretched(sphere(16, filled=False), *[0.7] * 16)),
        WORSE,
        "no sample lies on the surface, and no part of it is reached",
    ),
    "torus_for_ball": Experiment(
        "a ring around the ball in place of the ball, 3 dimensions",
        Pair(sphere(3, filled=True)),
        Pair(sphere(3, filled=True), torus(1.25, 0.125)),
        WORSE,
        "the samples lie close to the reference, but none is in it",
    ),
    "one_coordinate_off": Experiment(
        "one of 64 coordinates shifted by 6",
        Pair(normal(64)),
        Pair(normal(64), moved(normal(64), 6.0)),
        WORSE,
        "by that coordinate no sample could be of the reference",
    ),
    "one_coordinate_scaled": Experiment(
        "bad samples, and a coordinate that says nothing scaled by 1,000 on both sides",
        Pair(normal(2), moved(normal(2), 6.0)),
        Pair(stretched(normal(2), 1.0, 1000.0), stretched(moved(normal(2), 6.0), 1.0, 1000.0)),
        SHARES_SAME,
        "the other coordinate tells samples and reference apart as before",
    ),
    "cube_too_large": Experiment(
        "a cube of 1.5 times the side, 4 dimensions",
        Pair(cube(4, 1.0)),
        Pair(cube(4, 1.0), cube(4, 1.5)),
        UNFAITHFUL,
        "four fifths of the samples are outside of the reference, which is all reached",
    ),
    "cube_too_small": Experiment(
        "a cube of 0.7 times the side, 4 dimensions",
        Pair(cube(4, 1.0)),
        Pair(cube(4, 1.0), cube(4, 0.7)),
        LESS_DIVERSE,
        "three quarters of the reference are outside of the samples, which are all inside",
    ),
    "outliers_in_reference": Experiment(
        "bad samples, and 1 % outliers of the reference among them",
        Pair(normal(16), normal(16, 3.0)),
        Pair(contaminated(normal(16), normal(16, 3.0), 0.01), normal(16, 3.0)),
        SHARES_SAME,
        "a hundredth of the reference must not make bad samples good",
    ),
    "outliers_in_samples": Experiment(
        "1 % of the samples are outliers",
        GAUSS,
        Pair(normal(16), contaminated(normal(16), normal(16, std=5.0), 0.01)),
        SHARES_SAME,
        "a hundredth of the samples changes a share by no more than a hundredth",
    ),
    "heavy_tails": Experiment(
        "a Pareto distribution (power 2) in place of a Gaussian, on both sides",
        Pair(normal(16)),
        Pair(pareto(16, 2.0)),
        SHARES_SAME,
        "the samples are perfect in both",
    ),
    "dimensions": Experiment(
        "64 dimensions in place of 2, on both sides",
        Pair(normal(2)),
        Pair(normal(64)),
        SHARES_SAME,
        "the samples are perfect in both",
    ),
    "sample_size": Experiment(
        "a quarter of the points, on both sides",
        GAUSS,
        Pair(normal(16), size=0.25),
        {"fidelity": "same", "diversity": "same", "distance": "same"},
        "the samples are perfect in both",
    ),
    "continuous_for_discrete": Experiment(
        "continuous samples, where the reference has whole numbers, 4 dimensions",
        Pair(rounded(normal(4, std=2.0), 1.0)),
        Pair(rounded(normal(4, std=2.0), 1.0), normal(4, std=2.0)),
        {"fidelity": "worse", "distance": "worse"},
        "no sample has a value that occurs in the reference",
    ),
    "repeated_samples": Experiment(
        "every sample occurs ten times",
        GAUSS,
        Pair(normal(16), repeated(normal(16), 10)),
        {"fidelity": "same", "diversity": "worse", "distance": "not better"},
        "a tenth of the distinct samples",
    ),
    "memorised": Experiment(
        "the samples are the points of the reference",
        GAUSS,
        Pair(normal(16), copies=True),
        {"fidelity": "not better", "diversity": "not better", "distance": "not better"},
        "copies are no better than new samples of the same distribution",
    ),
}
"""All experiments by name."""

CHECKS: dict[str, tuple[str, ...]] = {
    "Gaussians with other means": ("mean_shift",),
    "the same, with an outlier": ("outliers_in_reference", "outliers_in_samples"),
    "Gaussians with other standard deviations": ("scale_up", "scale_down"),
    "modes that lose samples all at once": ("modes_dropped_at_once",),
    "modes that are dropped in turn": ("mode_dropped", "modes_dropped_in_turn"),
    "modes that are dropped, and others invented": ("mode_invented", "modes_invented"),
    "one mode against two": ("one_for_two_modes",),
    "surfaces of balls of other radii": ("sphere_too_small",),
    "a ball against a torus around it": ("torus_for_ball",),
    "overlapping cubes, more or fewer points": ("sample_size",),
    "overlapping cubes, more or fewer samples alone": (),
    "a coordinate on another scale": ("one_coordinate_scaled",),
    "many equal coordinates and a disjoint one": ("one_coordinate_off",),
    "Gaussians with other means beside a Pareto distribution": ("heavy_tails",),
    "whole numbers against continuous ones": ("continuous_for_discrete",),
}
"""The fifteen checks of arXiv 2505.22450, in our words, to the experiments that ask about the same;
none where sets of other sizes would have to be compared."""
