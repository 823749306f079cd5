"""Shared by all tests: one thread, a cache of their own, no data from the user's folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ogan_bench.metrics import METRICS
from ogan_bench.study import catalogue, settings


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """The number of threads changes the last bits of sums, and many threads are slower here."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache that lasts for the session, so that a classifier is trained once.

    Parallel workers share it: their base folders lie in one, and keys are hashes of the contents.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OGAN_BENCH_CACHE", str(folder))
        patch.setenv("HF_HUB_CACHE", str(folder / "hub"))
        for weights in ("INCEPTION", "DINOV2", "CLIP", "LPIPS"):
            patch.delenv(f"OGAN_BENCH_{weights}", raising=False)
        yield folder


@pytest.fixture
def _forget_plugins() -> Iterator[None]:
    """Plug-ins of a test, and their metrics, are unknown after it."""
    known = dict(METRICS)
    yield
    catalogue.unregister_plugins()
    settings.rebuild_models()
    METRICS.clear()
    METRICS.update(known)
