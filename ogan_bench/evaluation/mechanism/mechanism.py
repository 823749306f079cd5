"""How the two sides of E's loss affect each other, the output space and the score.

The nets are copies of the trained ones in training mode, since training is what is examined; the
batches are real training images and fresh z, 64 at a time as in the author's code.
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from ogan_bench.data.base import to_float
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.effective_rank import effective_rank
from ogan_bench.evaluation.mechanism.loss_gradients import ITERATIONS, LossProbe
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.standard_error import of_mean, ratio_of_means
from ogan_bench.objectives.base import draw_noise
from ogan_bench.objectives.forward_pass import Batch, Nets
from ogan_bench.sampling.context import ModelContext
from ogan_bench.seeding import generator

BATCH_SIZE = 64
BATCHES = 8


def cosines(first: Tensor, second: Tensor) -> Tensor:
    """cos(a_i, b_i), nan for the rows where one is zero, float64, shape ``(n,)``.

    Args:
        first: Shape ``(n, k)``.
        second: Shape ``(n, k)``.

    Raises:
        NoValueError: One is zero in every row.
    """
    a, b = first.double(), second.double()
    lengths = a.norm(dim=1) * b.norm(dim=1)
    if not bool(lengths.any()):
        raise NoValueError("one of the two gradients is zero everywhere")
    found: Tensor = (a * b).sum(1) / lengths
    return found


def direction_rank(gradients: Tensor) -> float:
    """Effective rank of the directions of gradients, regardless of their lengths.

    Args:
        gradients: Shape ``(n, k)``; zero rows have no direction and are left out.

    Returns:
        Between 1, if all are parallel, and the smaller of n and k.

    Raises:
        NoValueError: All rows are zero.
    """
    rows = gradients.double()
    lengths = rows.norm(dim=1, keepdim=True)
    directions = (rows / lengths)[lengths[:, 0] > 0]
    if len(directions) == 0:
        raise NoValueError("the gradient is zero everywhere")
    return effective_rank(directions)


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
    """std(s) / rms(e), with the population standard deviation.

    Args:
        scores: Shape ``(n,)``.
        outputs: Raw outputs of E, shape ``(n, outputs)``.

    Raises:
        NoValueError: All outputs are zero.
    """
    scale = float(outputs.double().square().mean().sqrt())
    if scale == 0:
        raise NoValueError("all outputs of E are zero")
    return float(scores.double().std(correction=0)) / scale


def loss_probe(context: ModelContext) -> LossProbe:
    """The nets under test, back in training mode, with batches determined by the seed."""
    pair, dataset, seed = context.autoencoder, context.dataset, context.settings.seed
    train = dataset.trained
    order = torch.randperm(len(train), generator=generator(seed, "evaluation/mechanism/images"))

    def batch(number: int) -> Batch:
        places = torch.arange(number * BATCH_SIZE, (number + 1) * BATCH_SIZE) % len(train)
        chosen = order[places].to(train.images.device)
        noise = torch.randn(
            BATCH_SIZE,
            pair.z_dim,
            generator=generator(seed, "evaluation/mechanism/z", number),
        )
        x = to_float(train.images[chosen].to(context.device))
        further = draw_noise(
            pair.objective,
            x.shape,
            pair.z_dim,
            lambda name: generator(seed, f"evaluation/mechanism/{name}", number),
        )
        labels = None if train.labels is None else train.labels[chosen].to(context.device)
        return Batch(
            x=x,
            z=pair.objective.prior(noise).to(context.device),
            labels=labels,
            z_labels=None if labels is None else labels.roll(1),
            progress=context.progress,
            noise={name: tensor.to(context.device) for name, tensor in further.items()},
        )

    nets = Nets(pair.encoder.to(context.device), pair.generator.to(context.device))
    return LossProbe(pair.objective, nets, batch, BATCHES)


def mechanism_rows(context: ModelContext) -> list[Row]:
    """Gradients, output space, score and sharpness of a trained pair.

    For objectives whose E has no adversarial and consistency terms, rows have no value.
    """
    probe = loss_probe(context)

    def cosine_at_output() -> Value:
        adversarial, consistency = probe.gradients.output
        if adversarial is None or consistency is None:
            raise NoValueError("the score or the consistency term does not depend on E(G(z))")
        each = cosines(adversarial, consistency).view(BATCHES, -1)
        there = ~each.isnan()
        # Samples of a batch share its statistics: batches are independent, samples are not.
        found = ratio_of_means(each.nansum(1), there.sum(1))
        return Value(found.value, n_samples=int(there.sum()), error=found.standard_error)

    def cosine_in_parameters() -> Value:
        found = cosines(*probe.gradients.parameters)
        found = found[~found.isnan()]
        return Value(float(found.mean()), error=of_mean(found))

    def norm_ratio() -> Value:
        adversarial, consistency = probe.gradients.parameters
        found = consistency.norm(dim=1) / adversarial.norm(dim=1)
        return Value(float(found.mean()), error=of_mean(found))

    def output_share(term: int) -> Value:
        gradient = probe.gradients.output[term]
        if gradient is None:
            raise NoValueError("the term does not depend on E(G(z))")
        d = gradient.shape[1]
        return Value(direction_rank(gradient) / d, 1 / d, f"of {d} outputs")

    scores = functools.cache(probe.scores)

    def auc() -> Value:
        real, fake, _ = scores()
        return Value(area_under_curve(real, fake), floor=0.5)

    def spread() -> Value:
        real, fake, outputs = scores()
        return Value(score_spread(torch.cat([real, fake]), outputs))

    def sharpness() -> Value:
        random = generator(context.settings.seed, "evaluation/mechanism/curvature")
        value, converged = probe.sharpness(random)
        note = None if converged else f"not converged after {ITERATIONS} iterations"
        return Value(value, note=note, n_samples=BATCH_SIZE)

    measures = {
        "gradient_cosine_output": cosine_at_output,
        "gradient_cosine_parameters": cosine_in_parameters,
        "gradient_norm_ratio": norm_ratio,
        "output_share_adversarial": lambda: output_share(0),
        "output_share_consistency": lambda: output_share(1),
        "score_auc": auc,
        "score_spread": spread,
        "encoder_sharpness": sharpness,
    }
    return measured_rows(measures, n_samples=BATCHES * BATCH_SIZE, split="train")
