"""Readouts: how the raw output of E becomes a score, and which part of it is the code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import NonNegativeInt
from torch import Tensor, nn

from ogan_bench.errors import UserError
from ogan_bench.models.base import Architecture, Encoder, mlp
from ogan_bench.models.initialisation import Zero

EPS = 1e-12
"""Added under roots: their derivatives, of any order, stay finite at zero."""


@dataclass(frozen=True)
class Output:
    """What a score may ask for, for one batch of images.

    Args:
        code: Shape ``(n, d)``.
        spare: Outputs of E beyond the code, shape ``(n, spare)``.
        features: What E's last layer sees, shape ``(n, features)``.
        labels: Classes of the images, shape ``(n,)``.
        head: The readout's own module.
    """

    code: Tensor
    spare: Tensor
    features: Tensor
    labels: Tensor | None
    head: Any


@dataclass(frozen=True)
class Readout:
    """A score, and what it needs from E.

    Args:
        score: Fields of :class:`Output`, by name, to scores ``(n,)``.
        spare: Outputs that E has beyond the d of the code.
        free: Leading dimensions of the code that the consistency term leaves alone.
        projects_free: Whether the projection of autoencoding counts the zeros that stand for them.
        head: Builds the module that the score asks for as ``head``; it becomes part of E.
    """

    score: Callable[..., Tensor]
    spare: int = 0
    free: int = 0
    projects_free: bool = False
    head: Callable[[Architecture, Encoder], nn.Module] | None = None


class ClassVectors(nn.Embedding):
    """One vector per class, initialised to zero."""

    initial = Zero()


def avg() -> Readout:
    """Score avg(e): the discriminator of O-GAN is the mean of the encoder's output.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    return Readout(lambda code: code.mean(dim=1))


def head(*, hidden: NonNegativeInt = 0) -> Readout:
    """Score T(e): a learned head on the code, the form that O-GAN starts from.

    Args:
        hidden: Units of T's hidden layer; 0: T is linear.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """

    def learned(architecture: Architecture, encoder: Encoder) -> nn.Module:
        d = architecture.z_dim
        return mlp(d, 1, hidden=hidden) if hidden else nn.Linear(d, 1)

    return Readout(lambda code, head: head(code).squeeze(1), head=learned)


def norm() -> Readout:
    """Score ‖e‖: codes of real images are pulled to the origin; √(‖e‖² + 1e-12) is smooth there.

    The score is never negative, so the adversarial loss pulls real images to e = 0. O-GAN's article
    proposes it with the cosine and a hinge loss and gives no formula.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    return Readout(_root_of_sum_of_squares)


def log_norm() -> Readout:
    """Score log ‖e‖, with √(‖e‖² + 1e-12) for the norm so that e = 0 has a finite score.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    return Readout(lambda code: _root_of_sum_of_squares(code).log())


def std() -> Readout:
    """Score std(e), the population standard deviation over dimensions.

    Our own. Like the average, it is free under the Pearson correlation; √(var e + 1e-12) is smooth
    where the code is constant.
    """
    return Readout(lambda code: (code.var(dim=1, correction=0) + EPS).sqrt())


def dim(*, dims: NonNegativeInt = 1, projected: Literal["tied", "all"] = "tied") -> Readout:
    """Score avg(e_1..e_k): a part of the code is set aside for the score.

    Our own. The consistency term ties only the other dimensions of e, to the other dimensions of z.
    In autoencoding G gets the prior's mean, 0, in place of the k.

    Args:
        dims: k, less than the dimensions of z; 0: the average of the whole code, which is tied.
        projected: What autoencoding projects. tied: the d - k tied dimensions, so that N(.) gives
            them standard deviation 1; all: the zeros count too, and N(.) gives the others a root
            mean square of √(d / (d - k)).
    """
    if dims == 0:
        return avg()
    whole = projected == "all"
    return Readout(lambda code: code[:, :dims].mean(dim=1), free=dims, projects_free=whole)


def spare(*, dims: NonNegativeInt = 1) -> Readout:
    """Score avg of k further outputs of E: discriminator and encoder share only the trunk.

    Our own, as the opposite of O-GAN's shared output.

    Args:
        dims: k; 0: the average of the code.
    """
    if dims == 0:
        return avg()
    return Readout(lambda spare: spare.mean(dim=1), spare=dims)


def projection() -> Readout:
    """Score avg(e) + ⟨V_y, φ(x)⟩ of an image x of class y: conditional O-GAN.

    φ(x) are the features that E's last layer sees and V_y is learned, one vector per class. The
    projection discriminator has the logit l(φ(x)) + ⟨V_y, φ(x)⟩; minus its V is ours, since a score
    is minus a logit. That O-GAN's average takes the place of l, and that V starts at zero so that
    the score starts as O-GAN's, is our own reading; with spectral normalisation V is normalised, as
    in the paper, and is drawn like the net's other kernels, since zero cannot be normalised.

    References:
        T. Miyato and M. Koyama, cGANs with Projection Discriminator, 2018,
        https://arxiv.org/abs/1802.05637
    """

    def of_classes(architecture: Architecture, encoder: Encoder) -> nn.Module:
        if architecture.classes == 0:
            raise UserError(
                "readout projection needs the classes of the images, and this dataset has no "
                "labels: choose another data.name or another objective.readout"
            )
        return ClassVectors(architecture.classes, encoder.features)

    return Readout(
        lambda code, features, labels, head: code.mean(dim=1) + (head(labels) * features).sum(1),
        head=of_classes,
    )


READOUTS: dict[str, Callable[..., Readout]] = {
    "avg": avg,
    "head": head,
    "norm": norm,
    "log_norm": log_norm,
    "std": std,
    "dim": dim,
    "spare": spare,
    "projection": projection,
}


def _root_of_sum_of_squares(code: Tensor) -> Tensor:
    return (code.square().sum(dim=1) + EPS).sqrt()
