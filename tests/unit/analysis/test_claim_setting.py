"""Hypotheses of stored studies as settings of wider claims."""

from __future__ import annotations

import dataclasses
import math

import pytest

from ogan_bench.analysis.claim_setting import ClaimSetting, settings_of
from ogan_bench.analysis.registration import Standing
from ogan_bench.analysis.verdicts import judge
from tests.unit.analysis.made_up_values import results

SOUND = Standing()


def stored(
    outcomes: dict[str, list[str]] | None = None, steps: int = 100, standing: Standing = SOUND
) -> list[ClaimSetting]:
    found = results(
        {"a": [1.0, 1.1, 1.2], "b": [2.0, 2.2, 2.3]},
        [{"id": "h", "claim": "c", "part_of": "It works.", "test": "superiority",
          "metric": "fd_classifier", "arm": "a", "control": "b"}],
        outcomes=outcomes,
    )  # fmt: skip
    found.record["identities"] = {
        arm: {"data": {"name": "digits"}, "objective": {"name": arm},
              "training": {"steps": steps}, "evaluation": {"samples": steps}}
        for arm in "ab"
    }  # fmt: skip
    found = dataclasses.replace(found, standing=standing)
    return settings_of(found, judge(found))


def test_trainings_are_the_same_whatever_their_steps_and_measurements() -> None:
    (short,), (long,) = stored(steps=100), stored(steps=150)
    assert short.trainings == long.trainings
    assert (short.steps, long.steps) == (100, 150)
    assert short.trainings[0] != short.trainings[1]
    assert short.ratio.estimate == pytest.approx(math.log(6.5 / 3.3))


def test_the_smoke_scale_is_no_setting_of_a_claim() -> None:
    found = results(
        {"a": [1.0, 1.1, 1.2], "b": [2.0, 2.2, 2.3]},
        [{"id": "h", "claim": "c", "part_of": "It works.", "test": "superiority",
          "metric": "fd_classifier", "arm": "a", "control": "b"}],
    )  # fmt: skip
    assert len(settings_of(found, judge(found))) == 1
    found.record["scale"] = "smoke"
    assert settings_of(found, judge(found)) == []


@pytest.mark.parametrize("data", [None, {}, {"name": ""}])
def test_data_that_a_study_does_not_name_are_unknown(data: object) -> None:
    """Such a record may be of another version; before, `claims` ended in a KeyError."""
    found = results(
        {"a": [1.0, 1.1, 1.2], "b": [2.0, 2.2, 2.3]},
        [{"id": "h", "claim": "c", "part_of": "It works.", "test": "superiority",
          "metric": "fd_classifier", "arm": "a", "control": "b"}],
    )  # fmt: skip
    for arm in "ab":
        found.record["arms"][arm]["data"] = data
    assert settings_of(found, judge(found))[0].dataset == "unknown data"
    for arm in "ab":
        del found.record["arms"][arm]["data"]
    assert settings_of(found, judge(found))[0].dataset == "unknown data"


def test_incomplete_and_uninformative_settings_say_so() -> None:
    assert stored()[0].left_out == ""
    assert stored()[0].rests_on.startswith("rests on")
    assert stored(standing=Standing(complete=False))[0].left_out == "preliminary"
    assert stored(standing=Standing("0", ("seeds",)))[0].left_out == "deviated"
    dead = dict.fromkeys("ab", ["collapsed"] * 3)
    assert stored(dead)[0].left_out == "uninformative"
    assert stored(dead)[0].rests_on == ""
