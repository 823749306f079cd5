"""What the two sides of E's loss do to each other, to the output space and to the score.

The nets are copies of the trained ones in training mode, for it is their training that is looked
at; the batches are of real training images and of fresh z, 64 at a time as in the author's code.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ogan_bench.data.base import to_float
from ogan_bench.evaluation.mechanism.loss_gradients import ITERATIONS, LossProbe
from ogan_bench.evaluation.rows import Row, attempt
from ogan_bench.objectives.base import Batch, Nets
from ogan_bench.sampling.context import ModelContext
from ogan_bench.seeding import generator

BATCH_SIZE = 64
BATCHES = 8


def cosines(first: Tensor, second: Tensor) -> Tensor:
    """cos(a_i, b_i) of the rows in which neither is zero, float64, shape ``(m,)``.

    Args:
        first: Shape ``(n, k)``.
        second: Shape ``(n, k)``.

    Raises:
        ValueError: There is no such row.
    """
    a, b = first.double(), second.double()
    lengths = a.norm(dim=1) * b.norm(dim=1)
    there = lengths > 0
    if not bool(there.any()):
        raise ValueError("one of the two gradients is zero everywhere")
    found: Tensor = (a * b).sum(1)[there] / lengths[there]
    return found


def effective_rank(directions: Tensor) -> float:
    """exp H(p) with p_i = σ_i² / Σ σ², of the directions (rows) scaled to length 1.

    Between 1, where all are parallel, and the smaller of n and k. Zero rows are left out.

    Args:
        directions: Shape ``(n, k)``.

    Raises:
        ValueError: All rows are zero.

    References:
        O. Roy and M. Vetterli, The effective rank: a measure of effective dimensionality, EUSIPCO
        2007 (there of the singular values σ, here of their squares: shares of energy)
    """
    rows = directions.double()
    lengths = rows.norm(dim=1, keepdim=True)
    rows = (rows / lengths)[lengths[:, 0] > 0]
    if len(rows) == 0:
        raise ValueError("the gradient is zero everywhere")
    energy = torch.linalg.svdvals(rows).square()
    p = energy / energy.sum()
    return math.exp(float(-torch.xlogy(p, p).sum()))


def area_under_curve(real: Tensor, fake: Tensor) -> float:
    """P(s(x) < s(G(z))) + ½ P(equal): lower scores are more real.

    Args:
        real: Shape ``(n,)``.
        fake: Shape ``(m,)``.

    References:
        J. Hanley and B. McNeil, The meaning and use of the area under a receiver operating
        characteristic (ROC) curve, Radiology 143, 1982
    """
    less = (real[:, None] < fake[None, :]).double()
    ties = (real[:, None] == fake[None, :]).double()
    return float((less + 0.5 * ties).mean())


def score_spread(scores: Tensor, outputs: Tensor) -> float:
    """std(s) / rms(e), with the population's standard deviation.

    Args:
        scores: Shape ``(n,)``.
        outputs: Raw outputs of E, shape ``(n, outputs)``.

    Raises:
        ValueError: All outputs are zero.
    """
    scale = float(outputs.double().square().mean().sqrt())
    if scale == 0:
        raise ValueError("all outputs of E are zero")
    return float(scores.double().std(correction=0)) / scale


def trainee(context: ModelContext) -> LossProbe:
    """The nets under test, back in training, with batches that its seed decides."""
    pair, dataset, seed = context.autoencoder, context.dataset, context.settings.seed
    train = dataset.train
    order = torch.randperm(len(train), generator=generator(seed, "evaluation/mechanism/images"))

    def batch(number: int) -> Batch:
        places = torch.arange(number * BATCH_SIZE, (number + 1) * BATCH_SIZE) % len(train)
        chosen = order[places].to(train.images.device)
        noise = torch.randn(
            BATCH_SIZE,
            pair.z_dim,
            generator=generator(seed, "evaluation/mechanism/z", number),
        )
        labels = None if train.labels is None else train.labels[chosen].to(context.device)
        return Batch(
            x=to_float(train.images[chosen].to(context.device)),
            z=pair.objective.prior(noise).to(context.device),
            labels=labels,
            z_labels=None if labels is None else labels.roll(1),
            progress=context.progress,
            random=lambda name: generator(seed, f"evaluation/mechanism/{name}", number),
        )

    nets = Nets(pair.encoder.to(context.device), pair.generator.to(context.device))
    return LossProbe(pair.objective, nets, batch, BATCHES)


def mechanism_rows(context: ModelContext) -> list[Row]:
    """Gradients, output space, score and sharpness of a trained pair.

    Objectives whose E has no adversarial and consistency terms have rows without value.
    """
    watched, n = trainee(context), BATCHES * BATCH_SIZE

    def at_output() -> list[Row]:
        adversarial, consistency = watched.gradients.output
        if adversarial is None or consistency is None:
            raise ValueError("the score or the consistency term does not read E(G(z))")
        found = cosines(adversarial, consistency)
        return [Row("gradient_cosine_output", float(found.mean()), len(found), "train")]

    def in_parameters() -> list[Row]:
        adversarial, consistency = watched.gradients.parameters
        ratio = (consistency.norm(dim=1) / adversarial.norm(dim=1)).mean()
        cosine = cosines(adversarial, consistency).mean()
        return [
            Row("gradient_cosine_parameters", float(cosine), n, "train"),
            Row("gradient_norm_ratio", float(ratio), n, "train"),
        ]

    def share(term: int, metric: str) -> list[Row]:
        gradient = watched.gradients.output[term]
        if gradient is None:
            raise ValueError("the term does not read E(G(z))")
        d = gradient.shape[1]
        note = f"of {d} outputs"
        return [Row(metric, effective_rank(gradient) / d, n, "train", floor=1 / d, note=note)]

    def scored() -> list[Row]:
        real, fake, e = watched.scores()
        pooled = torch.cat([real, fake])
        return [
            Row("score_auc", area_under_curve(real, fake), n, "train", floor=0.5),
            Row("score_spread", score_spread(pooled, e), n, "train"),
        ]

    def sharp() -> list[Row]:
        random = generator(context.settings.seed, "evaluation/mechanism/curvature")
        value, converged = watched.sharpness(random)
        note = None if converged else f"not converged after {ITERATIONS} iterations"
        return [Row("encoder_sharpness", value, BATCH_SIZE, "train", note=note)]

    groups: list[tuple[tuple[str, ...], Callable[[], list[Row]]]] = [
        (("gradient_cosine_output",), at_output),
        (("gradient_cosine_parameters", "gradient_norm_ratio"), in_parameters),
        (("output_share_adversarial",), lambda: share(0, "output_share_adversarial")),
        (("output_share_consistency",), lambda: share(1, "output_share_consistency")),
        (("score_auc", "score_spread"), scored),
        (("encoder_sharpness",), sharp),
    ]
    rows: list[Row] = []
    for metrics, measure in groups:
        rows += attempt(metrics, measure, n_samples=n, split="train")
    return rows
