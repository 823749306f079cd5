"""All feature spaces by name."""

from __future__ import annotations

from typing import Any

from ogan_bench.features import clip, dinov2, efficientnet, ensemble, inception
from ogan_bench.features.feature_space import FeatureSpace
from ogan_bench.metrics.definition import SpaceName

FEATURE_SPACES: dict[SpaceName, FeatureSpace[Any]] = {
    "classifier": ensemble.SPACE,
    "inception": inception.SPACE,
    "dinov2": dinov2.SPACE,
    "clip": clip.SPACE,
    "efficientnet_lite0": efficientnet.SPACE,
}
"""The keys are those of :data:`~ogan_bench.metrics.feature_spaces.SPACES`."""
