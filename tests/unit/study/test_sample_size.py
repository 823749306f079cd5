"""How many samples a value rests on: 10,000, unless a study of small data says why not."""

from __future__ import annotations

import pytest

from ogan_bench.study.load import load_study
from ogan_bench.study.settings import Evaluation
from ogan_bench.study.shipped import shipped_studies

SMALL = ("digits", "ring", "grid", "stacked_digits")
AS_IN_THE_LITERATURE = {"mode_collapse": 2500, "packing": 2500}
"""They count the modes of 2,500 points, as VEEGAN and PacGAN do."""


def test_the_default_is_ten_thousand_whatever_the_data() -> None:
    assert Evaluation().samples == 10_000


@pytest.mark.parametrize("name", sorted(shipped_studies()))
def test_no_shipped_study_of_small_data_takes_less(name: str) -> None:
    least = AS_IN_THE_LITERATURE.get(name, 10_000)
    for arm in load_study(shipped_studies()[name]).arms.values():
        if arm.data.name in SMALL:
            assert arm.evaluation.samples >= least
