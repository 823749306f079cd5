"""Paths between codes, decoded."""

from __future__ import annotations

from ogan_bench.metrics.definition import OWN, STYLEGAN, Metric
from ogan_bench.metrics.feature_spaces import CLASSIFIER, SPACES

PATHS = {
    "": ("spherical", "decoded spherical paths between codes of test images"),
    "_linear": ("linear", "decoded linear paths between codes of test images"),
    "_pixels": ("cross-fade", "cross-fades of the pixels of the test images themselves"),
    "_shuffled": (
        "shuffled codes",
        "decoded spherical paths between codes of test images, the entries of each code shuffled",
    ),
}
"""Suffix of a metric to title and description of its paths; the last two are baselines."""

WITH_SPEEDS = {name: space for name, space in SPACES.items() if space.takes_floats}
"""Spaces that have a speed: rounding would move images farther than its step does."""

DECODED: dict[str, Metric] = {
    name: metric
    for end, how in {"": "spherical", "_linear": "linear"}.items()
    for name, metric in {
        **{
            f"path_length_{name}{end}": Metric(
                f"path length ({space.title}), {how}",
                None,
                f"Mean squared speed ‖φ(G(γ(s + ε))) - φ(G(γ(s)))‖² / ε² on {how} paths γ between "
                "codes of test images at random s, ε = 0.01, without the lowest and the "
                f"highest 1 %, in {space.description}; 0 if G ignores its code. Not a PPL.",
                STYLEGAN,
                extractor=name,
                group="interpolation",
            )
            for name, space in WITH_SPEEDS.items()
        },
        **{
            f"path_energy_{name}{end}": Metric(
                f"path energy ({space.title}), {how}",
                "lower",
                f"Mean squared speed of decoded {how} paths between codes of test images divided "
                "by the mean squared distance between their ends; 1 for straight paths of constant "
                f"speed, in {space.description}.",
                OWN,
                ".3f",
                extractor=name,
                group="interpolation",
            )
            for name, space in WITH_SPEEDS.items()
        },
        f"interpolation_detour{end}": Metric(
            f"interpolation detour, {how}",
            None,
            f"Length in pixels of decoded {how} paths between codes of test images divided by the "
            "distance between their ends; 1 for a cross-fade.",
            OWN,
            ".3f",
            group="interpolation",
        ),
        f"interpolation_confidence{end}": Metric(
            f"interpolation confidence, {how}",
            "higher",
            f"Share of decoded {how} paths between codes of test images at whose midpoint the "
            "classifier is at least as confident as at the less confident end; 2/3 if midpoints "
            "are like ends.",
            OWN,
            ".3f",
            extractor=CLASSIFIER,
            group="interpolation",
        ),
    }.items()
}

STRAIGHTNESS: dict[str, Metric] = {
    f"path_straightness_{name}{end}": Metric(
        f"path straightness ({space.title}), {title}",
        None,  # cross-fades are straighter than most paths, and do not look natural
        f"Distance between the ends divided by the length in 16 segments, in [0, 1], mean over "
        f"{paths}; 1: straight, in {space.description}.",
        OWN,
        ".3f",
        extractor=name,
        group="interpolation",
    )
    for name, space in SPACES.items()
    for end, (title, paths) in PATHS.items()
}

MIDPOINTS: dict[str, Metric] = {
    f"midpoint_ratio_{name}{end}": Metric(
        f"midpoint ratio ({space.title}), {title}",
        None,
        f"Mean distance of the midpoint to the nearest training image divided by that of the ends, "
        f"over {paths}; 1: midpoints are as near as the ends, however far those are, in "
        f"{space.description}.",
        OWN,
        ".3f",
        extractor=name,
        group="interpolation",
    )
    for name, space in SPACES.items()
    for end, (title, paths) in PATHS.items()
}

INTERPOLATION = {**DECODED, **STRAIGHTNESS, **MIDPOINTS}
