"""Adversarial Fisher vectors: what a discriminator says of an image by how it would learn from it.

If the score s(x; θ) of a discriminator is the energy of a density p ∝ exp(-s) that G samples from,
the Fisher score of an image, each parameter divided by the root of its Fisher information, is

    v(x) = I^(-1/2) (∇s(x) - ⟨∇s(G(z))⟩),    I = diag ⟨(∇s(G(z)) - ⟨∇s(G(z))⟩)²⟩,

with gradients with respect to θ. They are a representation that any GAN has without an encoder.

References:
    S. Zhai et al., Adversarial Fisher Vectors for Unsupervised Representation Learning, 2019,
    https://arxiv.org/abs/1910.13101
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ogan_bench.data.base import to_float
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.separability.classifiers import MAX_CLASSES, chosen_probe, even_draw
from ogan_bench.evaluation.separability.linear_probe import probe_labels
from ogan_bench.evaluation.standard_error import of_mean
from ogan_bench.models.base import Encoder
from ogan_bench.sampling.autoencoder import NonFiniteError
from ogan_bench.sampling.context import ModelContext

LABELS = 1000
"""Number of labelled training images."""
SAMPLES = 2_000
"""Maximum number of generated images that mean and Fisher information are averaged over."""
IMAGES_AT_ONCE = 50
MOST_PARAMETERS = 1_000_000
"""More would take over 8 GB: vectors of the labelled images, and the same less their mean."""
RELATIVE_RANK = 1e-6
"""Eigenvalues of the kernel below this share of the largest are float32's noise."""

Gradients = Iterator[Tensor]
"""∇s of images, batch by batch, shape ``(n, parameters)``."""


def image_gradients(net: nn.Module, images: Tensor, device: torch.device) -> Gradients:
    """The gradient of each image's score with respect to all parameters of a net.

    Args:
        net: Maps images ``(n, c, h, w)`` to scores ``(n,)``, each by its own image alone.
        images: As stored in the dataset, shape ``(n, c, h, w)``.
        device: Where to compute.

    Raises:
        NonFiniteError: A gradient is not finite.
    """
    weights = {name: p.detach().requires_grad_() for name, p in net.named_parameters()}
    for batch in images.split(IMAGES_AT_ONCE):
        found = []
        for x in to_float(batch.to(device)):
            score = torch.func.functional_call(net, weights, (x[None],)).sum()
            of_x = torch.autograd.grad(score, [*weights.values()], materialize_grads=True)
            found.append(torch.cat([g.flatten() for g in of_x]))
        gradients = torch.stack(found)
        if not bool(gradients.isfinite().all()):
            raise NonFiniteError("the score has gradients that are not finite")
        yield gradients


@dataclass(frozen=True)
class FisherVectors:
    """v(·), with mean and information of generated images.

    Args:
        mean: ⟨∇s(G(z))⟩, shape ``(parameters,)``.
        scale: The diagonal of I^(-1/2); 0 where a parameter has no information.
    """

    mean: Tensor
    scale: Tensor

    @classmethod
    def of(cls, generated: Gradients) -> FisherVectors:
        """Averages over the gradients of generated images."""
        n, total, squares = 0, torch.zeros(()), torch.zeros(())
        for gradients in generated:
            g = gradients.double()
            if n == 0:
                first = g[0]  # differences to it keep the digits of small deviations
                total, squares = torch.zeros_like(first), torch.zeros_like(first)
            n += len(g)
            total += (g - first).sum(0)
            squares += (g - first).square().sum(0)
        information = squares / n - (total / n).square()
        known = information > 0
        scale = torch.where(known, information.clamp(min=1e-300).rsqrt(), 0)
        return cls((first + total / n).float(), scale.float())

    def __call__(self, gradients: Tensor) -> Tensor:
        return (gradients - self.mean) * self.scale


