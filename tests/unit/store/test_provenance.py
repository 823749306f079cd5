"""Results name the version of the code that made them, installed or not."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import pytest

import ogan_bench
from ogan_bench.store import provenance


def test_the_installed_version_is_that_of_the_code() -> None:
    provenance.code_and_machine.cache_clear()
    assert provenance.code_and_machine()["ogan_bench"] == ogan_bench.__version__


def test_a_source_tree_that_is_not_installed_knows_its_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(provenance, "version", missing)
    assert provenance.package_version() == ogan_bench.__version__
