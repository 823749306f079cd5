"""What a penalty may ask for by name: images, scores, random numbers and buffers of the net."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from ogan_bench.objectives.forward_pass import ForwardPass, Noise, normal_per_pixel, uniform
from ogan_bench.objectives.parts.call_by_name import Term, argument_names
from ogan_bench.objectives.parts.score_averages import ScoreAverages, keep_score_averages


@dataclass(frozen=True)
class Scored:
    """What a penalty may ask for.

    Args:
        batch: The forward pass, with its images and random numbers.
        score_real: Scores of the real images, shape ``(n,)``.
        score_fake: Scores of the generated images, shape ``(n,)``.
        score_of: Images ``(n, c, h, w)`` and their classes to scores ``(n,)``.
        scorer: The net whose scores these are.
    """

    batch: ForwardPass
    score_real: Tensor
    score_fake: Tensor
    score_of: Callable[[Tensor, Tensor | None], Tensor]
    scorer: nn.Module

    @property
    def x(self) -> Tensor:
        """Real images, a leaf that requires a gradient, shape ``(n, c, h, w)``."""
        return self.batch.x

    @property
    def x_fake(self) -> Tensor:
        """Generated images, shape ``(n, c, h, w)``."""
        return self.batch.x_fake

    def score(self, images: Tensor) -> Tensor:
        """Scores ``(n,)`` of images with the classes of the real ones."""
        return self.score_of(images, self.batch.labels)

    def score_generated(self, images: Tensor) -> Tensor:
        """Scores ``(n,)`` of images with the classes of the generated ones."""
        return self.score_of(images, self.batch.z_labels)

    def is_turn(self, every: int) -> bool:
        """Whether a penalty that is taken every so many steps is taken in this one."""
        return self.batch.is_turn(every)

    def after_update(self, action: Callable[[], None]) -> None:
        """Defer what changes a buffer of a net until the nets have been updated."""
        self.batch.after_update(action)

    @property
    def averages(self) -> ScoreAverages:
        """Moving averages of the scores in the steps so far.

        Raises:
            UserError: The objective keeps none.
        """
        return ScoreAverages.of(self.scorer)

    @property
    def mixing(self) -> Tensor:
        """Uniform numbers in [0, 1), one per pair of images, shape ``(n, 1, 1, 1)``."""
        return self.batch.noise("mixing")

    @property
    def offset_real(self) -> Tensor:
        """Standard normal numbers of the shape of ``x``."""
        return self._offset("offset_real", self.x)

    @property
    def offset_fake(self) -> Tensor:
        """Standard normal numbers of the shape of ``x_fake``."""
        return self._offset("offset_fake", self.x_fake)

    def _offset(self, name: str, images: Tensor) -> Tensor:
        return self.batch.noise(name).flatten()[: images.numel()].reshape(images.shape)


@dataclass(frozen=True)
class ScoredPairs(Scored):
    """What a penalty may ask for if real and fake are not the images of the batch.

    Args:
        real: Images or codes, by position in the batch.
        fake: The same shape as ``real``.
    """

    real: Tensor
    fake: Tensor

    @property
    def x(self) -> Tensor:
        return self.real

    @property
    def x_fake(self) -> Tensor:
        return self.fake

    @property
    def mixing(self) -> Tensor:
        return super().mixing.reshape(-1, *[1] * (self.real.dim() - 1))


def prepare(penalty: Term, scorer: nn.Module) -> None:
    """Give a new net the buffers that a penalty on its scores asks for."""
    if "averages" in argument_names(penalty):
        keep_score_averages(scorer)


def penalty_noise(penalty: Term, n: int, d: int) -> Mapping[str, Noise]:
    """Random numbers that a penalty asks for.

    Args:
        penalty: The penalty.
        n: Number of pairs that are scored.
        d: Dimensions of z, which may be scored in place of images.
    """
    offset = normal_per_pixel(least=d)
    known = {"mixing": uniform(n, 1, 1, 1), "offset_real": offset, "offset_fake": offset}
    return {name: known[name] for name in argument_names(penalty) if name in known}
