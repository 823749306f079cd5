"""Hands a trained encoder on: a folder that needs neither the study nor the data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ogan_bench.encoder.load import stored_pair
from ogan_bench.encoder.model_card import model_card
from ogan_bench.errors import UserError
from ogan_bench.files import read_json, write_bytes
from ogan_bench.runner.trained import load_evaluated
from ogan_bench.sampling.stored_pair import FACTS, WEIGHTS, write_pair

COPIED = ("run.json", "result.json")
"""Files of a trial that say where the nets come from and how good they are."""
CARD = "README.md"


def export(folder: Path, out: Path, plugins: Sequence[Path] = ()) -> list[Path]:
    """Write the nets of a trial as they were evaluated, with a model card.

    The folder that is written is one for :func:`~ogan_bench.encoder.load.load_encoder`. Its files
    are safetensors, JSON and Markdown: nothing in them is executed.

    Args:
        folder: A trial's folder, or one that was exported.
        out: Folder to write; it is made.
        plugins: Files of the plug-ins that the trial needs; their code runs.

    Returns:
        The files that were written.

    Raises:
        UserError: There are no trained nets, a file is damaged, or the folder holds files already
            or cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: exists and is not an empty folder; name another")
    stored = stored_pair(folder, plugins)  # so that nothing unreadable is handed on
    if (folder / FACTS).exists():
        for name in (WEIGHTS, FACTS):
            write_bytes(out / name, (folder / name).read_bytes())
    else:  # a trial of an earlier version
        found = load_evaluated(folder, plugins=plugins)
        write_pair(out, found.autoencoder, found.trial, found.dataset, found.step)
    for name in COPIED:
        if (folder / name).exists():
            write_bytes(out / name, (folder / name).read_bytes())
    facts = read_json(out / FACTS) or {}
    card = model_card(
        facts, read_json(out / "run.json") or {}, read_json(out / "result.json") or {}, stored
    )
    write_bytes(out / CARD, card.encode())
    return sorted(out.iterdir())
