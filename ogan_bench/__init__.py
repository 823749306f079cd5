"""Evaluation and ablation toolkit for O-GAN and every GAN that carries an encoder."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ogan_bench import figures
    from ogan_bench.api import Results, Study, load_results, run
    from ogan_bench.encoder.load import load_encoder
    from ogan_bench.encoder.trained_encoder import TrainedEncoder
    from ogan_bench.encoder.transformer import EncoderTransformer
    from ogan_bench.runner.trained import load_trained

__version__ = "0.1.0"
__all__ = [
    "EncoderTransformer",
    "Results",
    "Study",
    "TrainedEncoder",
    "__version__",
    "figures",
    "load_encoder",
    "load_results",
    "load_trained",
    "run",
]

PLACES = {
    "EncoderTransformer": "ogan_bench.encoder.transformer",
    "TrainedEncoder": "ogan_bench.encoder.trained_encoder",
    "load_encoder": "ogan_bench.encoder.load",
    "load_trained": "ogan_bench.runner.trained",
}
"""Modules of the names that need torch; the others are in the interface."""


def __dir__() -> list[str]:
    """The public names, before they are imported."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Import the interface when it is used: the command line starts without pandas and torch."""
    if name == "figures":
        return importlib.import_module("ogan_bench.figures")
    if name in __all__:
        return getattr(importlib.import_module(PLACES.get(name, "ogan_bench.api")), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
