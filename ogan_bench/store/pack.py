"""Makes a packed copy of a study: ``python -m ogan_bench.store.pack RESULTS/STUDY DESTINATION``."""

from __future__ import annotations

import sys
from pathlib import Path

from ogan_bench.errors import UserError
from ogan_bench.files import write_bytes
from ogan_bench.store.journal import read_file
from ogan_bench.store.packed import PACKS, Files, PackedStudy
from ogan_bench.store.trial_store import TrialStore


def pack(study: Path, destination: Path) -> None:
    """Copy what verdicts rest on: the study, its registration, results and logs.

    Weights, pictures and reports are left out.

    Args:
        study: Folder of the study.
        destination: Folder of the packed copy; it is made.

    Raises:
        UserError: There is no such study, it cannot be read, the destination holds trials, or the
            copy cannot be written.
    """
    store = TrialStore(study.parent)
    store.read_study(study.name)
    if TrialStore(destination.parent).folders(destination.name):
        raise UserError(f"{destination}: already holds trials; choose another folder")
    trials: dict[tuple[str, int], Files] = {}
    for folder in store.folders(study.name):
        arm, seed = folder.path.parent.name, int(folder.path.name.removeprefix("seed-"))
        contents = {
            file: read_file(folder.path / file) for files in PACKS.values() for file in files
        }
        trials[arm, seed] = {
            file: content for file, content in contents.items() if content is not None
        }
    for name in ("study.json", "registered.json"):
        if (study / name).exists():
            write_bytes(destination / name, (study / name).read_bytes())
    PackedStudy(destination).write(trials)


if __name__ == "__main__":
    try:
        pack(Path(sys.argv[1]), Path(sys.argv[2]))
    except UserError as error:
        sys.exit(str(error))
