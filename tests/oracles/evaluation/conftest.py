"""Shared by tests of the evaluation: no weights of LPIPS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ogan_bench.evaluation.reconstruction.lpips import VARIABLE


@pytest.fixture(scope="module")
def _no_weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("weights")))
        yield
