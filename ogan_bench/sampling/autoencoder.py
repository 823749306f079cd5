"""E and G as an autoencoder: images to codes and codes to images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.objectives.base import Objective, Projection
from ogan_bench.study.settings import Evaluation

Kind = Literal["real", "generated"]
"""Images of a dataset, or images that G has made."""


class NonFiniteError(NoValueError):
    """A net outputs values that are not finite: there is nothing to measure."""


def require_finite(output: Tensor, net: str) -> Tensor:
    """The output of a net, unchanged.

    Args:
        output: Of any shape.
        net: Name of the net in messages.

    Raises:
        NonFiniteError: A value is not finite.
    """
    if not bool(output.isfinite().all()):
        raise NonFiniteError(f"{net} gives values that are not finite")
    return output


@dataclass(frozen=True)
class Autoencoder:
    """A trained pair, with the objective that defines its codes.

    Args:
        objective: Extracts the code from E's output, and defines the projection between E and G.
        encoder: E, maps images ``(n, c, h, w)`` to raw outputs.
        generator: G, maps z ``(n, d)`` to images.
        z_dim: Dimension d of z.
        encoder_of_generated: E with the batch-norm statistics of generated images; ``None``: the
            same as for real ones.
        remark: How far its running batch-norm statistics are from those of batches, if they are
            used and disagree.
    """

    objective: Objective
    encoder: Encoder
    generator: Generator
    z_dim: int
    encoder_of_generated: Encoder | None = None
    remark: str | None = None

    def encode(self, x: Tensor, of: Kind = "real") -> Tensor:
        """Raw codes of images, shape ``(n, d)``.

        Args:
            x: Images in [-1, 1], or points, shape ``(n, c, h, w)``.
            of: The kind of images, which decides the batch-norm statistics.
        """
        other = self.encoder_of_generated if of == "generated" else None
        return self.objective.code((other or self.encoder)(x), self.z_dim)

    def decode(self, code: Tensor, labels: Tensor | None) -> Tensor:
        """Decoded images of codes."""
        return self.objective.decode(self.generator, code, labels)


def chosen_projection(objective: Objective, settings: Evaluation) -> Projection:
    """The projection that autoencoding applies to a code before G."""
    return objective.projection if settings.projection == "own" else settings.projection
