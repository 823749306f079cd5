"""Options shared by several commands, and reading a study with them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ogan_bench.cli import completion

if TYPE_CHECKING:
    from ogan_bench.runner.executor import Place
    from ogan_bench.study.settings import StudySettings
    from ogan_bench.study.trial import Trial

StudyPath = Annotated[
    Path,
    typer.Argument(
        metavar="STUDY",
        autocompletion=completion.studies,
        help="Study file (YAML), or the name of a shipped study.",
    ),
]
Scale = Annotated[
    str | None,
    typer.Option(
        autocompletion=completion.scales, help="Use a named scale, such as smoke, fashion or paper."
    ),
]
Arms = Annotated[
    str | None,
    typer.Option(metavar="A,B", autocompletion=completion.arms, help="These arms only."),
]
Seeds = Annotated[str | None, typer.Option(metavar="0-4", help="These seeds instead.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY.PATH=VALUE", help="Change a setting of all arms."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def folder(path: Path | None) -> Path | None:
    """The results folder, which need not exist yet."""
    from ogan_bench.errors import UserError

    if path is not None and path.exists() and not path.is_dir():
        raise UserError(f"{path}: a file, and no results folder")
    return path


Results = Annotated[Path, typer.Option(callback=folder, help="Results folder.")]
ResultsIfNamed = Annotated[
    Path | None, typer.Option(callback=folder, help="Results folder. [default: results]")
]
StoredStudies = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[STUDY]...",
        autocompletion=completion.stored_studies,
        help="Stored studies; all if none is named.",
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda (all GPUs) or cuda:N.")]
Crop = Annotated[
    str | None, typer.Option(help="Of images that are no squares: centre, none (squeeze).")
]
Alpha = Annotated[str | None, typer.Option(help="Of transparent images: black, grey, white, drop.")]
Orientation = Annotated[str | None, typer.Option(help="Of EXIF: apply, ignore.")]
Profile = Annotated[
    str | None, typer.Option(help="Of colours that are not sRGB: srgb (convert), ignore.")
]
Depth = Annotated[str | None, typer.Option(help="Of 16 bits a channel: reduce.")]
Small = Annotated[
    str | None, typer.Option(help="Of images with fewer pixels than the resolution: enlarge.")
]
MaxBad = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="Unusable images to leave out at most.")
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Trials at a time. [default: cores, or GPUs]")
]
CheckpointSeconds = Annotated[
    float, typer.Option(min=0, help="Time between checkpoints, the most that a kill can lose.")
]
MaxHours = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="H",
        help="Hours after which running trials save their state and the command stops, to be "
        "given again: exit code 75.",
    ),
]
ExecutorName = Annotated[
    str,
    typer.Option(
        "--executor",
        metavar="NAME",
        autocompletion=completion.one_of("local", "slurm", "ray"),
        help="Where trials run: local (processes of this machine), slurm (a job for each) or ray.",
    ),
]
Job = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE",
        help="What a job asks of Slurm (slurm_partition, gpus_per_node, timeout_min, ...) or an "
        "actor of Ray (address, num_cpus, num_gpus, memory).",
    ),
]
StallMinutes = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="M",
        help="Minutes without a sign of life after which a trial's process is ended; error.txt "
        "says where it was. The longest group of metrics must take less. [default: never]",
    ),
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", metavar="FILE", help="A Python file with your own parts."),
]

RESULTS = Path("results")

ALL = "all"


def chosen(text: str | None, known: Sequence[str], flag: str) -> list[str]:
    """The names in ``"a,b"``; ``all`` stands for every known name.

    Raises:
        UserError: A name is unknown.
    """
    from ogan_bench.errors import UserError, did_you_mean

    names = [name.strip() for name in text.split(",")] if text else []
    if ALL in names:
        return list(known)
    for name in names:
        if name not in known:
            raise UserError(f"{flag}: no {name!r}.{did_you_mean(name, (*known, ALL))}")
    return names


def place(executor: str, job: list[str] | None, device: str, workers: int | None) -> Place:
    """Where trials run.

    Raises:
        UserError: There is no such executor, or a parameter has no value.
    """
    from ogan_bench.errors import UserError, did_you_mean
    from ogan_bench.runner.executor import KINDS, Place

    kind = next((kind for kind in KINDS if kind == executor), None)
    if kind is None:
        raise UserError(f"--executor: no {executor!r}.{did_you_mean(executor, KINDS)}")
    parameters: dict[str, str | int | float] = {}
    for text in job or ():
        key, _, value = text.partition("=")
        if not key or not value:
            raise UserError(f"--job {text}: give KEY=VALUE, such as timeout_min=120")
        parameters[key] = _number_if_it_is_one(value)
    return Place(kind, device, workers, parameters)


def _number_if_it_is_one(text: str) -> str | int | float:
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def results_and_studies(
    results: Path | None, given: Sequence[str] | None
) -> tuple[Path, list[str]]:
    """The results folder, and the studies that are named: all stored ones if none is.

    The folder may also be the first of the arguments, as it was before ``--results``.

    Raises:
        UserError: There is no such folder, or it holds no study.
    """
    names = list(given or ())
    if results is None and names and _is_folder(names[0]):
        results = Path(names.pop(0))
    root = results or RESULTS
    return root, named_studies(root, names)


def _is_folder(text: str) -> bool:
    """Whether an argument is meant as a folder, not as the name or the file of a study."""
    path = Path(text)
    if (RESULTS / text / "study.json").exists() or path.suffix in (".yaml", ".yml"):
        return False
    return path.is_dir() or len(path.parts) > 1


def named_studies(results: Path, given: Sequence[str] | None) -> list[str]:
    """The stored studies that are named, each by its name or its file; all if none is.

    All are looked up before anything is done with the first.

    Raises:
        UserError: There is no such folder, it holds no study, or one that is named is not there.
    """
    from ogan_bench.store.trial_store import TrialStore

    stored = stored_studies(results)
    names = [Path(name).stem for name in given or ()]
    for name in names:
        if name not in stored:
            TrialStore(results).read_study(name)  # says what there is
    return names or stored


def stored_studies(results: Path) -> list[str]:
    """Names of the studies that are stored in a results folder.

    Raises:
        UserError: There is no such folder, or it holds no study.
    """
    from ogan_bench.errors import UserError
    from ogan_bench.store.trial_store import TrialStore

    folder(results)
    if not results.exists():
        raise UserError(f"{results}: no such folder; `ogan-bench run` makes one")
    if (results / "study.json").exists():
        parent = results.resolve().parent
        raise UserError(f"{results}: the folder of one study; the results folder is {parent}")
    if not (names := TrialStore(results).studies()):
        raise UserError(f"{results}: no study is stored here; `ogan-bench run` makes one")
    return names


def read_study(
    path: Path, scale: str | None, arms: str | None, seeds: str | None, overrides: list[str] | None
) -> tuple[StudySettings, list[Trial]]:
    """The study and the trials selected by the options.

    Raises:
        UserError: The file or an option is invalid.
    """
    from ogan_bench.study.arguments import parse_arms, parse_seeds
    from ogan_bench.study.load import load_study
    from ogan_bench.study.shipped import find_study
    from ogan_bench.study.trial import trials

    study = load_study(find_study(path), scale=scale, overrides=overrides or ())
    wanted_arms = parse_arms(arms, study) if arms is not None else None
    wanted_seeds = parse_seeds(seeds) if seeds is not None else None
    return study, trials(study, wanted_arms, wanted_seeds)
