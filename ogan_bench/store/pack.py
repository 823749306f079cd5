"""Makes a packed copy of a study: ``python -m ogan_bench.store.pack RESULTS/STUDY DESTINATION``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from ogan_bench.errors import UserError
from ogan_bench.files import write_bytes
from ogan_bench.store.journal import read_file
from ogan_bench.store.packed import PACKS, Files, PackedStudy
from ogan_bench.store.trial_store import TrialStore

OF_STUDY = ("study.json", "registered.json", "protocol.md")
"""Files of the study that are copied as they are."""


def pack(study: Path, destination: Path) -> None:
    """Copy what verdicts rest on: the study, its registration, results, logs and classifiers.

    The classifiers that the trials were measured with go beside the packed study, where those of a
    results folder are. Weights of trials, pictures and reports are left out.

    Args:
        study: Folder of the study.
        destination: Folder of the packed copy; it is made.

    Raises:
        UserError: There is no such study, it cannot be read, the destination holds trials or
            other classifiers by the same name, or the copy cannot be written.
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
    for name in OF_STUDY:
        if (study / name).exists():
            write_bytes(destination / name, (study / name).read_bytes())
    _copy_classifiers(store, TrialStore(destination.parent), trials.values())
    PackedStudy(destination).write(trials)


def _copy_classifiers(source: TrialStore, target: TrialStore, trials: Iterable[Files]) -> None:
    """Those of the datasets that some row of a trial names."""
    results = [content["result.json"] for content in trials if "result.json" in content]
    for path in sorted(source.classifiers.glob("*.safetensors")):
        named = f'"classifier:{_dataset_of(path)}-'.encode()
        if not any(named in result for result in results):
            continue
        content, copy = path.read_bytes(), target.classifiers / path.name
        if copy.exists() and copy.read_bytes() != content:
            raise UserError(f"{copy}: holds other classifiers; choose another folder")
        write_bytes(copy, content)


def _dataset_of(path: Path) -> str:
    """Name of the dataset that the classifiers in a file are of."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            name: str = file.metadata()["dataset"]
            return name
    except (OSError, SafetensorError, KeyError, TypeError) as error:
        raise UserError(f"{path}: the classifiers of these results are damaged ({error})") from None


if __name__ == "__main__":
    try:
        pack(Path(sys.argv[1]), Path(sys.argv[2]))
    except UserError as error:
        sys.exit(str(error))
