"""``ogan-bench evaluate``: measure stored trials again, or images from any tool."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from ogan_bench.cli import completion
from ogan_bench.cli.evaluate_images import (
    EXIT_NO_VALUE,
    asked_of,
    measure_images,
    measure_sets,
    measure_statistics,
)
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
    from ogan_bench.runner.executor import Place
    from ogan_bench.store.trial_store import TrialStore
    from ogan_bench.study.trial import Trial


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
    how = asked_of(resize, treatments, generated, reference)
    if statistics_of is not None:
        if further or spaces or override or out:
            raise UserError(
                "mean and covariance give the Fréchet distance alone: --groups, --extractors, "
                "--set and --out need images"
            )
        if len(generated) > 1:
            raise UserError("--statistics-of compares one pair: name --generated once")
        rows = measure_statistics(generated[0], reference, statistics_of, how, device)
    else:
        of_images = None if groups and ALL in groups.split(",") else further
        chosen_settings = (override or (), spaces, of_images, how, device)
        if len(set(generated)) < len(generated):
            raise UserError("--generated: a set is named twice")
        if len(generated) > 1:
            measure_sets(generated, reference, *chosen_settings, paired, out, as_json)
            return
        if out is not None and of_images is not None and "diversity" not in of_images:
            raise UserError("--out is for pictures: of one set, --groups diversity has some")
        rows = measure_images(generated[0], reference, *chosen_settings, out)
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
