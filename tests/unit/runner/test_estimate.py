"""What a trial is going to take."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ogan_bench.runner.estimate import weights
from ogan_bench.training import checkpoint
from tests.unit.runner.observed_trials import CHOOSING, run, trial


def tensor_bytes(value: object) -> int:
    if isinstance(value, torch.Tensor):
        return value.nbytes
    if isinstance(value, dict):
        value = list(value.values())
    return sum(map(tensor_bytes, value)) if isinstance(value, list | tuple) else 0


@pytest.mark.parametrize("more", [("training.ema=0.9",), CHOOSING])
def test_the_weights_of_a_trial_are_those_in_its_files(
    more: tuple[str, ...], tmp_path: Path
) -> None:
    """Checkpoint, measured nets and, if weights are chosen, those."""
    chosen = trial(*more)
    folder, _ = run(tmp_path, chosen)
    cpu = torch.device("cpu")
    states = [checkpoint.load(path, cpu) for path in (folder.checkpoint, folder.chosen)]
    nets = load_file(folder.path / "nets.safetensors")
    planned = weights(chosen)
    assert planned.meanwhile == tensor_bytes(states[0]) > 0
    stored = tensor_bytes(states) + tensor_bytes(nets)
    assert planned.kept == pytest.approx(stored, rel=0.01)  # E has its statistics twice
