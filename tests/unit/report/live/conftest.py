"""Shared by tests of the live page: what stands in for the report."""

from __future__ import annotations

import pytest

from tests.unit.report.live.planned_study import Maker


@pytest.fixture
def maker() -> Maker:
    return Maker()
