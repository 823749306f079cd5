"""What ``evaluate --generated`` does: images of any origin, against a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ogan_bench.cli.output import print_json, print_text, say

if TYPE_CHECKING:
    from ogan_bench.evaluation.external_treatment import Asked
    from ogan_bench.study.settings import Evaluation

EXIT_NO_VALUE = 4
"""No metric that was asked for has a value."""


def measure_images(
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


def measure_sets(
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


def asked_of(
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


def measure_statistics(
    generated: Path, reference: str, of: str, asked: Asked, device: str
) -> list[dict[str, Any]]:
    import torch

    from ogan_bench.analysis.degenerate import examined
    from ogan_bench.evaluation.external_sets import distance_from_statistics
    from ogan_bench.runner.devices import slots

    place = torch.device(slots(device, 1, 1)[0])
    rows = distance_from_statistics(generated, Path(reference), of, place, asked)
    return examined([row.record() for row in rows])
