"""``ogan-bench doctor``: what is available on this machine, and are stored results whole?"""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ogan_bench.cli.options import Json, folder
from ogan_bench.cli.output import bytes_text, print_json, print_table, print_text, say
from ogan_bench.errors import NoValueError, UserError

if TYPE_CHECKING:
    from ogan_bench.store.examination import Fault

ABSENT = "not here: "

NOT_TESTED: dict[str, Callable[[], bool]] = {
    "Windows": lambda: platform.system() == "Windows",
    "macOS": lambda: platform.system() == "Darwin",
    "Apple's GPUs": lambda: _has_mps(),
}
"""What ogan_bench was not tried on, and whether it is here; README says the same."""

EXIT_DAMAGED = 5
"""Something in a results folder is not as it was written."""


def doctor(
    place: Annotated[
        Path | None,
        typer.Argument(metavar="[RESULTS]", callback=folder, help="The same as --results."),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            callback=folder,
            help="Results folder whose files are examined, instead of this machine.",
        ),
    ] = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Remove temporary files that killed processes left there."),
    ] = False,
    try_claims: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0.1,
            help="Have two processes contend for a claim in the results folder; at once on several "
            "machines, those of all.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what is available on this machine, or examine every stored file of a results folder.

    Of a machine: versions, devices, data and feature spaces, and on what ogan_bench was not tested.
    Of results: each file's checksum,
    place and format, and how many trials are finished; exit code 5 if a file is not as it was
    written. Only --repair changes something. --try-claims tries instead whether two processes can
    hold a trial there at once; exit code 5 if so.

    \b
    Examples:
      ogan-bench doctor
      ogan-bench doctor --results results --repair
      ogan-bench doctor --results /shared/results --try-claims 10
    """
    if results is not None and place is not None:
        raise UserError(f"{place} and --results {results}: name one results folder")
    examined = results or place
    if try_claims is not None:
        if examined is None or repair:
            raise UserError("--try-claims is for a results folder alone: name one with --results")
        raise typer.Exit(_try_claims(examined, try_claims, as_json))
    if examined is not None:
        raise typer.Exit(_examine(examined, repair, as_json))
    if repair:
        raise UserError("--repair is for a results folder: name one with --results")
    facts = examine()
    if as_json:
        print_json(facts)
        return
    print_table(
        None,
        [
            row
            for section, entries in facts.items()
            for row in ([section, ""], *([f"  {key}", value] for key, value in entries.items()))
        ],
    )


def _examine(results: Path, repair: bool, as_json: bool) -> int:
    """Print what is wrong with a results folder; the exit code."""
    from ogan_bench.store.claims import described
    from ogan_bench.store.examination import IN_USE_SECONDS, examine_results, leftovers
    from ogan_bench.store.trial_store import TrialStore

    if not results.exists():
        raise UserError(f"{results}: no such folder; `ogan-bench run` makes one")
    studies = examine_results(results, repair=repair)
    classifiers = TrialStore(results).classifiers
    faults = [fault for study in studies for fault in study.faults]
    for place in (results, classifiers):
        faults += leftovers(place, repair, in_use_seconds=IN_USE_SECONDS)
    faults += _of_classifiers(classifiers)
    if not studies and not faults:
        raise UserError(f"{results}: no study is stored here; `ogan-bench run` makes one")
    if as_json:
        facts = [{**vars(study), "faults": len(study.faults)} for study in studies]
        found = [_record(fault) for fault in faults]
        print_json({"claims": described(results), "studies": facts, "faults": found})
    else:
        print_table(
            ("study", "planned", "finished", "running", "ogan_bench", "faults"),
            [
                [s.study, s.planned, s.finished, s.running, ", ".join(s.versions), len(s.faults)]
                for s in studies
            ],
        )
        for fault in faults:
            print_text(fault.text)
        say(f"Claims: {described(results)}")
    left = sum(not fault.is_repaired for fault in faults)
    say(f"{left} faults" if left else "Every stored file is as it was written.")
    return EXIT_DAMAGED if left else 0


def _try_claims(results: Path, seconds: float, as_json: bool) -> int:
    """Print whether claims in a results folder exclude; the exit code."""
    from ogan_bench.store.claims import described
    from ogan_bench.store.contention import contend_in_processes

    if not results.is_dir():
        raise UserError(f"{results}: no such folder")
    seen = contend_in_processes(results, seconds)
    if not seen.held:
        raise UserError(f"{results}: not claimed once in {seconds:g} s; try longer")
    if as_json:
        others = sorted(seen.others)
        print_json({"claims": described(results), **vars(seen), "others": others})
    else:
        print_text(f"Claims: {described(results)}")
        company = f", and {len(seen.others)} of other commands" if seen.others else ""
        print_text(
            f"2 processes{company} contended: held {seen.held} times here, "
            f"{seen.clashes} times by two at once"
        )
    if not seen.clashes:
        return 0
    say(
        "Claims do not exclude in this folder: let one machine alone run trials there, or set "
        "$OGAN_BENCH_CLAIMS to lease on all of them"
    )
    return EXIT_DAMAGED


def _of_classifiers(folder: Path) -> list[Fault]:
    """Damage to the classifiers that trials were measured with."""
    from ogan_bench.store.examination import Fault

    faults = []
    for path in sorted(folder.glob("*.safetensors")):
        from ogan_bench.features.stored_classifiers import read_sealed

        try:
            read_sealed(path)
        except UserError as error:
            faults.append(Fault(path, str(error)))
    return faults


def _record(fault: Fault) -> dict[str, Any]:
    return {"path": str(fault.path), "text": fault.text, "repaired": fault.is_repaired}


def examine() -> dict[str, dict[str, Any]]:
    """Facts about the machine, by section."""
    import torch

    from ogan_bench.data.sources.fashion_mnist import find_folder
    from ogan_bench.features.cache import cache_dir
    from ogan_bench.store import provenance

    gpus = range(torch.cuda.device_count() if torch.cuda.is_available() else 0)
    fashion = find_folder()
    return {
        "versions": provenance.code_and_machine(),
        "devices": {
            "cpu": f"{os.cpu_count()} cores",
            **{f"cuda:{index}": torch.cuda.get_device_name(index) for index in gpus},
        },
        "not tested": {
            name: "this machine" if is_here() else "not this machine"
            for name, is_here in NOT_TESTED.items()
        },
        "data": {
            "digits": "embedded in scikit-learn",
            "fashion_mnist": str(fashion)
            if fashion
            else ABSENT + "install Debian's dataset-fashion-mnist, or let torchvision download it",
            "$OGAN_BENCH_DATA": os.environ.get("OGAN_BENCH_DATA") or "not set (data)",
        },
        "feature spaces": _spaces(),
        "LPIPS": _perceptual(),
        "cache": {"folder": _whether(lambda: _with_size(cache_dir()))},
    }


def _has_mps() -> bool:
    import torch

    return torch.backends.mps.is_available()


def _spaces() -> dict[str, str]:
    """Whether each of ``evaluation.extractors`` can be used here, and what to do if not."""
    from ogan_bench.features.spaces import FEATURE_SPACES

    return {name: _whether(space.weights) for name, space in FEATURE_SPACES.items()}


def _perceptual() -> dict[str, str]:
    """The same for the nets that LPIPS can use."""
    from ogan_bench.evaluation.reconstruction.lpips import BACKBONES, backbone_path

    return {name: _whether(functools.partial(backbone_path, name)) for name in BACKBONES}


def _whether(find: Callable[[], Path | str]) -> str:
    try:
        return f"ready: {find()}"
    except (NoValueError, UserError) as error:
        return f"{ABSENT}{error}"


def _with_size(path: Path) -> str:
    from ogan_bench.store.disk import bytes_on_disk

    return f"{path} ({bytes_text(bytes_on_disk(path))})"
