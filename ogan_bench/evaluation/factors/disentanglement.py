"""Whether single dimensions of N(E(x)) encode the known factors of the images."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.standard_error import of_mean
from ogan_bench.models.normalization import standardise
from ogan_bench.sampling.context import ModelContext
from ogan_bench.seeding import derive

BINS = 20
TREES = 50
SMALLEST_LEAF = 5
PLANE_C = 0.01
"""Inverse regularisation strength of SAP's linear classifiers, as in disentanglement_lib."""
TINY = 1e-11
"""Added to importances, so that an uninformative code has a distribution too."""


@dataclass(frozen=True)
class Importances:
    """The importance of every code to a classifier of every factor.

    Args:
        table: Non-negative, float64, shape ``(codes, factors)``.
        informativeness: Test accuracy in [0, 1], mean over factors.
        error: Its standard error from the finite number of test images.
    """

    table: Tensor
    informativeness: float
    error: float | None


def importances(
    codes: Tensor, factors: Tensor, test_codes: Tensor, test_factors: Tensor, seed: int
) -> Importances:
    """Impurity decrease due to each code in extremely randomised trees, one forest per factor.

    50 trees that consider all codes at every split, with at least 5 images per leaf. The papers
    use lasso and random forests, disentanglement_lib boosted trees, which take minutes per factor;
    with all codes considered at every split, an uninformative code is not used, as in theirs.

    Args:
        codes: Shape ``(n, d)``.
        factors: Indices of values, shape ``(n, f)``.
        test_codes: Shape ``(m, d)``.
        test_factors: Shape ``(m, f)``.
        seed: Seed of the candidate thresholds.

    References:
        P. Geurts, D. Ernst and L. Wehenkel, Extremely randomized trees, 2006,
        https://doi.org/10.1007/s10994-006-6226-1
    """
    from sklearn.ensemble import ExtraTreesClassifier

    columns, right = [], []
    for j in range(factors.shape[1]):
        forest = ExtraTreesClassifier(
            TREES,
            max_features=None,
            min_samples_leaf=SMALLEST_LEAF,
            random_state=derive(seed, "evaluation/factors/trees", j) % 2**32,
        ).fit(codes.numpy(), factors[:, j].numpy())
        columns.append(torch.from_numpy(forest.feature_importances_))
        right.append(torch.from_numpy(forest.predict(test_codes.numpy())) == test_factors[:, j])
    each = torch.stack(right).double().mean(0)
    return Importances(torch.stack(columns, dim=1), float(each.mean()), of_mean(each))


def disentanglement(table: Tensor) -> float:
    """Σ_i w_i (1 - H_f(r_i)): whether each code is informative about one factor only; in [0, 1].

    r_i are the importances of code i, normalised to sum to 1, H_f their entropy to the base of the
    number of factors, w_i code i's share of all importance.

    Args:
        table: Importances, shape ``(codes, factors)``.

    Raises:
        NoValueError: There is only one factor.

    References:
        C. Eastwood and C. K. I. Williams, A Framework for the Quantitative Evaluation of
        Disentangled Representations, 2018, https://openreview.net/forum?id=By-7dz-AZ
    """
    if table.shape[1] < 2:
        raise NoValueError("a comparison of factors takes at least two")
    shares = table.double() + TINY
    shares = shares / shares.sum(1, keepdim=True)
    entropy = -torch.xlogy(shares, shares).sum(1) / np.log(table.shape[1])
    weights = table.double().sum(1) + TINY
    return float(((1 - entropy) * weights).sum() / weights.sum())


def completeness(table: Tensor) -> float:
    """The same of the transposed table: whether one code captures each factor; in [0, 1].

    Args:
        table: Importances, shape ``(codes, factors)``.

    Raises:
        NoValueError: There is only one code.

    References:
        C. Eastwood and C. K. I. Williams, 2018, https://openreview.net/forum?id=By-7dz-AZ
    """
    if table.shape[0] < 2:
        raise NoValueError("a comparison of dimensions takes at least two")
    return disentanglement(table.T)


def mutual_information_gap(codes: Tensor, factors: Tensor) -> float:
    """MIG = 1/f Σ_j (I(c_i1; v_j) - I(c_i2; v_j)) / H(v_j), for the two best codes; in [0, 1].

    Codes are split into 20 bins of equal width between their minimum and maximum.

    Args:
        codes: Shape ``(n, d)``.
        factors: Indices of values, shape ``(n, f)``.

    Raises:
        NoValueError: There is one code only, or a factor is constant.

    References:
        R. T. Q. Chen et al., Isolating Sources of Disentanglement in Variational Autoencoders,
        2018, https://arxiv.org/abs/1802.04942 (the gap);
        F. Locatello et al., Challenging Common Assumptions in the Unsupervised Learning of
        Disentangled Representations, 2019, https://arxiv.org/abs/1811.12359 (the bins)
    """
    if codes.shape[1] < 2:
        raise NoValueError("with one dimension there is no second best")
    n = len(codes)
    least, greatest = codes.double().aminmax(dim=0)
    width = (greatest - least).clamp_min(torch.finfo(torch.float64).tiny)
    bins = ((codes.double() - least) / width * BINS).long().clamp_(max=BINS - 1)
    gaps = []
    for factor in factors.T:
        values = F.one_hot(factor).double()
        share = values.mean(0)
        entropy = -torch.xlogy(share, share).sum()
        if not entropy > 0:
            raise NoValueError("a factor is constant over all images")
        found = []
        for column in bins.T:
            joint = F.one_hot(column, BINS).double().T @ values / n
            independent = joint.sum(1, keepdim=True) * share
            ratio = torch.where(joint > 0, joint / independent, 1.0)
            found.append(float(torch.xlogy(joint, ratio).sum()))
        second, first = sorted(found)[-2:]
        gaps.append((first - second) / float(entropy))
    return float(np.mean(gaps))


