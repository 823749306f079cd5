"""``ogan-bench evaluate``: measure stored trials again, or images from any tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from ogan_bench.cli import completion
from ogan_bench.cli.options import (
    ALL,
    Alpha,
    Crop,
    Depth,
    Device,
    ExecutorName,
    Job,
    Json,
    MaxBad,
    Orientation,
    Plugins,
    Profile,
    chosen,
    place,
)
from ogan_bench.cli.output import print_json, print_text, say

if TYPE_CHECKING:
    from ogan_bench.evaluation.external_treatment import Asked
    from ogan_bench.runner.executor import Place
    from ogan_bench.store.trial_store import TrialStore
    from ogan_bench.study.settings import Evaluation
    from ogan_bench.study.trial import Trial

EXIT_NO_VALUE = 4
"""No metric that was asked for has a value."""


def evaluate(
    trials: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RESULTS/STUDY]...",
            help="Folders of stored studies, of their arms or of single trials.",
        ),
    ] = None,
    generated: Annotated[
        list[Path] | None,
        typer.Option(
            help="Images from any tool: a folder, or uint8 arrays in an .npz (images or arr_0) or "
            ".npy; or an .npz with mu and sigma. Several times: sets to compare."
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.datasets,
            help="What they are compared with: the name of a dataset, or files likewise.",
        ),
    ] = None,
    resize: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Resize the images of both sides (bilinear, antialiased)."
        ),
    ] = None,
    crop: Crop = None,
    alpha: Alpha = None,
    orientation: Orientation = None,
    profile: Profile = None,
    depth: Depth = None,
    max_bad: MaxBad = None,
    statistics_of: Annotated[
        str | None,
        typer.Option(
            metavar="SPACE:RESIZE",
            help="Where mu and sigma come from: inception:tf1 (the original FID, torch-fidelity, "
            "guided-diffusion), inception:bilinear (pytorch-fid) or inception:pillow_bicubic "
            "(clean-fid).",
        ),
    ] = None,
    paired: Annotated[
        bool,
        typer.Option(
            "--paired", help="Sets answer the same inputs in the same order, such as one z each."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Draw pictures: of several sets what one has and the other lacks; of one those of "
            "--groups diversity.",
        ),
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            autocompletion=completion.groups,
            help="Further groups of metrics, or all.",
        ),
    ] = None,
    extractors: Annotated[
        str | None,
        typer.Option(
            metavar="A,B", autocompletion=completion.spaces, help="Feature spaces, or all."
        ),
    ] = None,
    samplings: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Measure with N further evaluation seeds and nothing else changed, to find "
            "the variance due to sampling alone.",
        ),
    ] = 0,
    override: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A parameter of the reference dataset; of a file: label=none, "
            "unlabelled=leave_out.",
        ),
    ] = None,
    plugins: Plugins = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Trials at a time. [default: cores, or GPUs]")
    ] = None,
    device: Device = "auto",
    executor: ExecutorName = "local",
    job: Job = None,
    as_json: Json = False,
) -> None:
    """Evaluate without training: stored trials, with further metrics, or images from any tool.

    Stored trials keep their settings; what is named here is measured in addition and added to
    their results. Values of further evaluation seeds are stored next to them, in samplings.json.

    Images that would have to change are refused unless an option says how to treat them: --crop to
    --max-bad mean what they mean for `data prepare`, for both sides alike.

    \b
    Examples:
      ogan-bench evaluate results/mse_vs_pearson --groups codes,separability
      ogan-bench evaluate --generated samples.npz --reference cifar10
    """
    from ogan_bench.errors import UserError
    from ogan_bench.metrics.definition import Group
    from ogan_bench.metrics.feature_spaces import SPACES

    if bool(trials) == bool(generated) or bool(generated) != (reference is not None):
        raise UserError(
            "name folders of stored trials, or images by both --generated and --reference"
        )
    treatments = {
        "crop": crop, "alpha": alpha, "orientation": orientation, "profile": profile,
        "depth": depth, "max_bad": max_bad,
    }  # fmt: skip
    unused: dict[str, object] = {
        "--resize": resize,
        "--statistics-of": statistics_of,
        "--paired": paired or None,
        "--out": out,
    }
    unused |= {f"--{key.replace('_', '-')}": value for key, value in treatments.items()}
    if not trials:
        unused = {"--plugin": plugins, "--workers": workers, "--job": job}
    for flag, value in unused.items():
        if value or value == 0:
            of = "stored trials" if trials else "images"
            raise UserError(f"{flag} has no meaning for {of}")
    spaces = chosen(extractors, tuple(SPACES), "--extractors")
    further = chosen(groups, get_args(Group), "--groups")
    if samplings and (not trials or spaces or further):
        raise UserError(
            "--samplings measures stored trials again in their own feature spaces: name their "
            "folders, and ask for --groups and --extractors in a command of its own"
        )
    if trials:
        if override:
            raise UserError("--set is for --reference; stored trials keep their settings")
        where = place(executor, job, device, workers)
        raise typer.Exit(_stored(trials, spaces, further, samplings, plugins or (), where, as_json))
    assert generated
    assert reference is not None
    if paired and len(generated) == 1:
        raise UserError("--paired is of sets that are compared: name --generated several times")
    how = _asked(resize, treatments, generated, reference)
    if statistics_of is not None:
        if further or spaces or override or out:
            raise UserError(
                "mean and covariance give the Fréchet distance alone: --groups, --extractors, "
                "--set and --out need images"
            )
        if len(generated) > 1:
            raise UserError("--statistics-of compares one pair: name --generated once")
        rows = _statistics(generated[0], reference, statistics_of, how, device)
    else:
        of_images = None if groups and ALL in groups.split(",") else further
        chosen_settings = (override or (), spaces, of_images, how, device)
        if len(set(generated)) < len(generated):
            raise UserError("--generated: a set is named twice")
        if len(generated) > 1:
            _sets(generated, reference, *chosen_settings, paired, out, as_json)
            return
        if out is not None and of_images is not None and "diversity" not in of_images:
            raise UserError("--out is for pictures: of one set, --groups diversity has some")
        rows = _images(generated[0], reference, *chosen_settings, out)
    if as_json:
        print_json(rows)
    else:
        from ogan_bench.report.terminal import measurements

        print_text(measurements(rows))
    if all(row["value"] is None for row in rows):
        say("Nothing could be measured; the notes say why.")
        raise typer.Exit(EXIT_NO_VALUE)


def _stored(
    paths: Sequence[Path],
    extractors: Sequence[str],
    groups: Sequence[str],
    samplings: int,
    plugins: Sequence[Path],
    where: Place,
    as_json: bool,
) -> int:
    from ogan_bench.cli.report import print_report
    from ogan_bench.errors import UserError
    from ogan_bench.runner.study import execute
    from ogan_bench.store.stored_trials import stored_trials
    from ogan_bench.store.trial_store import find_stored

    code = 0
    rows: list[dict[str, Any]] = []
    asked: list[dict[str, Any]] = []
    for path, (store, study, folders) in [(path, find_stored(path)) for path in paths]:
        record = store.read_study(study)
        todo = stored_trials(record, folders, extractors=extractors, groups=groups, plugins=plugins)
        if not todo:
            raise UserError(f"{path}: no trial in here is finished; `ogan-bench run` trains them")
        done = execute(todo, len(todo), store.root, where, again=True, samplings=samplings)
        if done.is_stopped:
            code = done.code
            break
        code = min(filter(None, (code, done.code)), default=0)  # failed trials before held ones
        measured = _rows(store, todo)
        of_path = _named(measured, extractors, groups)
        asked += of_path
        if as_json:
            rows += _sampled_rows(store, todo) if samplings else measured
        else:
            print_report(store.root, study)
            _print_by_trial(of_path)
    if as_json:
        print_json(rows)
    if (extractors or groups) and code == 0 and all(row["value"] is None for row in asked):
        say("Nothing that was asked for could be measured; the notes say why.")
        return EXIT_NO_VALUE
    return code


def _named(
    rows: Sequence[dict[str, Any]], extractors: Sequence[str], groups: Sequence[str]
) -> list[dict[str, Any]]:
    """The rows in these feature spaces and of these groups."""
    from ogan_bench.metrics import METRICS

    known = [(row, METRICS.get(row["metric"])) for row in rows]
    return [row for row, of in known if of and (of.extractor in extractors or of.group in groups)]


def _print_by_trial(rows: Sequence[dict[str, Any]]) -> None:
    """A table of measurements for each trial."""
    from itertools import groupby

    from ogan_bench.report.terminal import measurements

    for (arm, seed), of_trial in groupby(rows, lambda row: (row["arm"], row["seed"])):
        print_text(f"\n{arm}/seed-{seed}\n{measurements(list(of_trial))}")


def _rows(store: TrialStore, trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """All measurements of trials, each with its trial."""
    from ogan_bench.analysis.degenerate import examined

    return [
        {"study": trial.study, "arm": trial.arm, "seed": trial.seed, **row}
        for trial in trials
        for row in examined((store.trial(trial).read("result.json") or {}).get("metrics", []))
    ]


def _sampled_rows(store: TrialStore, trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Measurements of trials with further evaluation seeds."""
    from ogan_bench.analysis.degenerate import examined

    return [
        {"study": trial.study, "arm": trial.arm, "seed": trial.seed, "evaluation_seed": seed, **row}
        for trial in trials
        for seed, rows in store.trial(trial).samplings().items()
        for row in examined(rows)
    ]


