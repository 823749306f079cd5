"""Writes an archive: a results folder that is packed, reported, described and hashed.

The folder is a results folder, so that everything that reads results reads an archive. It is made
under a temporary name beside its own and renamed at the end, so a kill leaves no half archive.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ogan_bench.analysis.analyse import Analysis, analyse_stored
from ogan_bench.archive.contents import KINDS, NETS, kind_of
from ogan_bench.archive.crate import METADATA, Deposit, crate
from ogan_bench.archive.manifest import files_of, write_manifest
from ogan_bench.archive.readme import README, readme
from ogan_bench.archive.training_data import licences_of
from ogan_bench.archive.zipped import write_zip
from ogan_bench.errors import UserError
from ogan_bench.files import Record, read_json, sha256, write_bytes, write_json
from ogan_bench.report.image_grids import GRIDS
from ogan_bench.report.report import FORMATS, write_index, write_report
from ogan_bench.store.examination import examine_results
from ogan_bench.store.pack import pack
from ogan_bench.store.packed import PackedStudy
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.shipped import PACKAGE, find_study

Weights = Literal["all", "first", "none"]
"""Nets of which trials: all, those of each arm's lowest seed that has some, or none."""

WEIGHTS: tuple[Weights, ...] = get_args(Weights)

CITATION = "CITATION.cff"
CITATIONS = (PACKAGE.parent / CITATION, PACKAGE / CITATION)
"""How to cite this package: in a checkout, and in an installed package."""

FIGURES = ("svg", "pdf")


@dataclass(frozen=True)
class Archived:
    """What was written.

    Args:
        path: The folder, or the zip file.
        sizes: Kind of file, see :data:`~ogan_bench.archive.contents.KINDS`, to their number and
            bytes.
        trials: Number of trials that were started.
        with_nets: Number of trials that have stored nets, in the archive or not.
    """

    path: Path
    sizes: Mapping[str, tuple[int, int]]
    trials: int
    with_nets: int


def write_archive(
    root: Path, studies: Sequence[str], out: Path, deposit: Deposit, weights: Weights = "all"
) -> Archived:
    """Archive studies of a results folder.

    Args:
        root: The results folder.
        studies: Names of its studies.
        out: Folder to make, or a file ``*.zip``.
        deposit: What those who publish it say.
        weights: Whose nets go along.

    Raises:
        UserError: ``out`` exists or cannot be written; a study is not stored, is being run or has
            damaged files. Nothing has been written then.
    """
    if out.exists():
        raise already_there(out)
    store = TrialStore(root)
    for study in studies:
        store.read_study(study)
        _check(store, study)
    with _appearing(out) as folder:
        nets = [facts for study in studies for facts in _add_study(store, study, folder, weights)]
        faults = [fault.text for found in examine_results(folder) for fault in found.faults]
        if faults:
            raise UserError("\n".join(faults).replace(str(folder), str(root)))
        analyses = {study: _add_report(store, study, folder) for study in studies}
        write_index(folder, {study: analysis.overview for study, analysis in analyses.items()})
        _describe(folder, analyses, deposit, nets)
        names = files_of(folder)
        files = Counter(map(kind_of, names))
        taken = Counter[str]()
        for name in names:
            taken[kind_of(name)] += (folder / name).stat().st_size
    return Archived(
        out,
        {kind: (files[kind], taken[kind]) for kind in KINDS},
        sum(len(store.folders(study)) for study in studies),
        len(nets),
    )


def already_there(out: Path | str) -> UserError:
    """What is said where something is in the place of an archive."""
    return UserError(f"{out}: exists; an archive is written once, so name another")


