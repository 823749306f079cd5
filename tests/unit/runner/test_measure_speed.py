"""A machine is measured by short trainings in worker processes."""

from __future__ import annotations

from ogan_bench.runner.machine_speed import Machine
from ogan_bench.runner.measure_speed import (
    BATCH_SIZE,
    FEW_NETS,
    NETS,
    OF_WORKERS,
    Nets,
    Plan,
    flops_of,
    measure_machine,
    this_machine,
    train_for,
    worker_counts,
)

SMALL = Nets("mlp", 1, 8)


def test_small_nets_are_measured_in_one_and_in_two_workers() -> None:
    said: list[tuple[int, int]] = []
    speed = measure_machine(
        "cpu", Plan((SMALL,), 0.0, 2), lambda _, done, total: said.append((done, total))
    )
    assert said == [(1, 3), (2, 3), (3, 3)]
    assert speed.machine == this_machine("cpu")
    (net,) = speed.nets
    assert (net.model, net.resolution, net.batch_size) == ("mlp", 1, BATCH_SIZE)
    assert net.step_flops == flops_of(SMALL, device="cpu")
    assert list(speed.workers) == [1, 2]
    assert min(net.seconds_per_step, *speed.workers.values()) > 0


def test_a_slow_net_is_trained_for_two_steps_at_least() -> None:
    steps, seconds = train_for(SMALL, 0.0, device="cpu")
    assert steps == 2
    assert seconds > 0


def test_powers_of_two_and_the_highest_number_are_tried() -> None:
    assert [worker_counts(most) for most in (1, 2, 3, 8)] == [[1], [1, 2], [1, 2, 3], [1, 2, 4, 8]]


def test_what_is_measured_can_be_built() -> None:
    """Every entry; the quick ones and those of several workers are among them."""
    assert {*FEW_NETS, OF_WORKERS} <= set(NETS)
    costs = [flops_of(nets, device="cpu") for nets in NETS if nets.resolution <= 16]
    assert costs == sorted(costs)
    assert costs[0] > 0


def test_a_machine_has_a_name() -> None:
    machine = this_machine("cpu")
    assert isinstance(machine, Machine)
    assert machine.device not in ("", "None")
    assert machine.threads >= 1
