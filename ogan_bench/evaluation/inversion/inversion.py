"""How close G can come to an image at all, and how close the encoder's code is to that."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.reconstruction.pixel_error import in_units, mean_value
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.sampling.context import ModelContext, project
from ogan_bench.seeding import generator

IMAGES = 100
RESTARTS = 4
STEPS = 300
LEARNING_RATE = 0.3
"""Adam's initial learning rate, with cosine decay to zero."""
BATCH_SIZE = 100
"""Codes optimised at a time."""


def invert(
    decode: Callable[[Tensor, Tensor | None], Tensor],
    error: Callable[[Tensor, Tensor], Tensor],
    x: Tensor,
    start: Tensor,
    labels: Tensor | None = None,
    *,
    steps: int = STEPS,
    learning_rate: float = LEARNING_RATE,
) -> Tensor:
    """The smallest error of each image while its code is optimised from a start.

        min_k e(x, G(z_k)),   z_k+1 = Adam(z_k, ∇ e(x, G(z_k)))

    Every image has its own code and optimiser state; none depends on the others.

    Args:
        decode: G, maps codes and classes to images.
        error: e, maps images and reconstructions to the error of each, shape ``(n,)``.
        x: Images in the range that G outputs, shape ``(n, c, h, w)``.
        start: z_0, shape ``(n, d)``.
        labels: Classes to decode with, shape ``(n,)``.
        steps: Number of Adam steps.
        learning_rate: Adam's initial learning rate.

    Returns:
        float64, shape ``(n,)``, on the CPU; at most the error at the start.

    References:
        A. Srivastava et al., VEEGAN, 2017, https://arxiv.org/abs/1705.07761 (the minimum as a
        metric)
    """
    z = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([z], lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    best = torch.full((len(x),), torch.inf, dtype=torch.float64, device=x.device)
    for step in range(steps + 1):
        with torch.enable_grad():
            errors = error(x, decode(z, labels))
            # A step that produces a non-finite value is no improvement.
            best = torch.fmin(best, errors.detach())
            if step == steps:
                break
            (z.grad,) = torch.autograd.grad(errors.sum(), z)
        optimizer.step()
        schedule.step()
    return best.cpu()


@dataclass(frozen=True)
class Inversions:
    """Errors of the same images, each of shape ``(n,)``.

    Args:
        own: Error of G(t · P(E(x))).
        encoder: Smallest error starting from t · P(E(x)).
        prior: Smallest error from each start drawn from the prior, shape ``(restarts, n)``.
    """

    own: Tensor
    encoder: Tensor
    prior: Tensor

    @property
    def restarts(self) -> Tensor:
        """Smallest error over all starts from the prior."""
        return self.prior.amin(0)

    @property
    def gaps(self) -> Tensor:
        """Excess error of the encoder's reconstruction over the smallest error found."""
        smallest = torch.minimum(self.encoder, self.restarts)
        return (self.own - smallest).clamp_min(0)

    @property
    def encoder_wins(self) -> Tensor:
        """1 where the encoder's start gives the smallest error, ½ for a tie, else 0."""
        return (self.encoder < self.restarts).double() + 0.5 * (self.encoder == self.restarts)


def inversions(context: ModelContext, images: int = IMAGES) -> Inversions:
    """Invert G for a seeded random choice of test images.

    The starts from the prior are what the objective feeds G in training. A conditional G decodes
    with the images' own classes.

    Args:
        context: The trained pair.
        images: Maximum number of test images to invert.

    Raises:
        NoValueError: G outputs values that are not finite from every start.
    """
    test, samples, settings = context.dataset.test, context.samples, context.settings
    trained, device = context.trained, context.device
    chosen = torch.randperm(
        len(test), generator=generator(settings.seed, "evaluation/inversion/images")
    )[:images]
    x, error, _ = in_units(test.images.cpu()[chosen])
    labels = None if test.labels is None else test.labels.cpu()[chosen]

    def smallest(start: Tensor) -> Tensor:
        found = [
            invert(
                trained.decode,
                error,
                x[batch].to(device),
                start[batch].to(device),
                None if labels is None else labels[batch].to(device),
            )
            for batch in (slice(k, k + BATCH_SIZE) for k in range(0, len(x), BATCH_SIZE))
        ]
        return torch.cat(found)

    def prior(restart: int) -> Tensor:
        random = generator(settings.seed, "evaluation/inversion/start", restart)
        noise = torch.randn(len(x), trained.z_dim, generator=random).to(device)
        with torch.no_grad():
            return trained.objective.latent(trained.generator, trained.objective.prior(noise))

    own = error(x, samples.own_reconstructions[chosen])
    encoder = smallest(settings.temperature * project(context, samples.trained.test[chosen]))
    found = Inversions(own, encoder, torch.stack([smallest(prior(k)) for k in range(RESTARTS)]))
    if not bool(torch.cat([found.own, found.encoder, found.restarts]).isfinite().all()):
        raise NoValueError("the generator produces no finite image from any start")
    return found


def inversion_rows(context: ModelContext, images: int = IMAGES) -> list[Row]:
    """All metrics of the group ``inversion``; by far the slowest group.

    It takes (R + 1) · K forward and backward passes through G for each image, with R = 4 starts
    from the prior and K = 300 steps: 150,000 in total for 100 images.

    Args:
        context: The trained pair.
        images: Maximum number of test images to invert.
    """
    found = functools.cache(lambda: inversions(context, images))
    _, _, units = in_units(context.dataset.test.images)
    how = f"{STEPS} steps of Adam from {LEARNING_RATE:g}"
    measures: dict[str, Callable[[], Value]] = {
        "ivom": lambda: mean_value(found().restarts, f"best of {RESTARTS} starts; {how}"),
        "ivom_encoder": lambda: mean_value(found().encoder, how),
        "inversion_gap": lambda: mean_value(found().gaps, f"for {context.formula}"),
        "inversion_encoder_wins": lambda: dataclasses.replace(
            mean_value(found().encoder_wins, f"against {RESTARTS} starts drawn from the prior"),
            floor=1 / (RESTARTS + 1),
        ),
    }
    return measured_rows(
        measures, n_samples=min(images, len(context.dataset.test)), split="test", note=units
    )
