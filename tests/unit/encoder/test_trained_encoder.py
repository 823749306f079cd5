"""What a trained encoder returns: codes, features, images, paths and samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ogan_bench.data.base import Dataset, Split, to_float, to_uint8
from ogan_bench.data.sources.mixtures import ring
from ogan_bench.encoder.load import load_encoder
from ogan_bench.encoder.trained_encoder import TrainedEncoder
from ogan_bench.errors import UserError
from ogan_bench.models.normalization import standardise
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.samples import prior_samples
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial
from tests.contracts.small_trials import few_images, small_trial
from tests.unit.encoder.stored_encoders import evaluated_as, store

DATASET = few_images()
IMAGES = DATASET.test.images
AS_ARRAYS = IMAGES.movedim(1, -1).numpy()


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Autoencoder, TrainedEncoder]:
    """A pair as it was evaluated, at a temperature, and the encoder that was loaded from it."""
    folder = tmp_path_factory.mktemp("stored")
    pair = store(folder, evaluated_as(small_trial(), temperature=0.9, seed=4), DATASET)
    return pair, load_encoder(folder, batch_size=7)


def test_codes_are_as_the_generator_takes_them(
    evaluated: tuple[Autoencoder, TrainedEncoder],
) -> None:
    pair, encoder = evaluated
    raw = pair.encode(to_float(IMAGES))
    assert encoder.z_dim == 6
    np.testing.assert_allclose(encoder(AS_ARRAYS), 0.9 * standardise(raw), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(encoder(AS_ARRAYS, projected=False), raw, rtol=1e-5, atol=1e-6)


def test_reconstructions_and_samples_are_those_of_the_evaluation(
    evaluated: tuple[Autoencoder, TrainedEncoder],
) -> None:
    pair, encoder = evaluated
    codes = torch.from_numpy(encoder(AS_ARRAYS))
    assert (encoder.reconstruct(AS_ARRAYS) == _bytes(pair.decode(codes, None))).all()
    drawn = pair.decode(prior_samples(pair, 10, 4), None)
    assert (encoder.sample(10, seed=4) == _bytes(drawn)).all()
    assert (encoder.sample(10, seed=5) != _bytes(drawn)).any()


def test_features_are_the_input_of_the_last_layer(
    evaluated: tuple[Autoencoder, TrainedEncoder],
) -> None:
    _, encoder = evaluated
    features = torch.from_numpy(encoder.features(AS_ARRAYS))
    code = encoder.pair.encoder.head(features).numpy()
    np.testing.assert_allclose(encoder(AS_ARRAYS, projected=False), code, rtol=1e-5, atol=1e-6)


def test_every_form_of_the_same_images_has_the_same_codes(
    evaluated: tuple[Autoencoder, TrainedEncoder],
) -> None:
    _, encoder = evaluated
    expected = encoder(AS_ARRAYS)
    pictures = [Image.fromarray(array[..., 0]) for array in AS_ARRAYS]
    for given in (IMAGES, list(AS_ARRAYS), pictures, IMAGES / 255, [*IMAGES.double() / 255]):
        np.testing.assert_allclose(encoder(given), expected, rtol=1e-4, atol=1e-5)
    for one in (AS_ARRAYS[0], AS_ARRAYS[0, ..., 0], pictures[0], IMAGES[0]):
        np.testing.assert_allclose(encoder(one), expected[:1], rtol=1e-4, atol=1e-5)


def test_a_path_begins_and_ends_at_reconstructions(
    evaluated: tuple[Autoencoder, TrainedEncoder],
) -> None:
    _, encoder = evaluated
    paths = encoder.interpolate(AS_ARRAYS[:3], AS_ARRAYS[3:6], steps=5)
    assert paths.shape == (3, 5, 16, 16, 1)
    ends = encoder.reconstruct(AS_ARRAYS[:6]).astype(int)
    assert abs(paths[:, 0].astype(int) - ends[:3]).max() <= 1
    assert abs(paths[:, -1].astype(int) - ends[3:]).max() <= 1
    assert (paths[:, 2] != paths[:, 0]).any()
    with pytest.raises(UserError, match="3 images against 2"):
        encoder.interpolate(AS_ARRAYS[:3], AS_ARRAYS[:2])
    with pytest.raises(UserError, match="a path has two ends"):
        encoder.interpolate(AS_ARRAYS[:1], AS_ARRAYS[:1], steps=1)


def test_no_images_give_no_codes(evaluated: tuple[Autoencoder, TrainedEncoder]) -> None:
    _, encoder = evaluated
    assert encoder([]).shape == encoder(AS_ARRAYS[:0]).shape == (0, 6)
    assert encoder.features(IMAGES[:0].float()).shape == (0, encoder.pair.encoder.features)
    assert encoder.reconstruct([]).shape == (0, 16, 16, 1)


def test_what_cannot_be_decoded_is_refused(evaluated: tuple[Autoencoder, TrainedEncoder]) -> None:
    _, encoder = evaluated
    with pytest.raises(UserError, match=r"shape \(6,\); they must be \(n, 6\)"):
        encoder.decode(np.zeros(6))
    with pytest.raises(UserError, match="not conditional"):
        encoder.sample(2, labels=1)
    assert repr(encoder) == "TrainedEncoder(few 16 x 16 x 1 -> 6 dimensions, cpu)"


def test_a_conditional_generator_needs_classes(tmp_path: Path) -> None:
    few = Split(IMAGES, torch.arange(40) % 2)
    dataset = Dataset("two", few, few, ("a", "b", "none of these"), "")
    pair = store(tmp_path, small_trial(model={"name": "dcgan", "modulation": "class"}), dataset)
    encoder = load_encoder(tmp_path)
    codes = encoder(IMAGES[:4])
    with pytest.raises(UserError, match="needs the class of each image, 0 to 2"):
        encoder.decode(codes)
    for wrong in (3, -1, [0, 1], [0.5] * 4):
        with pytest.raises(UserError, match="one class index, or 4 of them, from 0 to 2"):
            encoder.decode(codes, wrong)  # type: ignore[arg-type]
    expected = pair.decode(torch.from_numpy(codes), torch.tensor([0, 1, 2, 1]))
    assert (encoder.decode(codes, [0, 1, 2, 1]) == _bytes(expected)).all()
    drawn = encoder.classes_of_samples(400)
    assert set(drawn) == {0, 1}  # as frequent as in the training images
    assert 150 < drawn.sum() < 250
    assert encoder.sample(5).shape == (5, 16, 16, 1)


@pytest.mark.parametrize("crop_size", [108, 178, 0])
def test_photographs_of_aligned_faces_are_cropped_as_in_the_training(
    crop_size: int, tmp_path: Path
) -> None:
    drawn = small_trial().settings.model_dump()
    data = {"name": "celeba", "resolution": 16, "crop_size": crop_size}
    settings = Settings.model_validate({**drawn, "data": data})
    store(tmp_path, Trial("t", "a", 0, settings), DATASET)
    encoder = load_encoder(tmp_path)
    photograph = Image.effect_noise((178, 218), 90)
    left, top = (178 - crop_size) // 2, (218 - crop_size) // 2
    box = (left, top, left + crop_size, top + crop_size) if crop_size else None
    square = photograph.crop(box).resize((16, 16), Image.Resampling.BILINEAR)
    assert (encoder(photograph) == encoder(square)).all()
    assert (encoder(np.asarray(photograph)) == encoder(square)).all()
    large = Image.effect_noise((700, 900), 90)
    if crop_size:
        with pytest.raises(UserError, match=f"the crop of {crop_size} pixels would leave under 10"):
            encoder(large)


def test_points_are_in_their_own_units(tmp_path: Path) -> None:
    mixture = ring()
    few = mixture.train.part(torch.arange(60))
    dataset = Dataset("ring", few, few, mixture.classes, "")
    drawn = small_trial(model={"name": "mlp"}).settings.model_dump()
    settings = Settings.model_validate({**drawn, "data": "ring"})
    pair = store(tmp_path, Trial("t", "a", 0, settings), dataset)
    encoder = load_encoder(tmp_path)
    points = few.images.flatten(1).numpy()
    expected = pair.encode(few.images).numpy()
    assert (encoder(points, projected=False) == expected).all()
    assert encoder.sample(7).shape == (7, 2)
    assert encoder.sample(7).dtype == np.float32
    with pytest.raises(UserError, match=r"finite floats, an array or a tensor of shape \(n, 2\)"):
        encoder(AS_ARRAYS)


def _bytes(images: torch.Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return to_uint8(images).movedim(1, -1).numpy()