def coordinates(train: Tensor, test: Iterator[Tensor]) -> tuple[Tensor, Tensor]:
    """Vectors in an orthonormal basis of the space that the training vectors span.

    A linear classifier whose weights are regularised by their norm is the same in it, since no
    weight leaves that space. Centred on the training vectors, and in units of the root of their
    mean variance.

    Args:
        train: Shape ``(n, k)``.
        test: Batches of shape ``(m, k)``.

    Returns:
        Shapes ``(n, r)`` and ``(m, r)``, float64 on the CPU, where r < n is the rank.

    Raises:
        NoValueError: All training vectors are equal.
    """
    centre = train.mean(0)
    centred = train - centre
    values, axes = torch.linalg.eigh((centred @ centred.T).double().cpu())
    if not bool(values.max() > 0):
        raise NoValueError("all Fisher vectors are equal")
    kept = values > RELATIVE_RANK * values.max()
    values, axes = values[kept], axes[:, kept]
    products = torch.cat([((v - centre) @ centred.T).double().cpu() for v in test])
    unit = (values.sum() / train.shape[0] / len(values)).sqrt()
    return axes * values.sqrt() / unit, products @ axes / values.sqrt() / unit


class _Score(nn.Module):
    """Images to scores, with the parameters of E."""

    def __init__(self, encoder: Encoder, score: Callable[[Encoder, Tensor], Tensor]) -> None:
        super().__init__()
        self.encoder = encoder
        self._score = score

    def forward(self, x: Tensor) -> Tensor:
        return self._score(self.encoder, x)


def fisher_rows(context: ModelContext) -> list[Row]:
    """The linear probe on Fisher vectors of E's score, trained and untrained.

    The floor is the share of the largest class, the error that of a share of the test images.
    """
    dataset, settings, device = context.dataset, context.settings, context.device
    objective, z_dim = context.trained.objective, context.trained.z_dim
    chosen = context.samples.train_indices

    def labelled() -> tuple[Tensor, Tensor, Tensor]:
        y, y_test = probe_labels(dataset, chosen)
        if (classes := len(y.unique())) > MAX_CLASSES:
            raise NoValueError(
                f"{classes} classes exceed the limit of {MAX_CLASSES} for a linear probe"
            )
        drawn = even_draw(y, LABELS, settings.seed)
        return chosen[drawn], y[drawn], y_test

    def probe(encoders: Callable[[], tuple[Encoder, Encoder]]) -> Value:
        if settings.encoder_statistics == "batch":
            raise NoValueError("with statistics of batches, a score is not of one image alone")
        which, y, y_test = labelled()
        of_real, of_generated = encoders()
        size = sum(p.numel() for p in of_real.parameters())
        if size > MOST_PARAMETERS:
            raise NoValueError(
                f"E has {size:,} parameters: Fisher vectors are made of {MOST_PARAMETERS:,} at most"
            )

        def gradients(encoder: Encoder, images: Tensor) -> Gradients:
            net = _Score(encoder, lambda E, x: objective.score_of_image(E, x, z_dim))
            return image_gradients(net, images, device)

        generated = context.images("generated")[:SAMPLES]
        vectors = FisherVectors.of(gradients(of_generated, generated))
        images = dataset.train.images
        train = torch.cat([*map(vectors, gradients(of_real, images[which.to(images.device)]))])
        x, x_test = coordinates(train, map(vectors, gradients(of_real, dataset.test.images)))
        fit = chosen_probe("logistic", x, y, x_test, y_test, settings.seed)
        notes = [f"{size:,} parameters, {len(generated):,} generated images, C = {fit.C:g}"]
        if not fit.converged:
            notes.append("not converged")
        floor = float(y_test.bincount().max()) / len(y_test)
        return Value(fit.score, floor, "; ".join(notes), error=of_mean(fit.each))

    def trained() -> tuple[Encoder, Encoder]:
        pair = context.trained
        return pair.encoder, pair.encoder_of_generated or pair.encoder

    def untrained() -> tuple[Encoder, Encoder]:
        frozen = context.untrained.frozen(dataset, settings, device)
        return frozen, frozen

    return measured_rows(
        {
            "probe_fisher_1000": lambda: probe(trained),
            "probe_fisher_1000_untrained": lambda: probe(untrained),
        },
        n_samples=len(dataset.test),
        split="test",
    )
