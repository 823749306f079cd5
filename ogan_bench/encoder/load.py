"""Loads the encoder of a trial, or of a folder that was exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ogan_bench.encoder.shipped import shipped_encoders
from ogan_bench.encoder.trained_encoder import TrainedEncoder
from ogan_bench.errors import UserError, in_one_line
from ogan_bench.remote import fetched
from ogan_bench.runner.trained import EvaluatedPair, load_evaluated
from ogan_bench.sampling.forward import BATCH_SIZE
from ogan_bench.sampling.stored_pair import Images, StoredPair, read_pair
from ogan_bench.store.packed import PackedStudy
from ogan_bench.store.stored_nets import FACTS
from ogan_bench.study import catalogue

MOST_LISTED = 10
"""Encoders of a folder that are named, at most."""


def load_encoder(
    folder: Path | str,
    *,
    device: str = "cpu",
    batch_size: int = BATCH_SIZE,
    plugins: Sequence[Path | str] = (),
) -> TrainedEncoder:
    """Load a trained encoder with its generator, as its trial's result describes them.

    Neither the data nor the study is needed: a trial stores its nets when it is evaluated. Trials
    of earlier versions did not; for them the dataset is loaded, on which batch-norm statistics are
    estimated once more.

    Args:
        folder: A trial's folder, such as ``results/mse_vs_pearson/pearson/seed-120``, one that
            ``ogan-bench export`` has written, a results folder or an archive in which one trial has
            its nets, a URL of these, or ``digits``, ``fashion_mnist`` or ``stacked_digits``:
            O-GANs that come with the package.
        device: Where to compute, for example ``cuda:0``.
        batch_size: Images per forward pass.
        plugins: Files of the plug-ins that the trial needs; their code runs.

    Raises:
        UserError: There is no such folder, it has no trained nets or those of several trials, a
            file is damaged, or a plug-in that it needs is not named or has changed.
    """
    stored = stored_pair(fetched(folder), [Path(plugin) for plugin in plugins])
    try:
        return TrainedEncoder(stored, device=device, batch_size=batch_size)
    except (RuntimeError, AssertionError) as error:  # a device that torch does not know or have
        raise UserError(f"device {device!r}: {in_one_line(error)}") from None


def stored_pair(folder: Path, plugins: Sequence[Path] = ()) -> StoredPair:
    """The pair of a folder; arguments and errors as of :func:`load_encoder`."""
    folder = located(folder)
    stored = read_pair(folder, plugins)
    return as_stored(load_evaluated(folder, plugins=plugins)) if stored is None else stored


def as_stored(evaluated: EvaluatedPair) -> StoredPair:
    """A pair from the checkpoint of a trial whose version did not store its nets."""
    return StoredPair(evaluated.autoencoder, evaluated.trial.settings, Images.of(evaluated.dataset))


def located(folder: Path) -> Path:
    """The folder of an encoder: itself, the only one in it, or the one of the package by its name.

    Raises:
        UserError: There is none, or several are in the folder.
    """
    if folder.is_dir():
        return _only_one_in(folder)
    shipped = shipped_encoders()
    if str(folder) in shipped:
        return shipped[str(folder)]
    if folder.is_file():
        raise UserError(f"{folder}: a file; give the folder of a trial or of an exported encoder")
    if str(folder) in catalogue.parts("datasets"):
        raise UserError(
            f"no encoder of {folder} comes with the package, only {', '.join(shipped)}: "
            "`ogan-bench run STUDY` trains one; then give the folder of its trial, "
            "results/STUDY/ARM/seed-N"
        )
    PackedStudy(folder.parent.parent).check_not_compacted()
    raise UserError(
        f"{folder}: no such folder; give that of a trial, of an exported encoder, or a name of one "
        f"that comes with the package: {', '.join(shipped)}"
    )


def _only_one_in(folder: Path) -> Path:
    """The folder of the only encoder in a results folder, a study or an arm; others as they are."""
    if (folder / FACTS).exists():
        return folder
    levels = ("*", "*/*", "*/*/*")  # of an arm, of a study, of all
    found = sorted(path.parent for level in levels for path in folder.glob(f"{level}/{FACTS}"))
    if len(found) < 2:
        return found[0] if found else folder
    listed = ", ".join(path.relative_to(folder).as_posix() for path in found[:MOST_LISTED])
    more = f" and {len(found) - MOST_LISTED:,} more" if len(found) > MOST_LISTED else ""
    raise UserError(f"{folder}: has {len(found):,} encoders, {listed}{more}; name one of these")
