"""What a measurement of a machine says about workers and about nets, measured or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.runner.machine_speed import (
    Machine,
    MachineSpeed,
    NetSpeed,
    StepTime,
    read_speed,
    write_speed,
)

MACHINE = Machine("a processor", "2.15.0", 8)
SPEED = MachineSpeed(
    MACHINE,
    "2026-01-01T00:00:00+00:00",
    (
        NetSpeed("mlp", 1, 64, 10**7, 0.01),
        NetSpeed("dcgan", 16, 64, 10**9, 0.1),
        NetSpeed("dcgan", 32, 64, 10**10, 0.5),
    ),
    {1: 10.0, 2: 19.0, 4: 30.0, 8: 30.5},
)


def test_fewest_workers_that_are_about_as_fast_are_recommended() -> None:
    assert SPEED.recommended_workers == 4
    assert replace(SPEED, workers={1: 10.0, 2: 9.0}).recommended_workers == 1


def test_speedup_is_that_of_the_next_smaller_number() -> None:
    assert [SPEED.speedup(n) for n in (1, 2, 3, 4, 100)] == [1.0, 1.9, 1.9, 3.0, 3.05]


def test_nets_that_were_measured_take_what_was_measured() -> None:
    assert SPEED.step_time("dcgan", 32, 10**10) == StepTime(0.5, is_estimate=False)


@pytest.mark.parametrize(
    ("model", "resolution", "flops", "seconds"),
    [
        ("dcgan", 32, 2 * 10**10, 1.0),  # another width or objective
        ("dcgan", 64, 4 * 10**10, 2.0),  # by the same model, nearest in FLOPs
        ("dcgan", 8, 5 * 10**8, 0.05),
        ("resnet", 32, 10**9, 0.05),  # by another model at the same resolution
        ("resnet", 128, 10**11, 5.0),
    ],
)
def test_other_nets_are_estimated_by_flops(
    model: str, resolution: int, flops: int, seconds: float
) -> None:
    found = SPEED.step_time(model, resolution, flops)
    assert found.is_estimate
    assert found.seconds == pytest.approx(seconds)


def test_a_measurement_is_kept_for_its_machine(tmp_path: Path) -> None:
    assert read_speed(tmp_path, MACHINE) is None
    write_speed(tmp_path, replace(SPEED, workers={1: 1.0}))
    path = write_speed(tmp_path, SPEED)
    assert read_speed(tmp_path, MACHINE) == SPEED
    for change in ({"device": "another"}, {"torch": "3"}, {"threads": 2}):
        assert read_speed(tmp_path, replace(MACHINE, **change)) is None
    path.write_text('{"format": 1, "nets": []}')
    with pytest.raises(UserError, match="damaged"):
        read_speed(tmp_path, MACHINE)
    path.write_text('{"format": 0}')
    assert read_speed(tmp_path, MACHINE) is None
