"""The registry of feature spaces."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import torch

from ogan_bench.cli.doctor import examine
from ogan_bench.data.sources.digits import digits
from ogan_bench.data.sources.mixtures import ring
from ogan_bench.features.clip import CLIP
from ogan_bench.features.dinov2 import DINOV2
from ogan_bench.features.extractor import extract
from ogan_bench.features.spaces import EXTRACTORS, WEIGHTS
from ogan_bench.metrics import definition

pytestmark = pytest.mark.usefixtures("_nothing_of_the_user")

CPU = torch.device("cpu")


class TestRegistry:
    def test_spaces_are_the_choices_of_the_settings(self) -> None:
        assert tuple(EXTRACTORS) == get_args(definition.SpaceName)
        assert set(WEIGHTS) == set(EXTRACTORS) - {"classifier"}

    @pytest.mark.parametrize("space", sorted(EXTRACTORS))
    def test_points_are_refused(self, space: str) -> None:
        with pytest.raises(ValueError, match="for images, not for points"):
            EXTRACTORS[space](ring(), CPU)

    def test_extractors_are_made_for_a_dataset(
        self, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(DINOV2.variable, str(folders["dinov2"]))
        monkeypatch.setenv(CLIP.variable, str(folders["clip"]))
        dataset = digits()
        for space, begin in {
            "dinov2": "dinov2-",
            "clip": "clip-",
            "efficientnet_lite0": "efficientnet-lite0:bilinear128@",
        }.items():
            extractor = EXTRACTORS[space](dataset, CPU)
            found = extract(extractor, dataset.test.images[:2])
            assert found.extractor.startswith(begin)
            assert extractor.weights_hash[:8] == extractor.name[-8:]

    def test_doctor_says_what_is_ready_and_what_is_missing(
        self, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(DINOV2.variable, str(folders["dinov2"]))
        found = examine()["feature spaces"]
        assert list(found) == list(EXTRACTORS)
        assert found["dinov2"] == f"ready: {folders['dinov2']}"
        assert found["clip"].startswith("not here: no CLIP weights")
        assert found["inception"].startswith("not here: no Inception-v3 weights")
        assert found["efficientnet_lite0"].startswith("ready: ")
        assert found["classifier"].startswith("ready: ")
