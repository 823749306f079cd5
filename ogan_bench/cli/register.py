"""``ogan-bench register``: state a study before its first trial."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ogan_bench.cli.options import (
    RESULTS,
    Device,
    Json,
    Results,
    Scale,
    Seeds,
    Set,
    StudyPath,
    read_study,
)
from ogan_bench.cli.output import print_json, print_text
from ogan_bench.cli.power import Correlation, Effect, Pilot, Spread, basis_of


def register(
    study: StudyPath,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The protocol. [default: protocol.md in the study's results]"
        ),
    ] = None,
    results: Results = RESULTS,
    scale: Scale = None,
    seeds: Seeds = None,
    override: Set = None,
    pilot: Pilot = None,
    spread: Spread = None,
    effect: Effect = None,
    correlation: Correlation = 0.0,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Register a study before its first trial, and write its protocol.

    With `--pilot`, or `--spread` and `--effect`, the protocol states the power.

    \b
    Example:
      ogan-bench register my_study.yaml --spread 0.1 --effect 0.2
    """
    from ogan_bench.analysis.power import plan
    from ogan_bench.analysis.protocol import basis_in_words, protocol
    from ogan_bench.errors import UserError
    from ogan_bench.features.cache import cache_dir
    from ogan_bench.files import write_bytes
    from ogan_bench.report.protocol import protocol_text
    from ogan_bench.runner.estimate import measured_seconds
    from ogan_bench.runner.study import resolved_record
    from ogan_bench.store import preregistration
    from ogan_bench.store.trial_store import TrialStore

    statement, wanted = read_study(study, scale, None, seeds, override)
    store = TrialStore(results)
    preregistration.check_unregistered(store, statement.folder)
    path = out or results / statement.folder / "protocol.md"
    if path.exists():
        raise UserError(f"{path}: exists already; name another file with --out")
    record = resolved_record(store, statement, wanted, study, scale, override or ())
    plans, basis = None, ""
    if pilot is not None or spread is not None or effect is not None:
        assumed = basis_of(pilot, spread, effect, correlation)
        plans = plan(statement, assumed, [len(record["seeds"])])
        basis = basis_in_words(assumed)
    planned = protocol(
        record,
        preregistration.stated(record),
        statement.hypotheses,
        plans=plans,
        basis=basis,
        seconds=measured_seconds(wanted, device, cache_dir()),
    )
    write_bytes(path, protocol_text(planned).encode())
    known = preregistration.register(store, statement.folder, record)
    if known != planned.registered["sha256"]:
        path.unlink()
        raise UserError(f"{statement.folder}: was registered by another process meanwhile")
    store.write_study(statement.folder, record)  # so that `ogan-bench work` knows its trials
    if as_json:
        print_json(
            {
                "study": statement.folder,
                "sha256": known,
                "registered": str(results / statement.folder / "registered.json"),
                "protocol": str(path),
                "trials": planned.trials,
                "training_seconds": planned.seconds,
            }
        )
        return
    print_text(f"{statement.folder}: {planned.trials} trials registered, SHA-256 {known}")
    print_text(f"Protocol: {path}")
