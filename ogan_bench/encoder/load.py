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
        folder: A trial's folder, such as ``results/mse_vs_pearson/pearson/seed-0``, one that
            ``ogan-bench export`` has written, a URL of either, or ``digits`` or ``fashion_mnist``:
            O-GANs that come with the package.
        device: Where to compute, for example ``cuda:0``.
        batch_size: Images per forward pass.
        plugins: Files of the plug-ins that the trial needs; their code runs.

    Raises:
        UserError: There is no such folder, it has no trained nets, a file is damaged, or a plug-in
            that it needs is not named or has changed.
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
    """The folder itself, or the one that the package has under its name.

    Raises:
        UserError: There is neither.
    """
    if folder.is_dir():
        return folder
    shipped = shipped_encoders()
    if str(folder) in shipped:
        return shipped[str(folder)]
    PackedStudy(folder.parent.parent).check_not_compacted()
    raise UserError(
        f"{folder}: no such folder; give that of a trial, of an exported encoder, or a name of one "
        f"that comes with the package: {', '.join(shipped)}"
    )
