"""Terms that say nothing about so few dimensions are refused where the study is read."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ogan_bench.errors import StudyError
from ogan_bench.objectives.parts.consistency import CONSISTENCY
from ogan_bench.study.least_dimensions import LEAST
from ogan_bench.study.load import load_study

STUDY = """\
name: tiny
question: q
base:
  data: {name: ring}
  model: {name: mlp}
  objective: {adversarial: non_saturating, readout: avg, consistency: none, penalty: none}
  training: {steps: 2, optimizer: {name: adam}}
arms:
  none: {}
  tied:
    objective: {consistency: TERM}
seeds: [0]
metrics: [latent_rho]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tiny.yaml"


@pytest.mark.parametrize(("term", "least"), LEAST.items())
def test_one_dimension_fewer_is_refused_with_its_place(path: Path, term: str, least: int) -> None:
    path.write_text(STUDY.replace("TERM", term))
    few = [f"model.z_dim={least - 1}"]
    with pytest.raises(StudyError, match=f"'{term}' needs {least} dimensions of z and has"):
        load_study(path, overrides=few)
    assert set(load_study(path, overrides=[f"model.z_dim={least}"]).arms) == {"none", "tied"}


def test_the_default_of_mlp_is_refused_where_the_model_is_named(path: Path) -> None:
    path.write_text(STUDY.replace("TERM", "pearson"))
    with pytest.raises(StudyError) as refused:
        load_study(path)
    (problem,) = refused.value.problems
    assert problem.startswith(f"{path}:5:3: base.model.z_dim: the consistency term 'pearson'")
    path.write_text(STUDY.replace("TERM", "pearson").replace("name: mlp", "name: mlp, z_dim: 2"))
    with pytest.raises(StudyError, match=r":5:22: base\.model\.z_dim: "):
        load_study(path)
    path.write_text(STUDY.replace("TERM", "pearson, readout: {name: dim, dims: 3}"))
    with pytest.raises(StudyError, match=r"has 2 \(3 of 5 belong to the readout\)"):
        load_study(path, overrides=["model.z_dim=5"])


@pytest.mark.parametrize("term", ["pearson", "normalized_mse", "cosine"])
def test_below_the_least_the_gradient_vanishes_and_from_there_on_it_does_not(term: str) -> None:
    def steepest(d: int) -> float:
        g = torch.Generator().manual_seed(0)
        z, code = (torch.randn(200, d, generator=g, dtype=torch.float64) for _ in range(2))
        code.requires_grad_()
        (gradient,) = torch.autograd.grad(CONSISTENCY[term]().loss(z, code).sum(), code)
        return float(gradient.abs().median())

    least = LEAST[term]
    assert steepest(least - 1) < 1e-6
    assert steepest(least) > 1e-2


def test_every_term_that_leaves_a_part_of_the_code_free_is_listed() -> None:
    free = {"standardise": 3, "sphere": 2, "centre": 2}
    projections = {name: make().projection for name, make in CONSISTENCY.items() if name != "none"}
    assert {name: free[of] for name, of in projections.items() if of in free} == LEAST