def separated_attribute_predictability(
    codes: Tensor, factors: Tensor, test_codes: Tensor, test_factors: Tensor
) -> float:
    """SAP = 1/f Σ_j (a_i1j - a_i2j): gap between the two best single codes; in [0, 1].

    a_ij is the test accuracy of a linear support vector machine (C = 0.01, balanced classes, each
    value against the rest) that sees code i alone. A threshold in one dimension cannot separate a
    middle value from those on either side, so even codes that equal the factors stay below 1.

    Args:
        codes: Shape ``(n, d)``.
        factors: Indices of values, shape ``(n, f)``.
        test_codes: Shape ``(m, d)``.
        test_factors: Shape ``(m, f)``.

    Raises:
        NoValueError: There is one code only, or a factor is constant.

    References:
        A. Kumar, P. Sattigeri and A. Balakrishnan, Variational Inference of Disentangled Latent
        Concepts from Unlabeled Observations, 2018, https://arxiv.org/abs/1711.00848 (the score);
        F. Locatello et al., 2019, https://arxiv.org/abs/1811.12359 (the classifier)
    """
    from sklearn.svm import LinearSVC

    def accuracy(i: int, j: int) -> float:
        plane = LinearSVC(C=PLANE_C, class_weight="balanced", dual=False)
        plane.fit(codes[:, i : i + 1].numpy(), factors[:, j].numpy())
        return float(plane.score(test_codes[:, i : i + 1].numpy(), test_factors[:, j].numpy()))

    return _mean_gap(codes, factors, accuracy)


def separated_correlation(codes: Tensor, factors: Tensor) -> float:
    """SAP with the squared correlation between a code and a factor's index; 1 for perfect codes.

    Meant for ordered factors: a code need not be a linear function of categories or angles.

    Args:
        codes: Shape ``(n, d)``.
        factors: Indices of values, shape ``(n, f)``.

    Raises:
        NoValueError: There is one code only, or a factor is constant.

    References:
        A. Kumar, P. Sattigeri and A. Balakrishnan, 2018, https://arxiv.org/abs/1711.00848
    """

    def square(i: int, j: int) -> float:
        pair = torch.stack([codes[:, i].double(), factors[:, j].double()])
        return float(torch.corrcoef(pair)[0, 1].square().nan_to_num(0.0))

    return _mean_gap(codes, factors, square)


def _mean_gap(codes: Tensor, factors: Tensor, score: Callable[[int, int], float]) -> float:
    """Gap between the best and the second-best code, mean over factors."""
    if codes.shape[1] < 2:
        raise NoValueError("with one dimension there is no second best")
    _check_varying(factors)
    gaps = []
    for j in range(factors.shape[1]):
        second, first = sorted(score(i, j) for i in range(codes.shape[1]))[-2:]
        gaps.append(first - second)
    return float(np.mean(gaps))


def factors_rows(context: ModelContext) -> list[Row]:
    """All metrics of the group ``factors``."""
    samples, dataset, seed = context.samples, context.dataset, context.settings.seed

    @functools.cache
    def seen() -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Codes and factors of training and of test images."""
        train, test = dataset.train.factors, dataset.test.factors
        if train is None or test is None:
            raise NoValueError("the dataset has no known factors")
        if not len(samples.train_indices):
            raise NoValueError("probe_images is 0")
        codes, test_codes = (standardise(t) for t in (samples.trained.train, samples.trained.test))
        return codes, train[samples.train_indices], test_codes, test

    @functools.cache
    def table() -> Importances:
        return importances(*seen(), seed)

    def fitted() -> str:
        return f"fitted on {len(samples.train_indices)} training images"

    def informativeness() -> Value:
        found = table()
        chance = float(np.mean([1 / n for _, n in dataset.factors]))
        return Value(found.informativeness, chance, fitted(), error=found.error)

    def gap() -> Value:
        codes, factors, _, _ = seen()
        return Value(mutual_information_gap(codes, factors), note=f"{len(codes)} training images")

    def separated() -> Value:
        _, factors, _, test_factors = seen()
        own, test = factors.float(), test_factors.float()
        ceiling = separated_attribute_predictability(_unit(own), factors, _unit(test), test_factors)
        note = f"{fitted()}; the factors themselves as codes reach {ceiling:.3f}"
        return Value(separated_attribute_predictability(*seen()), note=note)

    def correlated() -> Value:
        codes, factors, _, _ = seen()
        return Value(separated_correlation(codes, factors), note=f"{len(codes)} training images")

    measures = {
        "dci_trees_disentanglement": lambda: Value(disentanglement(table().table), note=fitted()),
        "dci_trees_completeness": lambda: Value(completeness(table().table), note=fitted()),
        "dci_trees_informativeness": informativeness,
        "mig": gap,
        "sap": separated,
        "sap_correlation": correlated,
    }
    return measured_rows(measures, n_samples=len(dataset.test), split="test")


def _check_varying(factors: Tensor) -> None:
    if bool((factors == factors[:1]).all(0).any()):
        raise NoValueError("a factor is constant over all images")


def _unit(factors: Tensor) -> Tensor:
    """Every factor standardised to mean 0 and deviation 1, as codes are.

    Raises:
        NoValueError: A factor is constant, such as over a single test image.
    """
    _check_varying(factors)
    return (factors - factors.mean(0)) / factors.std(0, correction=0)
