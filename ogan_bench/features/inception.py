"""Inception-v3 features, the space of FID, KID and IS; the user provides its weights."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.features.extractor import Extractor
from ogan_bench.features.feature_space import FeatureSpace
from ogan_bench.features.pretrained_weights import ENVIRONMENT
from ogan_bench.features.resizing import colour
from ogan_bench.files import sha256

VARIABLE = "OGAN_BENCH_INCEPTION"
FILE = "weights-inception-2015-12-05-6726825d.pth"
"""TensorFlow's weights of 2015-12-05 in torch format, as published by torch-fidelity."""
SOURCE = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{FILE}"
PUBLISHED = "6726825d"
"""First digits of that file's SHA-256."""
NAME = "inception-v3:tf-2015-12-05"
LAYERS = ("2048", "logits_unbiased")
"""Features and logits that the literature's FID, KID and IS use."""


@dataclass(frozen=True)
class Inception:
    """Inception-v3 as an extractor.

    Args:
        net: torch-fidelity's extractor.
        weights_hash: SHA-256 of the weights file.
        device: Where it computes.
    """

    net: Any
    weights_hash: str
    device: torch.device
    batch_size: int = 32

    @property
    def name(self) -> str:
        """``inception-v3:tf-2015-12-05@<hash of the file>``."""
        return f"{NAME}@{self.weights_hash[:8]}"

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 ``(n, c, h, w)`` to features ``(n, 2048)`` and logits ``(n, 1008)``.

        Grey images are repeated to three channels; includes TensorFlow 1's resize to 299 pixels.
        """
        images = colour(images)
        # The library returns its outputs in its own order.
        outputs = dict(zip(self.net.features_list, self.net(images), strict=True))
        return outputs[LAYERS[0]], outputs[LAYERS[1]]


def weights_path() -> Path:
    """The weights file; nothing is ever downloaded.

    Raises:
        NoValueError: There is none; the message says how to get it.
    """
    named = os.environ.get(VARIABLE)
    path = Path(named) if named else Path(torch.hub.get_dir()) / "checkpoints" / FILE
    if not path.is_file():
        where = f"${VARIABLE} names {path}, where there is no file" if named else f"not at {path}"
        raise NoValueError(
            f"no Inception-v3 weights ({where}): download {FILE} from {SOURCE} to "
            f"that place, or set ${VARIABLE} to the path of the file, whose SHA-256 begins with "
            f"{PUBLISHED}"
        )
    return path


def inception(device: torch.device, *, published: str = PUBLISHED) -> Inception:
    """Inception-v3 with the weights of :func:`weights_path`.

    Args:
        device: Where it computes.
        published: First digits of the published file's SHA-256; a message about a file that cannot
            be used says if it is another one.

    Raises:
        NoValueError: The weights are missing, are not a plain state dict, or do not fit.
    """
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    path = weights_path()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except ENVIRONMENT:
        raise
    except Exception as error:  # the errors of the file parser are not documented
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NoValueError(
            f"{path}: not a plain file of weights ({reason}){_other(path, published)}"
        ) from None
    # The library unpickles whatever it is given, so pass it a file we have just written.
    plain = io.BytesIO()
    torch.save(state, plain)
    plain.seek(0)
    try:
        net = FeatureExtractorInceptionV3(
            "inception-v3-compat", list(LAYERS), feature_extractor_weights_path=plain
        )
    except ENVIRONMENT:
        raise
    except (RuntimeError, TypeError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise NoValueError(
            f"{path}: not the weights of this Inception-v3 ({reason}){_other(path, published)}"
        ) from None
    return Inception(net.to(device), sha256(path), device)


def _other(path: Path, published: str) -> str:
    """Ending of a message, saying that a file is not the published one."""
    digest = sha256(path)
    if digest.startswith(published):
        return ""
    return f"; its SHA-256 begins with {digest[:8]}, that of the published file with {published}"


def _warning(extractor: Extractor) -> str | None:
    """A warning if the weights are not those behind the numbers in the literature."""
    if extractor.weights_hash.startswith(PUBLISHED):
        return None
    return "not the published weights: comparable with no number in the literature"


SPACE = FeatureSpace(
    title="Inception-v3",
    load=lambda dataset, device, classifiers: inception(device),
    weights=weights_path,
    label=lambda dataset: NAME,
    variable=VARIABLE,
    warning=_warning,
)
