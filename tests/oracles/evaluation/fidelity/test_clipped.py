"""Clipped Density and Clipped Coverage: a worked example, a simulation and published vectors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.clipped import clipped_density, expected_clipped_coverage
from ogan_bench.evaluation.fidelity.manifolds import overlap
from tests.oracles.evaluation.normal_samples import normal


def test_of_six_points_on_a_line() -> None:
    real, samples = torch.arange(12.0)[:, None], torch.tensor([0.1, 1.1, 2.1, 50, 51, 52])[:, None]
    found = overlap(samples, real, 2)
    assert found.clipped_density.value == pytest.approx(6 / 11, rel=1e-12)
    assert found.clipped_coverage.value == pytest.approx(4 / 7, rel=1e-12)


PUBLISHED = {
    16: {"density": (0.980, 0.492, 0.938), "coverage": (0.973, 0.500, 0.048)},
    64: {"density": (0.977, 0.492, 0.861), "coverage": (0.987, 0.502, 0.038)},
}
"""Means over five draws by the authors' program: perfect samples, half of them far away, and
twenty samples, each a hundred times."""
DEVIATIONS = {"density": 0.011, "coverage": 0.019}
"""Published for perfect samples of 16 dimensions."""
OF_TWENTY = {"density": 0.1, "coverage": 0.03}
"""Twenty samples vary more: from one draw to the next by 0.05 to 0.14 and by 0.01 to 0.03."""


@pytest.mark.parametrize("d", [16, 64])
def test_published_vectors(d: int) -> None:
    """Perfect samples about 1, half of them far away a half, twenty repeated ones cover little."""
    found = []
    for seed in range(5):
        x, y = normal(2000, d, seed), normal(2000, d, 50 + seed)
        far = x.clone()
        far[::2] += 50
        found.append([overlap(samples, y) for samples in (x, far, x[:20].repeat(100, 1))])
    for quantity, (perfect, half, repeated) in PUBLISHED[d].items():
        values = [[getattr(f, f"clipped_{quantity}").value for f in row] for row in found]
        mean = np.mean(values, axis=0)
        assert mean[:2] == pytest.approx([perfect, half], abs=3 * DEVIATIONS[quantity])
        assert mean[2] == pytest.approx(repeated, abs=OF_TWENTY[quantity])


@pytest.mark.parametrize(("n", "m", "k"), [(40, 60, 5), (30, 12, 2), (3, 20, 5)])
def test_expected_coverage_is_that_of_ranks(n: int, m: int, k: int) -> None:
    """Samples before the k-th of m - 1 others, all in random order."""
    random = np.random.default_rng(0)
    expected = expected_clipped_coverage(n, m, k)
    for good in (0, n // 2, n):
        order = np.argsort(random.random((20_000, good + m - 1)), axis=1) < good
        before = np.cumsum(~order, axis=1) < k
        mean = np.minimum(1, (order & before).sum(1) / k).mean()
        assert float(expected[good]) == pytest.approx(mean, abs=0.01)


def test_of_real_images_far_apart_there_is_no_density() -> None:
    with pytest.raises(NoValueError, match="no reference image"):
        clipped_density(torch.ones(4), torch.zeros(4), 5)


@pytest.mark.parametrize("d", [16, 64])
@pytest.mark.parametrize("bad", [0.0, 0.5])
def test_the_error_of_density_is_the_spread_over_samples(bad: float, d: int) -> None:
    """Root mean squares over references: cut off at 1, perfect samples of one hardly vary."""
    variances, errors = [], []
    random = torch.Generator().manual_seed(1)
    for seed in range(6):
        y = normal(500, d, seed)
        found = []
        for draw in range(25):
            x = normal(500, d, 1000 * (seed + 1) + draw)
            x[torch.rand(500, generator=random) < bad] += 50
            found.append(overlap(x, y).clipped_density)
        variances.append(np.var([one.value for one in found], ddof=1))
        errors += [one.standard_error or 0.0 for one in found]
    assert np.mean(errors) == pytest.approx(np.sqrt(np.mean(variances)), rel=0.3)
