"""The registry of feature spaces."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from ogan_bench.cli.doctor import examine
from ogan_bench.data.sources.digits import digits
from ogan_bench.data.sources.mixtures import ring
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.interpolation.path_length import takes_floats
from ogan_bench.features.clip import CLIP
from ogan_bench.features.dinov2 import DINOV2
from ogan_bench.features.extractor import extract
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.metrics.feature_spaces import SPACES
from ogan_bench.study.settings import Evaluation

pytestmark = pytest.mark.usefixtures("_nothing_of_the_user")

CPU = torch.device("cpu")


class TestRegistry:
    def test_spaces_are_the_choices_of_the_settings(self) -> None:
        with pytest.raises(ValidationError) as caught:
            Evaluation(extractors=["nonsense"])
        for space in SPACES:
            assert Evaluation(extractors=[space]).extractors == [space]
            assert repr(space) in str(caught.value)

    def test_each_has_texts_and_an_adapter(self) -> None:
        assert list(FEATURE_SPACES) == list(SPACES), (
            "a feature space is a line in SPACES, ogan_bench/metrics/feature_spaces.py, and one "
            "in FEATURE_SPACES of ogan_bench/features/spaces.py"
        )

    @pytest.mark.parametrize("space", sorted(FEATURE_SPACES))
    def test_points_are_refused(self, space: str) -> None:
        with pytest.raises(NoValueError, match="for images, not for points"):
            FEATURE_SPACES[space].extractor(ring(), CPU)

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
            extractor = FEATURE_SPACES[space].extractor(dataset, CPU)
            found = extract(extractor, dataset.test.images[:2])
            assert found.extractor.startswith(begin)
            assert extractor.weights_hash[:8] == extractor.name[-8:]

    def test_those_that_take_floats_are_marked(
        self, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """All whose weights are at hand."""
        monkeypatch.setenv(DINOV2.variable, str(folders["dinov2"]))
        monkeypatch.setenv(CLIP.variable, str(folders["clip"]))
        dataset = digits(resolution=16)
        for space, about in SPACES.items():
            if space != "inception":
                extractor = FEATURE_SPACES[space].extractor(dataset, CPU)
                assert takes_floats(extractor, dataset.test.images[:4]) is about.takes_floats

    def test_doctor_says_what_is_ready_and_what_is_missing(
        self, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(DINOV2.variable, str(folders["dinov2"]))
        found = examine()["feature spaces"]
        assert list(found) == list(FEATURE_SPACES)
        assert found["dinov2"] == f"ready: {folders['dinov2']}"
        assert found["clip"].startswith("not here: no CLIP weights")
        assert found["inception"].startswith("not here: no Inception-v3 weights")
        assert found["efficientnet_lite0"].startswith("ready: ")
        assert found["classifier"].startswith("ready: ")
