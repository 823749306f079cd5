"""Learning rates of groups of parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ogan_bench.data import Dataset
from ogan_bench.errors import UserError
from ogan_bench.runner.preflight import preflight
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.load import load_study
from ogan_bench.study.parts import component_of
from ogan_bench.training.loop import InterruptedTrainingError, train
from ogan_bench.training.rates import build_optimizer, group_of
from ogan_bench.training.setup import build_nets, build_training
from tests.unit.training.net_state import state
from tests.unit.training.test_loop import CPU, Script, trial

CONDITIONAL = ("model.modulation=class", "objective.readout=projection")
RATES = "training.rates={class_vectors: 30}"


def names_of(group: str, net: nn.Module) -> set[str]:
    names = {parameter: name for name, parameter in net.named_parameters()}
    return {names[parameter] for parameter, found in group_of(net).items() if found == group}


def test_class_vectors_are_all_embeddings_of_norms_and_score(dataset: Dataset) -> None:
    nets = build_nets(trial("pearson", 0, *CONDITIONAL), dataset)
    assert names_of("class_vectors", nets.encoder) == {"score_head.weight"}
    of_generator = names_of("class_vectors", nets.generator)
    assert len(of_generator) == 2 * 2  # γ and β of two norms
    assert all(".gamma." in name or ".beta." in name for name in of_generator)
    assert names_of("score_head", nets.encoder) == set()


@pytest.mark.parametrize("hidden", [0, 5])
def test_a_score_head_is_what_the_readout_learns(hidden: int, dataset: Dataset) -> None:
    readout = f"objective.readout={{name: head, hidden: {hidden}}}"
    encoder = build_nets(trial("pearson", 0, readout), dataset).encoder
    own = {name for name, _ in encoder.named_parameters() if name.startswith("score_head.")}
    assert names_of("score_head", encoder) == own != set()


@pytest.mark.parametrize("system", ["lia", "alae"])
def test_a_mapping_is_what_generators_do_to_z_first(system: str, dataset: Dataset) -> None:
    generator = build_nets(trial("pearson", 0, f"objective={{name: {system}}}"), dataset).generator
    own = {name for name, _ in generator.named_parameters() if name.startswith("mapping.")}
    assert names_of("mapping", generator) == own != set()


@pytest.mark.parametrize("name", ["rmsprop", "adam"])
def test_a_group_moves_by_its_own_rate(name: str) -> None:
    """As two nets of which the one has the higher rate."""

    def net() -> nn.ModuleDict:
        torch.manual_seed(0)
        return nn.ModuleDict({"vectors": nn.Embedding(3, 2), "dense": nn.Linear(2, 1)})

    def trained(rate: float, rates: dict[Any, float]) -> dict[str, torch.Tensor]:
        found = net()
        optimizer = build_optimizer(
            component_of("optimizers", {"name": name, "lr": rate}), found, rates
        )
        for step in range(4):
            for parameter in found.parameters():
                parameter.grad = torch.full_like(parameter, 1.0 + step)
            optimizer.step()
        return dict(found.named_parameters())

    both, fast, slow = trained(0.01, {"class_vectors": 30}), trained(0.3, {}), trained(0.01, {})
    for key, value in both.items():
        wanted = fast if key.startswith("vectors") else slow
        torch.testing.assert_close(value, wanted[key])
        assert not torch.allclose(fast[key], slow[key])


def test_every_parameter_is_trained_once(dataset: Dataset) -> None:
    setup = build_training(trial("pearson", 0, *CONDITIONAL, RATES), dataset, CPU)
    for name, net in setup.trainables.nets.named().items():
        groups = setup.trainables.optimizers[name].param_groups
        held = [parameter for group in groups for parameter in group["params"]]
        assert len(held) == len({*held})
        assert {*held} == {*net.parameters()}
        assert sorted(group["lr"] for group in groups) == pytest.approx([1e-4, 3e-3])


def test_rates_are_resumed_bit_for_bit(tmp_path: Path, dataset: Dataset) -> None:
    chosen = trial("pearson", 0, *CONDITIONAL, RATES)
    whole, cut = TrialFolder(tmp_path / "whole"), TrialFolder(tmp_path / "cut")
    expected = train(chosen, dataset, whole, CPU, Script())
    with pytest.raises(InterruptedTrainingError):
        train(chosen, dataset, cut, CPU, Script(stop_at=3))
    resumed = train(chosen, dataset, cut, CPU, Script())
    for (name, want), got in zip(state(expected).items(), state(resumed).values(), strict=True):
        assert torch.equal(got, want), name
    without = train(
        trial("pearson", 0, *CONDITIONAL), dataset, TrialFolder(tmp_path / "plain"), CPU, Script()
    )
    vectors = "encoder.score_head.weight"
    sizes = [float(state(found)[vectors].abs().max()) for found in (expected, without)]
    assert sizes[0] > 10 * sizes[1] > 0


@pytest.mark.parametrize(
    ("rates", "mend"),
    [
        ("{class_vectors: 30}", "choose model.modulation class or additive, or"),
        ("{score_head: 2}", "choose objective.readout head, or leave this rate out"),
        ("{mapping: 0.01}", "choose objective lia or alae, or leave this rate out"),
    ],
)
def test_a_rate_of_nothing_is_refused_before_any_trial(
    rates: str, mend: str, dataset: Dataset
) -> None:
    chosen = trial("pearson", 0, f"training.rates={rates}")
    for begin in (lambda: preflight([chosen]), lambda: build_training(chosen, dataset, CPU)):
        with pytest.raises(UserError, match=mend):
            begin()
    with_and_without = [trial("pearson", 0, *CONDITIONAL), trial("pearson", 0, RATES)]
    with pytest.raises(UserError, match=r"training\.rates\.class_vectors: no net has"):
        preflight(with_and_without)


def test_an_unknown_group_is_refused_on_loading() -> None:
    with pytest.raises(UserError, match=r"training\.rates\.class_vector\b.*'class_vectors'"):
        load_study(
            Path("studies/class_conditions.yaml"), overrides=["training.rates={class_vector: 30}"]
        )


def test_without_rates_nothing_changes() -> None:
    assert "rates" not in trial().settings.identity()["training"]
    assert trial("pearson", 0, RATES).settings.identity()["training"]["rates"] == {
        "class_vectors": 30
    }