@contextmanager
def _appearing(out: Path) -> Iterator[Path]:
    """A temporary folder that becomes ``out``, or is zipped into it, if nothing goes wrong."""
    folder = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        yield folder
        if out.suffix == ".zip":
            write_zip(folder, out)
        else:
            folder.chmod(0o755)
            os.rename(folder, out)
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror or error})") from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _check(store: TrialStore, study: str) -> None:
    """Refuse a study that is being run or compacted, or whose files are not as they were written.

    Raises:
        UserError: Names the trial, or every file with its mend.
    """
    PackedStudy(store.root / study).check_not_compacted()
    faults = []
    for trial in store.folders(study):
        if trial.is_running:
            raise UserError(f"{trial.path}: is being run now; archive the study once it has ended")
        try:
            for name in ("run.json", "result.json", "samplings.json"):
                trial.read(name)
            for name in trial.journals:
                trial.read_log(name)
        except UserError as error:
            faults.append(str(error))
    if faults:
        raise UserError("\n".join(faults))


def _add_study(store: TrialStore, study: str, folder: Path, weights: Weights) -> list[Record]:
    """Copy what a study's report needs, and the nets that are wanted.

    Returns:
        ``nets.json`` of each trial that has stored nets.
    """
    pack(store.root / study, folder / study)
    _copy_study_file(store.read_study(study), folder / study)
    nets: list[Record] = []
    arms = set[str]()
    trials = sorted(store.folders(study), key=_seed)
    for trial in trials:
        place = folder / trial.path.relative_to(store.root)
        for name in GRIDS:
            _copy(trial.path / name, place / name)
        facts = _checked_nets(trial)
        if facts is None:
            continue
        nets.append(facts)
        arm = trial.path.parent.name
        if weights == "all" or (weights == "first" and arm not in arms):
            for name in NETS:
                _copy(trial.path / name, place / name)
        arms.add(arm)
    return nets


def _seed(trial: TrialFolder) -> int:
    return int(trial.path.name.removeprefix("seed-"))


def _checked_nets(trial: TrialFolder) -> Record | None:
    """What is known of the nets of a trial; ``None`` if it has none.

    Raises:
        UserError: The weights are damaged or missing.
    """
    weights, facts = (trial.path / name for name in NETS)
    mend = "let `ogan-bench evaluate` store the nets again"
    stated = read_json(facts, mend)
    if stated is None:
        return None
    if not weights.exists() or sha256(weights) != stated["sha256"]:
        raise UserError(f"{weights}: missing or damaged; {mend}")
    return stated


def _copy_study_file(record: Record, folder: Path) -> None:
    """Copy the study file, if it is at hand and the very one that was run."""
    command = shlex.split(record["command"])
    for name in (record["name"], *command[2:3]):
        path = find_study(Path(name))
        if path.is_file() and sha256(path) == record["study_file_sha256"]:
            _copy(path, folder / f"{record['name']}.yaml")
            return


def _add_report(store: TrialStore, study: str, folder: Path) -> Analysis:
    """Write the report of the packed study, with steps of the trials that it shows them of."""
    analysis = analyse_stored(folder, study)
    for trial in analysis.median_trials.values():
        for picture in sorted((store.root / trial["path"] / "steps").glob("step-*.png")):
            _copy(picture, folder / picture.relative_to(store.root))
    write_report(analysis, formats=FORMATS, figures="all", figure_formats=FIGURES)
    return analysis


def _describe(
    folder: Path,
    analyses: Mapping[str, Analysis],
    deposit: Deposit,
    nets: Sequence[Record],
) -> None:
    """Write what says what is in the folder: for people, for programs and for ``sha256sum``."""
    citation = next((path for path in CITATIONS if path.exists()), None)
    if citation is not None:
        _copy(citation, folder / CITATION)
    licences = licences_of(nets)
    text = readme(analyses, deposit, files_of(folder), len(nets), licences)
    write_bytes(folder / README, text.encode(), durable=False)
    metadata, hashes = crate(folder, analyses, deposit, files_of(folder), licences)
    write_json(folder / METADATA, metadata, durable=False)
    write_manifest(folder, hashes)


def _copy(source: Path, target: Path) -> None:
    """Copy a file, if it is there."""
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
