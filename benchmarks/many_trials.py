"""A results folder of any number of finished trials, copied from one that was trained.

Every copy is whole: ``run.json`` and ``result.json`` name their own arm and seed, carry their own
seals, and hold values drawn around those of the trained one. All other files are hard links to its
own: they are read and checked for each trial, but take the disk once.

Run it as ``python benchmarks/many_trials.py FOLDER [--studies 10] [--arms 10] [--seeds 100]``.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ogan_bench.cli.options import place
from ogan_bench.runner.study import execute, store_study
from ogan_bench.store.journal import read_file
from ogan_bench.store.packed import PACKS
from ogan_bench.store.preregistration import registration
from ogan_bench.store.sealed import sealed_json
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import trials

STUDY = """
name: {name}
question: Does the weight of the consistency term matter?
base:
  data: {{name: digits, resolution: 16}}
  model: {{name: dcgan, z_dim: 32, width: 4}}
  objective:
    adversarial: linear
    readout: avg
    consistency: pearson
    penalty: {{name: quadratic_potential, weight: 0.25}}
  training:
    steps: 40
    batch_size: 64
    log_every: 10
    optimizer: {{name: rmsprop, lr: 1e-4, alpha: 0.99}}
  evaluation: {{samples: 200}}
arms:
{arms}
seeds: [{seeds}]
metrics: [reconstruction_mse, reconstruction_ratio, latent_rho, fd_classifier, probe_accuracy]
hypotheses:
  - id: encoder_works
    claim: With the strongest term, G(N(E(x))) reconstructs x better than with the weakest.
    part_of: The Pearson term makes a working encoder.
    metric: reconstruction_mse
    arm: arm_{last}
    control: arm_0
    test: superiority
  - id: quality_is_kept
    claim: The strongest term costs less than 25 % of sample quality.
    part_of: The Pearson term keeps the quality of the samples.
    metric: fd_classifier
    arm: arm_{last}
    control: arm_0
    test: non_inferiority
    margin: 25%
    margin_reason: Only to have a margin.
"""

OWN = ("run.json", "result.json")
"""Files that say which trial they are of."""

NOISE = 0.1
"""Standard deviation of the values, as a share of the trained trial's."""


def write_study(folder: Path, name: str, arms: int, seeds: int) -> Path:
    """A study file whose arms differ in the weight of the consistency term."""
    lines = "\n".join(
        f"  arm_{arm}: {{objective: {{consistency_weight: {0.01 * (arm + 1):.2f}}}}}"
        for arm in range(arms)
    )
    path = folder / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    seed_list = ", ".join(map(str, range(seeds)))
    path.write_text(STUDY.format(name=name, arms=lines, seeds=seed_list, last=arms - 1))
    return path


def trained_trial(root: Path) -> TrialFolder:
    """One trial of such a study, trained."""
    file = write_study(root / "files", "original", arms=2, seeds=1)
    study, store = load_study(file), TrialStore(root)
    todo = trials(study)[:1]
    store_study(store, study, todo, file, None, ())
    ending = execute(todo, 1, root, place("local", None, "cpu", 1))
    if ending.code:
        raise SystemExit("the trial to be copied could not be trained")
    return store.trial(todo[0])


def make_folder(
    root: Path, original: TrialFolder, studies: Sequence[str], arms: int, seeds: int
) -> list[Path]:
    """Studies of finished trials in a results folder.

    Args:
        root: The results folder; what its trials share lies beside it.
        original: The trial that is copied; its study may be packed.
        studies: Names of the studies.
        arms: Arms of each.
        seeds: Seeds of each.

    Returns:
        The study files, which lie beside the results folder too.
    """
    random = np.random.default_rng(0)
    store = TrialStore(root)
    shared = _shared(original, root.with_name(f"{root.name}-shared"))
    run, result = original.read("run.json"), original.read("result.json")
    assert run is not None
    assert result is not None
    files = [write_study(root.with_name(f"{root.name}-files"), n, arms, seeds) for n in studies]
    for file in files:
        study = load_study(file)
        wanted = trials(study)
        store_study(store, study, wanted, file, None, ())
        registered = (registration(store, study.folder) or {}).get("sha256")
        for trial in wanted:
            folder = store.trial(trial).path
            folder.mkdir(parents=True)
            (folder / ".lock").touch()  # as every trial has that was run on a local disk
            for path in shared:
                (folder / path.name).hardlink_to(path)
            identity = {"study": trial.study, "arm": trial.arm, "seed": trial.seed,
                        "config_hash": trial.config_hash}  # fmt: skip
            mine = {**run, **identity, "config": trial.config, "registered": registered}
            drawn = [
                row if row["value"] is None
                else {**row, "value": row["value"] * (1 + NOISE * random.standard_normal())}
                for row in result["metrics"]
            ]  # fmt: skip
            measured = trial.settings.evaluation.measured
            found = {**result, **identity, "metrics": drawn, "measured": measured}
            # Not by TrialFolder.write, whose flushes to disk would take most of the time.
            (folder / "run.json").write_bytes(sealed_json(mine))
            (folder / "result.json").write_bytes(sealed_json(found))
    return files


def _shared(original: TrialFolder, folder: Path) -> list[Path]:
    """The files of a trial that name no trial, copied to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {path.name for path in original.path.glob("[!.]*") if path.is_file()}
    names |= {name for files in PACKS.values() for name in files}
    copies = []
    for name in sorted(names - {*OWN}):
        path = original.path / name
        content = path.read_bytes() if path.exists() else read_file(path)
        if content is not None:
            copies.append(folder / name)
            copies[-1].write_bytes(content)
    return copies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="The results folder, which is made.")
    parser.add_argument("--studies", type=int, default=1)
    parser.add_argument("--arms", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=100)
    arguments = parser.parse_args()
    names = [f"study_{index}" for index in range(arguments.studies)]
    with tempfile.TemporaryDirectory() as temporary:
        original = trained_trial(Path(temporary))
        make_folder(arguments.folder, original, names, arguments.arms, arguments.seeds)


if __name__ == "__main__":
    main()
