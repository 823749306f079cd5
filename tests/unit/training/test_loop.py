"""The training loop: its log, its updates and its exact resume."""

from __future__ import annotations

import gc
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.errors import UserError
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import Trial
from ogan_bench.training import checkpoint
from ogan_bench.training.checkpoint import UnreadableCheckpointError
from ogan_bench.training.loop import DivergedError, InterruptedTrainingError, Trained, train
from ogan_bench.training.setup import build_nets
from tests.unit.training.net_state import state

CPU = torch.device("cpu")
STEPS = 7


class Script:
    """A monitor that saves or stops after given steps, or has a budget of so many in a call."""

    def __init__(
        self,
        *,
        save_at: int | None = None,
        stop_at: int | None = None,
        budget: int | None = None,
    ) -> None:
        self.save_at, self.stop_at, self.budget, self.step = save_at, stop_at, budget, 0

    def progress(self, stage: str, step: int, record: dict[str, Any]) -> None:
        self.step = step

    def should_stop(self) -> bool:
        return self.step == self.stop_at

    def should_save(self) -> bool:
        return self.step == self.save_at

    def budget_used(self, seconds: float) -> bool:
        return self.step == self.budget


def trial(arm: str = "pearson", seed: int = 0, *overrides: str) -> Trial:
    study = load_study(
        Path("studies/mse_vs_pearson.yaml"),
        overrides=[
            f"training.steps={STEPS}",
            "training.log_every=3",
            "training.batch_size=16",
            "model.width=4",
            *overrides,
        ],
    )
    return Trial("t", arm, seed, study.arms[arm])


def same(one: Trained, other: Trained) -> bool:
    pairs = zip(state(one).values(), state(other).values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def without_times(folder: TrialFolder) -> list[dict[str, Any]]:
    times = ("seconds", "images_per_second")
    return [{k: v for k, v in line.items() if k not in times} for line in folder.log.read()]


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("training.ema=0.9",),
        ("training.ema=0.9", "training.ema_debias=false"),
        ("training.updates={name: alternating, encoder_steps: 2}",),
        ("training.optimizer={name: adam}",),
        ("training.generator_optimizer={name: adam}",),
        ("training.augmentation=diff_augment", "training.images=50"),
        ("objective={name: post_hoc, gan_share: 0.4}", "training.ema=0.9"),
        ("objective=vae",),
        ("objective.penalty=lecam", "training.ema=0.9"),
        ("model.spectral_norm=true", "model.modulation=self"),
    ],
    ids=[
        "plain",
        "ema",
        "ema with its start",
        "alternating",
        "adam",
        "two",
        "augmented",
        "post_hoc",
        "vae",
        "lecam",
        "models",
    ],
)
@pytest.mark.parametrize("stop_at", [2, 3, 5])
def test_interrupted_and_resumed_equals_uninterrupted_bit_for_bit(
    tmp_path: Path, dataset: Dataset, overrides: tuple[str, ...], stop_at: int
) -> None:
    chosen = trial("pearson", 0, *overrides)
    whole, cut = TrialFolder(tmp_path / "whole"), TrialFolder(tmp_path / "cut")
    expected = train(chosen, dataset, whole, CPU, Script())
    with pytest.raises(InterruptedTrainingError):
        train(chosen, dataset, cut, CPU, Script(stop_at=stop_at))
    resumed = train(chosen, dataset, cut, CPU, Script())
    for (name, want), got in zip(state(expected).items(), state(resumed).values(), strict=True):
        assert torch.equal(got, want), name
    assert without_times(cut) == without_times(whole)
    assert [line["step"] for line in whole.log.read()] == [3, 6, 7]


