"""Shared by tests of the evaluation: no weights of LPIPS, and every feature space."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ogan_bench.evaluation.reconstruction.lpips import VARIABLE
from ogan_bench.features.feature_space import FeatureSpace
from ogan_bench.features.spaces import FEATURE_SPACES
from tests.oracles.evaluation.everything import Columns


@pytest.fixture(scope="module")
def _no_weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("weights")))
        yield


@pytest.fixture
def _every_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only of a space whose extractor is available is every metric computed by its own code."""
    for name in ("LPIPS", "CACHE"):
        monkeypatch.setenv(f"OGAN_BENCH_{name}", str(tmp_path))
    for name, space in FEATURE_SPACES.items():
        stand_in = FeatureSpace(space.title, lambda *_: Columns(), str, lambda _: "columns")
        monkeypatch.setitem(FEATURE_SPACES, name, stand_in)
