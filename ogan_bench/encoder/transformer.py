"""A trained encoder as a transformer of scikit-learn."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin

from ogan_bench.encoder.images import GivenImages
from ogan_bench.encoder.load import load_encoder
from ogan_bench.encoder.trained_encoder import TrainedEncoder
from ogan_bench.errors import UserError
from ogan_bench.files import Fingerprint, fingerprint
from ogan_bench.sampling.forward import BATCH_SIZE
from ogan_bench.store.stored_nets import FACTS

OUTPUTS = ("codes", "raw_codes", "features")


class EncoderTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Codes of images by a trained encoder, for pipelines of scikit-learn.

    Nothing is fitted: the encoder is trained already. It is loaded on first use and is no part of
    the estimator's state, so clones and copies for other processes are small.

    Args:
        folder: As for :func:`~ogan_bench.encoder.load.load_encoder`.
        output: ``codes`` as G takes them, ``raw_codes`` E(x), or ``features``, the input of E's
            last layer.
        device: Where to compute.
        batch_size: Images per forward pass.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        output: Literal["codes", "raw_codes", "features"] = "codes",
        device: str = "cpu",
        batch_size: int = BATCH_SIZE,
    ) -> None:
        self.folder = folder
        self.output = output
        self.device = device
        self.batch_size = batch_size

    def fit(self, X: GivenImages, y: Any = None) -> Self:
        """Load the encoder, so that what is wrong with it is known before anything is fitted.

        Args:
            X: Not looked at.
            y: Not looked at.

        Raises:
            UserError: The folder has no encoder, or there is no such output.
        """
        del X, y
        self._encoder()
        return self

    def transform(self, X: GivenImages) -> npt.NDArray[np.float32]:
        """Codes or features, shape ``(n, columns)``.

        Args:
            X: A batch or a list of images, see :func:`~ogan_bench.encoder.images.as_images`.

        Raises:
            UserError: The images are of another kind, layout or range.
        """
        encoder = self._encoder()
        if self.output == "features":
            return encoder.features(X)
        return encoder(X, projected=self.output == "codes")

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Names of the columns: ``code0``, ``code1`` etc., or ``feature0``."""
        del input_features
        encoder = self._encoder()
        if self.output == "features":
            return _numbered("feature", encoder.pair.encoder.features)
        return _numbered("code", encoder.z_dim)

    def _encoder(self) -> TrainedEncoder:
        if self.output not in OUTPUTS:
            raise UserError(f"output: {self.output!r} is none of {', '.join(OUTPUTS)}")
        version = fingerprint([Path(self.folder) / FACTS])
        return _loaded(str(self.folder), version, self.device, self.batch_size)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags


@functools.lru_cache(maxsize=4)
def _loaded(folder: str, version: Fingerprint, device: str, batch_size: int) -> TrainedEncoder:
    """An encoder, loaded anew where its files have changed."""
    return load_encoder(folder, device=device, batch_size=batch_size)


def _numbered(name: str, count: int) -> npt.NDArray[np.object_]:
    return np.array([f"{name}{i}" for i in range(count)], dtype=object)
