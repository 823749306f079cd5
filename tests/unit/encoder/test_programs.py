"""Programs compute what the nets that they were recorded from do, and need none of their code."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.data.sources.mixtures import ring
from ogan_bench.encoder import programs as module
from ogan_bench.encoder.load import load_encoder, stored_pair
from ogan_bench.encoder.programs import programs
from ogan_bench.errors import UserError
from ogan_bench.sampling.stored_pair import StoredPair
from ogan_bench.study.trial import Trial
from tests.contracts.small_trials import few_images, small_trial
from tests.unit.encoder.stored_encoders import evaluated_as, store

IMAGES = few_images().test.images[:9]


def stored(folder: Path, trial: Trial, dataset: Dataset | None = None) -> StoredPair:
    store(folder, trial, dataset or few_images())
    return stored_pair(folder)


def test_torch_programs_are_the_encoder_and_the_generator(tmp_path: Path) -> None:
    files = programs(stored(tmp_path, evaluated_as(small_trial(), temperature=0.9)), "program")
    assert set(files) == {"encoder.pt2", "generator.pt2"}
    encode, decode = (torch.export.load(io.BytesIO(file)).module() for file in files.values())
    encoder = load_encoder(tmp_path)
    for n in (1, 9):
        codes = encode(IMAGES[:n])
        np.testing.assert_allclose(codes, encoder(IMAGES[:n]), rtol=1e-5, atol=1e-6)
        images = decode(codes).movedim(1, -1).int().numpy()
        assert np.abs(images - encoder.decode(codes).astype(int)).max() <= 1  # a rounded half


def test_onnx_programs_are_conditional_too(tmp_path: Path) -> None:
    trial = small_trial("readouts", "projection", model={"name": "dcgan", "modulation": "class"})
    pair = stored(tmp_path, trial)
    files = programs(pair, "onnx")
    assert set(files) == {"encoder.onnx", "generator.onnx"}
    encode, decode = (
        onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        for file in files.values()
    )
    encoder, labels = load_encoder(tmp_path), np.arange(9)
    assert [taken.shape for taken in encode.get_inputs()] == [["n", 1, 16, 16]]
    (codes,) = encode.run(["codes"], {"images": IMAGES.numpy()})
    np.testing.assert_allclose(codes, encoder(IMAGES), rtol=1e-5, atol=1e-6)
    (images,) = decode.run(["images"], {"codes": codes, "labels": labels})
    expected = encoder.decode(codes, labels).transpose(0, 3, 1, 2)
    assert images.dtype == np.uint8
    assert np.abs(images.astype(int) - expected.astype(int)).max() <= 1


def test_points_stay_floats(tmp_path: Path) -> None:
    trial = small_trial(model={"name": "mlp", "z_dim": 4})
    encoder_file, generator_file = programs(stored(tmp_path, trial, ring()), "program").values()
    encode = torch.export.load(io.BytesIO(encoder_file)).module()
    decode = torch.export.load(io.BytesIO(generator_file)).module()
    points = ring().test.images[:5]
    encoder = load_encoder(tmp_path)
    np.testing.assert_allclose(encode(points), encoder(points), rtol=1e-5, atol=1e-6)
    found = decode(encode(points)).flatten(1)
    np.testing.assert_allclose(found, encoder.reconstruct(points), rtol=1e-5, atol=1e-6)


def test_codes_that_depend_on_their_batch_make_no_program(tmp_path: Path) -> None:
    trial = evaluated_as(small_trial(), encoder_statistics="batch")
    with pytest.raises(UserError, match="encoder_statistics: batch"):
        programs(stored(tmp_path, trial), "program")


def test_what_torch_cannot_record_is_said(tmp_path: Path) -> None:
    class ByValue(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1) if x.sum() > 0 else -x.flatten(1)

    pair = stored(tmp_path, small_trial())
    autoencoder = replace(pair.autoencoder, encoder=ByValue())  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"cannot record the encoder .*export safetensors"):
        programs(replace(pair, autoencoder=autoencoder), "program")


def test_onnx_names_the_package_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"onnxruntime.*extra onnx"):
        programs(stored(tmp_path, small_trial()), "onnx")


def test_a_program_that_computes_something_else_is_refused() -> None:
    codes = torch.tensor([[1.0, -2.0]])
    module._require_equal("encoder", codes + 1e-5, codes)
    for other in (codes + 3e-5, codes * torch.nan):
        with pytest.raises(UserError, match="encoder's program deviates"):
            module._require_equal("encoder", other, codes)
    images = torch.tensor([7, 8], dtype=torch.uint8)
    module._require_equal("generator", images + 1, images)
    with pytest.raises(UserError, match="deviates from its net by 2"):
        module._require_equal("generator", images - 2, images)