def _images(
    generated: Path,
    reference: str,
    override: Sequence[str],
    extractors: Sequence[str],
    groups: Sequence[str] | None,
    asked: Asked,
    device: str,
    out: Path | None,
) -> list[dict[str, Any]]:
    """Rows of images; without ``groups``, of all that images have."""
    import torch

    from ogan_bench.analysis.degenerate import examined
    from ogan_bench.evaluation.external_images import read_images, reference_dataset
    from ogan_bench.evaluation.external_sets import image_rows
    from ogan_bench.evaluation.external_treatment import treatment_note
    from ogan_bench.runner.devices import slots

    images, _, _, treatment = read_images(generated, asked)
    against = reference_dataset(reference, override, images, asked)
    treated = treatment_note(treatment, against.treatment)
    place = torch.device(slots(device, 1, 1)[0])
    settings = _settings(extractors, groups)
    rows = image_rows(images, against.dataset, settings, place, treated, out)
    return examined([row.record() for row in rows])


def _sets(
    generated: Sequence[Path],
    reference: str,
    override: Sequence[str],
    extractors: Sequence[str],
    groups: Sequence[str] | None,
    asked: Asked,
    device: str,
    paired: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Measure several sets, print them side by side, and how each differs from the first."""
    import torch

    from ogan_bench.analysis.degenerate import examined
    from ogan_bench.evaluation.external_images import read_images, reference_dataset
    from ogan_bench.evaluation.external_sets import compare_sets
    from ogan_bench.evaluation.external_treatment import treatment_note
    from ogan_bench.report.set_table import set_table
    from ogan_bench.runner.devices import slots

    read = {str(path): read_images(path, asked) for path in generated}
    sets = {name: of.images for name, of in read.items()}
    against = reference_dataset(reference, override, sets[str(generated[0])], asked)
    for images in sets.values():  # the same refusal for each
        if tuple(images.shape[1:]) != tuple(against.dataset.shape):
            reference_dataset(reference, override, images, asked)
    treated = {name: treatment_note(of.treatment, against.treatment) for name, of in read.items()}
    place = torch.device(slots(device, 1, 1)[0])
    settings = _settings(extractors, groups)
    found = compare_sets(sets, against.dataset, settings, place, treated, paired=paired, folder=out)
    rows = {name: examined([row.record() for row in of]) for name, of in found.rows.items()}
    differences = {
        name: {
            metric: {"value": d.value, "low": d.interval[0], "high": d.interval[1], "p": d.p}
            for metric, d in of.items()
        }
        for name, of in found.differences.items()
    }
    if as_json:
        print_json({"sets": rows, "differences": differences})
    else:
        print_text(set_table(rows, differences))
    for path, (ours, theirs) in found.pictures.items():
        say(f"{path}: what {ours} has and {theirs} lacks")
    if out is not None and not found.pictures:
        say("No picture could be drawn; the notes of --json say why.")
    if all(row["value"] is None for of in rows.values() for row in of):
        say("Nothing could be measured; the notes say why.")
        raise typer.Exit(EXIT_NO_VALUE)


def _asked(
    resize: int | None, options: Mapping[str, object], generated: Sequence[Path], reference: str
) -> Asked:
    """How both sides are treated.

    Raises:
        UserError: An option has no such value, or would change nothing.
    """
    from ogan_bench.evaluation.external_images import check_has_meaning
    from ogan_bench.evaluation.external_treatment import asked

    how = asked(resize, options)
    check_has_meaning(how, generated, reference)
    return how


def _settings(extractors: Sequence[str], groups: Sequence[str] | None) -> Evaluation:
    from ogan_bench.evaluation.evaluate import OF_IMAGES
    from ogan_bench.study.settings import Evaluation

    spaces = {"extractors": extractors} if extractors else {}
    groups = list(OF_IMAGES) if groups is None else groups
    return Evaluation.model_validate({"groups": groups, **spaces})


def _statistics(
    generated: Path, reference: str, of: str, asked: Asked, device: str
) -> list[dict[str, Any]]:
    import torch

    from ogan_bench.analysis.degenerate import examined
    from ogan_bench.evaluation.external_sets import distance_from_statistics
    from ogan_bench.runner.devices import slots

    place = torch.device(slots(device, 1, 1)[0])
    rows = distance_from_statistics(generated, Path(reference), of, place, asked)
    return examined([row.record() for row in rows])
