"""Encoders from folders: every system comes back to the bit, and damage is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from ogan_bench.data.base import to_float
from ogan_bench.data.sources.digits import digits
from ogan_bench.encoder.load import load_encoder
from ogan_bench.encoder.shipped import SHIPPED, shipped_encoders
from ogan_bench.errors import UserError
from ogan_bench.models.normalization import standardise
from ogan_bench.sampling.autoencoder import Kind
from ogan_bench.sampling.batch_norm import Policy
from ogan_bench.sampling.forward import BATCH_SIZE, encode_images
from ogan_bench.study import catalogue
from tests.contracts.small_trials import few_images, small_trial
from tests.unit.encoder.stored_encoders import CPU, evaluated_as, store

PLACES = [
    *(("objectives", name) for name in catalogue.names("objectives")),
    *(("readouts", name) for name in catalogue.names("readouts")),
]


@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_codes_and_samples_are_those_of_the_evaluation(
    kind: str, name: str, tmp_path: Path
) -> None:
    dataset, trial = few_images(), small_trial(kind, name)
    evaluated = store(tmp_path, trial, dataset)
    encoder = load_encoder(tmp_path)
    x = to_float(dataset.test.images)
    kinds: tuple[Kind, ...] = ("real", "generated")
    for of in kinds:
        expected = evaluated.encode(x, of).numpy()
        assert (encoder(dataset.test.images, of=of, projected=False) == expected).all()
    z = evaluated.objective.prior(torch.randn(3, 6, generator=torch.Generator().manual_seed(1)))
    expected = evaluated.decode(z, None).add(1).mul(127.5).round().movedim(1, -1).numpy()
    assert (encoder.decode(z) == expected).all()


@pytest.mark.parametrize(
    ("statistics", "model"),
    [
        *((policy, "dcgan") for policy in ("matched", "balanced", "real", "mixed", "batch")),
        ("matched", "resnet"),
    ],
)
def test_statistics_and_spectral_norm_come_back(
    statistics: Policy, model: str, tmp_path: Path
) -> None:
    dataset = few_images()
    trial = evaluated_as(small_trial(model={"name": model}), encoder_statistics=statistics)
    evaluated = store(tmp_path, trial, dataset)
    expected = encode_images(evaluated, dataset.test.images, statistics, CPU, 0, BATCH_SIZE)
    encoder = load_encoder(tmp_path)
    assert (encoder(dataset.test.images, projected=False) == expected.numpy()).all()
    if statistics == "batch":
        with pytest.raises(UserError, match="which one image does not have"):
            encoder(dataset.test.images[:1])


def test_the_only_encoder_of_a_folder_needs_no_longer_name(tmp_path: Path) -> None:
    dataset, trial = few_images(), small_trial()
    arm = tmp_path / "study" / "pearson"
    store(arm / "seed-0", trial, dataset)
    (tmp_path / "study" / "none" / "seed-0").mkdir(parents=True)  # its nets were left out
    expected = load_encoder(arm / "seed-0")(dataset.test.images)
    for folder in (arm, tmp_path / "study", tmp_path):
        assert (load_encoder(folder)(dataset.test.images) == expected).all()
    for seed in range(1, 13):
        shutil.copytree(arm / "seed-0", arm / f"seed-{seed}")
    with pytest.raises(UserError, match=r"has 13 encoders, study/pearson/seed-0, .* and 3 more;"):
        load_encoder(tmp_path)
    with pytest.raises(UserError, match="has 13 encoders, seed-0, "):
        load_encoder(arm)
    assert load_encoder(arm / "seed-7").z_dim == 6


def test_loading_draws_no_random_numbers_of_the_user(tmp_path: Path) -> None:
    store(tmp_path, small_trial(), few_images())
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    load_encoder(tmp_path)
    assert torch.rand(1) == expected


def test_what_holds_no_encoder_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        load_encoder(tmp_path / "missing")
    with pytest.raises(UserError, match="not the folder of a stored study"):
        load_encoder(tmp_path)
    store(tmp_path, small_trial(), few_images())
    weights, facts = tmp_path / "nets.safetensors", tmp_path / "nets.json"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(UserError, match=r"nets\.safetensors: damaged, its SHA-256"):
        load_encoder(tmp_path)
    weights.unlink()
    with pytest.raises(UserError, match=r"nets\.safetensors: no such file"):
        load_encoder(tmp_path)
    weights.write_bytes(content)
    text = facts.read_text()
    facts.write_text(text.replace('"step"', '"stop"'))
    with pytest.raises(UserError, match=r"nets\.json: damaged, its SHA-256"):
        load_encoder(tmp_path)
    record = json.loads(text)
    del record["seal"]
    facts.write_text(json.dumps({**record, "format": 2}))
    with pytest.raises(UserError, match="format 2 cannot be read here"):
        load_encoder(tmp_path)
    facts.write_text(json.dumps({"format": 1}))
    with pytest.raises(UserError, match=r"nets\.json: config: Field required"):
        load_encoder(tmp_path)
    record["config"]["model"]["width"] = 5
    facts.write_text(json.dumps(record))
    with pytest.raises(UserError, match="not the weights of these settings"):
        load_encoder(tmp_path)


def test_the_encoder_of_digits_reconstructs_as_its_result_says() -> None:
    encoder = load_encoder("digits")
    images = digits().test.images
    again = torch.from_numpy(encoder.reconstruct(images)).movedim(-1, 1)
    error = (again / 255 - images / 255).square().mean().item()
    result = json.loads((SHIPPED / "digits" / "result.json").read_text(encoding="utf-8"))
    (row,) = (row for row in result["metrics"] if row["metric"] == "autoencoding_mse")
    assert result["outcome"] == "ok"
    assert error == pytest.approx(row["value"], rel=1e-3)  # images are rounded to bytes here


@pytest.mark.parametrize("name", sorted(shipped_encoders()))
def test_a_shipped_encoder_recovers_codes_as_its_result_says(name: str) -> None:
    encoder = load_encoder(name)
    z = torch.randn(1000, encoder.z_dim, generator=torch.Generator().manual_seed(0))
    e = torch.from_numpy(encoder(encoder.decode(z), of="generated", projected=False))
    rho = (standardise(z) * standardise(e)).mean(dim=1)
    result = json.loads((SHIPPED / name / "result.json").read_text(encoding="utf-8"))
    (row,) = (row for row in result["metrics"] if row["metric"] == "latent_rho")
    assert result["outcome"] == "ok"
    deviation = abs(rho.mean().item() - row["value"])
    assert deviation < 4 * rho.std().item() / 1000**0.5 < 0.02


def test_a_folder_goes_before_the_name_of_a_shipped_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path / "digits", small_trial(), few_images())
    monkeypatch.chdir(tmp_path)
    assert load_encoder("digits").z_dim == 6
    with pytest.raises(UserError, match=r"digit: no such folder.*package: digits, fashion_mnist, "):
        load_encoder("digit")


def test_a_dataset_without_an_encoder_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ring", "shapes"):
        said = (
            rf"no encoder of {name} comes with the package, only digits, fashion_mnist, "
            r"stacked_digits: `ogan-bench run STUDY` trains one; then .* results/STUDY/ARM/seed-N"
        )
        with pytest.raises(UserError, match=said):
            load_encoder(name)
