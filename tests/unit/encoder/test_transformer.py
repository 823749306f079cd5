"""The transformer in scikit-learn's own machinery."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from ogan_bench.encoder.load import load_encoder
from ogan_bench.encoder.transformer import EncoderTransformer
from ogan_bench.errors import UserError
from tests.contracts.small_trials import few_images, small_trial
from tests.unit.encoder.stored_encoders import store

IMAGES = few_images().test.images.movedim(1, -1).numpy()
LABELS = np.arange(40) % 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stored")
    store(path, small_trial(), few_images())
    return path


def test_codes_and_features_are_those_of_the_encoder(folder: Path) -> None:
    encoder = load_encoder(folder)
    transformer = EncoderTransformer(folder)
    assert (transformer.fit_transform(IMAGES) == encoder(IMAGES)).all()
    raw = clone(transformer).set_params(output="raw_codes")
    assert (raw.transform(IMAGES) == encoder(IMAGES, projected=False)).all()
    features = EncoderTransformer(folder, output="features")
    assert (features.transform(IMAGES) == encoder.features(IMAGES)).all()
    assert len(features.get_feature_names_out()) == encoder.features(IMAGES).shape[1]


def test_it_works_in_pipelines(folder: Path) -> None:
    pipeline = make_pipeline(EncoderTransformer(folder), LogisticRegression())
    scores = cross_val_score(pipeline, IMAGES, LABELS, cv=2)
    assert scores.shape == (2,)
    assert np.isfinite(scores).all()
    again = pickle.loads(pickle.dumps(pipeline.fit(IMAGES, LABELS)))
    assert (again.predict(IMAGES) == pipeline.predict(IMAGES)).all()
    frame = pipeline[:1].set_output(transform="pandas").transform(IMAGES)
    assert list(frame.columns) == [f"code{i}" for i in range(6)]


@pytest.mark.parametrize(
    "check",
    [
        "check_estimator_cloneable",
        "check_estimator_tags_renamed",
        "check_valid_tag_types",
        "check_estimator_repr",
        "check_no_attributes_set_in_init",
        "check_get_params_invariance",
        "check_set_params",
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_mixin_order",
    ],
)
def test_it_keeps_the_rules_of_estimators(check: str, folder: Path) -> None:
    """The checks of scikit-learn that need no table of numbers as input."""
    getattr(estimator_checks, check)("EncoderTransformer", EncoderTransformer(folder))


def test_a_changed_encoder_is_loaded_anew(tmp_path: Path) -> None:
    store(tmp_path, small_trial(), few_images())
    transformer = EncoderTransformer(tmp_path).fit(IMAGES)
    first = transformer.transform(IMAGES)
    store(tmp_path, small_trial("readouts", "dim"), few_images())
    second = transformer.transform(IMAGES)
    assert (second == load_encoder(tmp_path)(IMAGES)).all()
    assert (second != first).any()


def test_wrong_parameters_are_refused_when_it_is_fitted(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'code' is none of codes, raw_codes, features"):
        EncoderTransformer(folder, output="code").fit(IMAGES)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="no such folder"):
        EncoderTransformer(tmp_path / "missing").fit(IMAGES)