def test_steps_drawn_ahead_are_the_same(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resumed ones as well, and the thread ends with the training."""
    chosen = trial("pearson", 0, "training.augmentation=diff_augment")
    whole, cut = TrialFolder(tmp_path / "whole"), TrialFolder(tmp_path / "cut")
    expected = train(chosen, dataset, whole, CPU, Script())
    monkeypatch.setattr("ogan_bench.training.setup.draws_ahead", lambda device: True)
    with pytest.raises(InterruptedTrainingError):
        train(chosen, dataset, cut, CPU, Script(stop_at=3))
    assert same(train(chosen, dataset, cut, CPU, Script()), expected)
    assert without_times(cut) == without_times(whole)
    gc.collect()
    for thread in threading.enumerate():
        if thread.name.startswith("batches"):
            thread.join(10)
            assert not thread.is_alive()


def test_an_error_in_the_thread_ends_the_training(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ogan_bench.training.setup.draws_ahead", lambda device: True)
    points = replace(
        dataset,
        train=Split(torch.zeros(20, 2, 1, 1), dataset.train.known_labels[:20]),
        test=Split(torch.zeros(20, 2, 1, 1), dataset.test.known_labels[:20]),
    )
    chosen = trial(
        "pearson", 0, "training.augmentation=diff_augment", "model={name: mlp, z_dim: 8}"
    )
    with pytest.raises(UserError, match="diff_augment is for images"):
        train(chosen, points, TrialFolder(tmp_path), CPU, Script())


@pytest.mark.parametrize("overrides", [(), ("training.ema=0.9",)], ids=["plain", "ema"])
def test_stopped_by_budgets_and_trained_on_equals_uninterrupted_bit_for_bit(
    tmp_path: Path, dataset: Dataset, overrides: tuple[str, ...]
) -> None:
    chosen = trial("pearson", 0, *overrides)
    whole, cut = TrialFolder(tmp_path / "whole"), TrialFolder(tmp_path / "cut")
    expected = train(chosen, dataset, whole, CPU, Script())
    assert train(chosen, dataset, cut, CPU, Script(budget=2)).steps == 2
    stopped = train(chosen, dataset, cut, CPU, Script(budget=5))
    assert stopped.steps == 5
    assert stopped.images_per_second == 5 * chosen.settings.training.batch_size / stopped.seconds
    as_it_stands = train(chosen, dataset, cut, CPU, Script(budget=0))  # used up before
    assert (as_it_stands.steps, as_it_stands.seconds) == (5, stopped.seconds)
    for name, value in state(stopped).items():
        assert torch.equal(value, state(as_it_stands)[name]), name
    resumed = train(chosen, dataset, cut, CPU, Script(budget=STEPS))
    assert resumed.steps == STEPS
    for name, value in state(expected).items():
        assert torch.equal(value, state(resumed)[name]), name
    assert without_times(cut) == without_times(whole)


@pytest.mark.parametrize("debias", [True, False])
def test_an_average_that_is_debiased_begins_with_the_first_weights(
    tmp_path: Path, dataset: Dataset, debias: bool
) -> None:
    """And not with the initial ones."""
    ema = ("training.ema=0.999", f"training.ema_debias={debias}", "training.optimizer.lr=0.01")
    averaged, plain = (
        train(
            trial("pearson", 0, *chosen), dataset, TrialFolder(tmp_path / name), CPU,
            Script(budget=1),
        )
        for name, chosen in (("averaged", ema), ("plain", ema[2:]))
    )  # fmt: skip
    pairs = zip(state(averaged).values(), state(plain).values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs) == debias


def test_a_kill_after_a_checkpoint_writes_the_same_log(tmp_path: Path, dataset: Dataset) -> None:
    """The log runs ahead of the checkpoint when a process is killed; resuming cuts it back."""
    chosen = trial()
    whole, killed = TrialFolder(tmp_path / "whole"), TrialFolder(tmp_path / "killed")
    train(chosen, dataset, whole, CPU, Script())

    class KilledError(Exception):
        pass

    class Killer(Script):
        def progress(self, stage: str, step: int, record: dict[str, Any]) -> None:
            super().progress(stage, step, record)
            if step == 6:
                raise KilledError

    with pytest.raises(KilledError):
        train(chosen, dataset, killed, CPU, Killer(save_at=2))
    assert [line["step"] for line in killed.log.read()] == [3, 6]
    train(chosen, dataset, killed, CPU, Script())
    assert without_times(killed) == without_times(whole)


def interrupted_after_two_checkpoints(folder: TrialFolder, dataset: Dataset) -> None:
    """Checkpoints of steps 2 and 5, and a log up to step 3."""
    for step in (2, 5):
        with pytest.raises(InterruptedTrainingError):
            train(trial(), dataset, folder, CPU, Script(stop_at=step))


def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    tmp_path: Path, dataset: Dataset
) -> None:
    whole, damaged = TrialFolder(tmp_path / "whole"), TrialFolder(tmp_path / "damaged")
    expected = train(trial(), dataset, whole, CPU, Script())
    interrupted_after_two_checkpoints(damaged, dataset)
    content = bytearray(damaged.checkpoint.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.checkpoint.write_bytes(content)
    assert same(train(trial(), dataset, damaged, CPU, Script()), expected)
    assert without_times(damaged) == without_times(whole)
    assert "the one before, of step 2" in (damaged.read_error() or "")
    assert not damaged.checkpoint_before.exists()  # of no more use


def test_an_altered_log_is_not_continued(tmp_path: Path, dataset: Dataset) -> None:
    """The one before the last checkpoint may still be good; else training starts anew."""
    folder = TrialFolder(tmp_path)
    interrupted_after_two_checkpoints(folder, dataset)
    folder.log.path.write_bytes(folder.log.path.read_bytes().replace(b"3", b"4", 1))
    train(trial(), dataset, folder, CPU, Script())
    assert "of step 2" in (folder.read_error() or "")
    again = TrialFolder(tmp_path / "again")
    for step in (4, 5):
        with pytest.raises(InterruptedTrainingError):
            train(trial(), dataset, again, CPU, Script(stop_at=step))
    again.log.path.write_bytes(b"")
    with pytest.raises(UnreadableCheckpointError, match=r"train\.jsonl: altered"):
        train(trial(), dataset, again, CPU, Script())


def test_other_data_than_the_training_began_with_are_refused(
    tmp_path: Path, dataset: Dataset
) -> None:
    folder = TrialFolder(tmp_path)
    interrupted_after_two_checkpoints(folder, dataset)
    other = replace(dataset, test=dataset.train)
    with pytest.raises(UserError, match="the data have changed since this training began"):
        train(trial(), other, folder, CPU, Script())


def test_a_finished_training_is_not_repeated(tmp_path: Path, dataset: Dataset) -> None:
    folder = TrialFolder(tmp_path)
    first = train(trial(), dataset, folder, CPU, Script())

    class Forbidden(Script):
        def progress(self, stage: str, step: int, record: dict[str, Any]) -> None:
            raise AssertionError("trained again")

    again = train(trial(), dataset, folder, CPU, Forbidden())
    assert same(first, again)
    assert again.seconds == first.seconds > 0


def test_a_checkpoint_of_another_configuration_is_not_resumed(
    tmp_path: Path, dataset: Dataset
) -> None:
    folder = TrialFolder(tmp_path)
    train(trial("pearson"), dataset, folder, CPU, Script())
    with pytest.raises(UnreadableCheckpointError, match="of another configuration"):
        train(trial("mse"), dataset, folder, CPU, Script())


def test_a_checkpoint_of_an_earlier_version_is_not_trained_on(
    tmp_path: Path, dataset: Dataset
) -> None:
    """Its steps rounded otherwise, so the result would be of neither version."""
    folder = TrialFolder(tmp_path)
    with pytest.raises(InterruptedTrainingError):
        train(trial(), dataset, folder, CPU, Script(stop_at=3))
    earlier = checkpoint.load(folder.checkpoint, CPU)
    assert earlier is not None
    del earlier["sums"]
    checkpoint.save(folder.checkpoint, earlier)
    with pytest.raises(UnreadableCheckpointError, match="of an earlier version"):
        train(trial(), dataset, folder, CPU, Script())


def test_nothing_depends_on_the_global_generator(tmp_path: Path, dataset: Dataset) -> None:
    torch.manual_seed(1)
    one = train(trial(), dataset, TrialFolder(tmp_path / "1"), CPU, Script())
    torch.manual_seed(2)
    other = train(trial(), dataset, TrialFolder(tmp_path / "2"), CPU, Script())
    assert same(one, other)


def test_log_has_what_the_author_logs_and_more(tmp_path: Path, dataset: Dataset) -> None:
    folder = TrialFolder(tmp_path)
    train(trial(), dataset, folder, CPU, Script())
    line = folder.log.read()[-1]
    assert set(line) == {
        *("step", "seconds", "images_per_second", "encoder_loss", "generator_loss"),
        *("encoder_adversarial", "encoder_consistency", "encoder_penalty"),
        *("generator_adversarial", "generator_consistency"),
        *("score_real", "score_fake", "rho"),
        *("e_real_mean", "e_real_std", "e_fake_mean", "e_fake_std"),
    }
    # t_loss of the author's log is the adversarial term; z_corr is ρ.
    assert line["encoder_adversarial"] == pytest.approx(
        line["score_real"] - line["score_fake"], abs=1e-6
    )
    assert line["encoder_consistency"] == pytest.approx(-0.5 * line["rho"], abs=1e-6)
    assert line["score_real"] == pytest.approx(line["e_real_mean"], abs=1e-6)
    assert line["encoder_loss"] == pytest.approx(
        sum(line[f"encoder_{t}"] for t in ("adversarial", "consistency", "penalty")), abs=1e-6
    )


def test_every_parameter_is_trained(tmp_path: Path, dataset: Dataset) -> None:
    before = build_nets(trial(), dataset).named()
    trained = train(trial(), dataset, TrialFolder(tmp_path), CPU, Script()).nets.named()
    for net, old in before.items():
        moved = zip(old.named_parameters(), trained[net].parameters(), strict=True)
        for (name, one), other in moved:
            assert not torch.equal(one, other), f"{net}: {name} did not move"


def test_a_loss_that_is_no_number_ends_the_training_with_a_reason(
    tmp_path: Path, dataset: Dataset
) -> None:
    chosen = trial("pearson", 0, "training.optimizer.lr=1e30", "training.log_every=1")
    with pytest.raises(DivergedError, match=r"not finite at step \d"):
        train(chosen, dataset, TrialFolder(tmp_path), CPU, Script())
