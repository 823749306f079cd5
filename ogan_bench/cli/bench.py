"""``ogan-bench bench``: how fast this machine trains, and how many workers pay."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from ogan_bench.cli.options import Device, Json
from ogan_bench.cli.output import print_json, print_table, print_text, say


def bench(
    device: Device = "auto",
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Highest number of workers to try. [default: cores, or 4 a GPU]"),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer nets, and less time each.")] = False,
    as_json: Json = False,
) -> None:
    """Measure this machine, in about a minute; `ogan-bench plan` uses the measurement.

    \b
    Example:
      ogan-bench bench --quick
    """
    import dataclasses

    from ogan_bench.features.cache import cache_dir
    from ogan_bench.runner.executor import WorkerDiedError
    from ogan_bench.runner.machine_speed import write_speed
    from ogan_bench.runner.measure_speed import QUICK, Plan, measure_machine
    from ogan_bench.runner.pace import left
    from ogan_bench.runner.stop_request import EXIT_INTERRUPTED
    from ogan_bench.runner.study import EXIT_FAILED

    plan = dataclasses.replace(QUICK if quick else Plan(), most_workers=workers)
    say("starting workers ...")
    started = time.monotonic()

    def report(what: str, done: int, total: int) -> None:
        rest = left((time.monotonic() - started) * (total - done) / done)
        say(f"[{done}/{total}] {what}{f', {rest}' if done < total else ''}")

    try:
        speed = measure_machine(device, plan, report)
    except KeyboardInterrupt:
        say("Interrupted; nothing was stored.")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except WorkerDiedError as error:
        say(f"A worker died: {error}. Nothing was stored; try fewer with --workers.")
        raise typer.Exit(EXIT_FAILED) from None
    path = write_speed(cache_dir(), speed)
    if as_json:
        print_json({**speed.record(), "file": str(path)})
        return
    print_table(
        ("nets", "pixels", "steps/s", "images/s", "GFLOP/s"),
        [
            [
                net.model,
                net.resolution,
                f"{1 / net.seconds_per_step:.3g}",
                f"{net.batch_size / net.seconds_per_step:,.0f}",
                f"{net.step_flops / net.seconds_per_step / 1e9:.3g}",
            ]
            for net in speed.nets
        ],
    )
    print_text("")
    print_table(
        ("workers", "steps/s", "speed-up"),
        [[n, f"{rate:.3g}", f"{speed.speedup(n):.2f}"] for n, rate in speed.workers.items()],
    )
    machine = speed.machine
    print_text(
        f"\n{machine.device}, torch {machine.torch}, {machine.threads} threads: "
        f"--workers {speed.recommended_workers} is best"
    )
    say(f"Stored for `ogan-bench plan`: {path}")
