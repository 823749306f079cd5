"""The precision of convolutions and dense layers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.errors import UserError
from ogan_bench.training.precision import Bfloat16Products, in_precision
from ogan_bench.training.setup import build_training
from ogan_bench.training.updates import StepReport
from tests.contracts.small_trials import small_trial

CPU, CUDA = torch.device("cpu"), torch.device("cuda:0")


def nothing(batches: object) -> StepReport:
    return StepReport({}, {})


@pytest.mark.parametrize(
    "layer",
    [nn.Conv2d(2, 3, 3), nn.ConvTranspose2d(2, 3, 3), nn.Linear(8, 3)],
    ids=lambda layer: type(layer).__name__,
)
def test_products_are_those_of_rounded_numbers(layer: nn.Module) -> None:
    x = torch.randn(4, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    with Bfloat16Products():
        found: Tensor = layer(x)
    rounded = layer.to(torch.bfloat16)(x.to(torch.bfloat16))
    assert found.dtype == torch.float32
    assert torch.equal(found, rounded.float())


def test_other_products_are_those_of_float32() -> None:
    """A matrix product in a loss, for example."""
    x = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    expected = x @ x.T
    with Bfloat16Products():
        assert torch.equal(x @ x.T, expected)


@pytest.mark.parametrize(
    "name",
    ["composed", "age", "alae", "ali", "contrad", "rcf_gan", "soft_intro_vae", "triple_critics"],
)
def test_training_in_bf16_stays_finite_and_keeps_float32_weights(
    name: str, dataset: Dataset
) -> None:
    plain, rounded = (
        build_training(
            small_trial("objectives", name, training={"precision": precision}), dataset, CPU
        )
        for precision in ("float32", "bf16")
    )
    for step in range(2):
        report = rounded.update(rounded.draw(step))
        expected = plain.update(plain.draw(step))
        for net, terms in report.losses.items():
            for term, value in terms.items():
                assert value.dtype == torch.float32
                assert bool(value.isfinite().all()), term
                if step == 0:
                    wanted = expected.losses[net][term]
                    assert torch.allclose(value, wanted, rtol=0.1, atol=0.1), term
    trained, others = (setup.trainables.nets.named() for setup in (rounded, plain))
    for of, module in trained.items():
        weights = dict(module.named_parameters())
        assert {weight.dtype for weight in weights.values()} == {torch.float32}
        assert any(not torch.equal(weights[k], v) for k, v in others[of].named_parameters())


def test_tf32_is_refused_on_a_cpu() -> None:
    with pytest.raises(UserError, match="tf32: only GPUs have it"):
        in_precision(nothing, "tf32", CPU)


@pytest.mark.parametrize("precision", ["tf32", "bf16"])
def test_an_old_gpu_has_float32_alone(precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "an old GPU")
    with pytest.raises(UserError, match=rf"{precision}: an old GPU does not have it"):
        in_precision(nothing, precision, CUDA)  # type: ignore[arg-type]
    in_precision(nothing, "float32", CUDA)


@pytest.mark.parametrize(
    ("precision", "meant"), [("float32", "ieee"), ("tf32", "tf32"), ("bf16", "ieee")]
)
def test_a_step_on_a_gpu_sets_torch_for_itself_alone(
    precision: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)

    def now() -> list[str]:
        convolutions = torch.backends.cudnn.conv  # type: ignore[attr-defined]
        return [convolutions.fp32_precision, torch.backends.cuda.matmul.fp32_precision]

    seen: list[list[str]] = []

    def update(batches: object) -> StepReport:
        seen.append(now())
        raise ValueError("diverged")

    before = now()
    with pytest.raises(ValueError, match="diverged"):
        in_precision(update, precision, CUDA)([])  # type: ignore[arg-type]
    assert seen == [[meant, meant]]
    assert now() == before
