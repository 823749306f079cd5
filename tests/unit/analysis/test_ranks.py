"""Ranks of arms over several metrics."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ogan_bench.analysis.ranks import average_ranks, ranked_metrics, ranks
from tests.unit.analysis.made_up_study import STUDY

NAN = math.nan


def test_ranks_follow_the_means() -> None:
    assert ranked_metrics(STUDY) == ["reconstruction_mse", "latent_rho"]
    assert ranks(STUDY) == [
        {"arm": "full", "cells": [1.5, 1.5], "mean_rank": 1.5},
        {"arm": "no_term", "cells": [3.0, 1.5], "mean_rank": 2.25},
        {"arm": "heavy", "cells": [1.5, 3.0], "mean_rank": 2.25},
    ]  # fmt: skip


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=12))
def test_ranks_are_those_of_scipy(values: list[int]) -> None:
    assert average_ranks([float(value) for value in values]) == stats.rankdata(values).tolist()


def test_missing_values_rank_last_together() -> None:
    assert average_ranks([NAN, 3.0, NAN, 1.0]) == [3.5, 2.0, 3.5, 1.0]
    assert average_ranks([NAN, NAN]) == [None, None]
