"""Hands a trained encoder on: a folder that needs neither the study nor the data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ogan_bench.encoder.load import as_stored, located
from ogan_bench.encoder.model_card import model_card
from ogan_bench.encoder.programs import Form, programs
from ogan_bench.errors import UserError
from ogan_bench.files import Record, read_json, write_bytes, write_json
from ogan_bench.runner.trained import load_evaluated
from ogan_bench.sampling.stored_pair import read_pair, write_pair
from ogan_bench.store import outcomes
from ogan_bench.store.stored_nets import FACTS, WEIGHTS
from ogan_bench.store.trial_folder import TrialFolder

COPIED = ("run.json", "result.json")
"""Files of a trial that say where the nets come from and how good they are."""
VERDICTS = "verdicts.json"
"""What the trial's study has decided about its arm."""
CARD = "README.md"


def export(
    folder: Path,
    out: Path,
    plugins: Sequence[Path] = (),
    forms: Sequence[Form] = (),
    verdicts: Record | None = None,
) -> list[Path]:
    """Write the nets of a trial as they were evaluated, with a model card.

    The folder that is written is one for :func:`~ogan_bench.encoder.load.load_encoder`. Its files
    are safetensors, JSON and Markdown: nothing in them is executed.

    Args:
        folder: A trial's folder, or one that was exported.
        out: Folder to write; it is made.
        plugins: Files of the plug-ins that the trial needs; their code runs.
        forms: Programs to write beside the weights, for use without this package.
        verdicts: What the trial's study has decided about its arm, see
            :func:`~ogan_bench.analysis.arm_verdicts.verdicts_on_trial`; by default what an exported
            folder has of it.

    Returns:
        The files that were written.

    Raises:
        UserError: There are no trained nets, a file is damaged, the folder holds files already or
            cannot be written, or a program cannot be made.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: exists and is not an empty folder; name another")
    folder = located(folder)
    stored = read_pair(folder, plugins)  # so that nothing unreadable is handed on
    found = None
    if stored is None:  # a trial of an earlier version
        found = load_evaluated(folder, plugins=plugins)
        stored = as_stored(found)
    files = {name: file for form in forms for name, file in programs(stored, form).items()}
    if found is None:
        for name in (WEIGHTS, FACTS):
            write_bytes(out / name, (folder / name).read_bytes())
    else:
        write_pair(out, found.autoencoder, found.trial, found.dataset, found.step)
    for name in COPIED:
        if (folder / name).exists():
            write_bytes(out / name, (folder / name).read_bytes())
    for name, content in files.items():
        write_bytes(out / name, content)
    if verdicts is None:
        verdicts = read_json(folder / VERDICTS)
    if verdicts is not None:
        write_json(out / VERDICTS, verdicts)
    facts, run, result = (read_json(out / name) or {} for name in (FACTS, *COPIED))
    outcome = _outcome(folder, result, facts["config"]) if result else None
    card = model_card(facts, run, result, stored, outcome, list(files), verdicts)
    write_bytes(out / CARD, card.encode())
    return sorted(out.iterdir())


def _outcome(folder: Path, result: Record, settings: Record) -> tuple[str, str | None]:
    """How reports judge a trial, as far as the files of its folder tell."""
    trial = TrialFolder(folder)
    if trial.log.path.exists():
        return outcomes.outcome(result, settings, lambda: trial.read_log("train.jsonl"))
    unread: list[str] = []  # what was exported comes without its log

    def no_log() -> list[Record]:
        unread.append("whether it was saturated is not known: the training log is not at hand")
        return []

    outcome, reason = outcomes.outcome(result, settings, no_log)
    return outcome, reason or next(iter(unread), None)
