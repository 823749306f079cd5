"""Every diff of CONTRIBUTING.md applies to this tree, and what it adds trains and is measured."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = re.compile(
    r"^### (?P<title>[^\n]+)\n(?:(?!^### ).)*?^```diff\n(?P<diff>.*?)^```", re.M | re.S
)
DIFFS = {
    found["title"]: found["diff"]
    for found in EXAMPLE.finditer((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
}

FILES = {
    "A new arm": {"studies/mse_vs_pearson.yaml"},
    "A new readout": {"ogan_bench/objectives/parts/readouts.py"},
    "A new metric": {
        "ogan_bench/metrics/reconstruction.py",
        "ogan_bench/evaluation/reconstruction/pixel_error.py",
    },
    "A new dataset": {"ogan_bench/data/sources/moons.py", "ogan_bench/data/__init__.py"},
    "A new system": {
        "ogan_bench/objectives/systems/sparse_autoencoder.py",
        "ogan_bench/objectives/__init__.py",
    },
}
"""Title of an example to the files that it touches, no more and no fewer."""

STUDY = """\
name: examples
question: Do the examples of CONTRIBUTING.md work?
base:
  data: {name: moons, noise: 0.1}
  model: {name: mlp, z_dim: 3}
  objective:
    adversarial: linear
    readout: median
    consistency: pearson
    consistency_weight: 0.5
    penalty: quadratic_potential
  training: {steps: 3, batch_size: 16, optimizer: {name: rmsprop, lr: 1e-4}}
  evaluation: {samples: 64, probe_images: 64}
arms:
  readout: {}
  system: {objective: {name: sparse_autoencoder, weight: 0.2}}
seeds: [0]
metrics: [reconstruction_mse_p95]
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the package and its studies, apart from any repository."""
    for folder in ("ogan_bench", "studies"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    return tmp_path


def apply(diff: str, tree: Path) -> None:
    """Apply a diff as contributors would; context that does not fit is an error."""
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    run = subprocess.run(
        ["git", "apply", "-"], input=diff, text=True, cwd=tree, env=environment,
        capture_output=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr


def tool(tree: Path, *arguments: str) -> str:
    """Output of a command of the copied package."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "ogan_bench", *arguments], cwd=tree, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_there_is_an_example_of_each_kind() -> None:
    assert set(DIFFS) == set(FILES)


@pytest.mark.parametrize("title", FILES)
def test_an_example_touches_these_files_only(title: str, tree: Path) -> None:
    assert set(re.findall(r"^\+\+\+ b/(\S+)$", DIFFS[title], re.MULTILINE)) == FILES[title]
    apply(DIFFS[title], tree)


def test_what_the_examples_add_is_planned_trained_and_measured(tree: Path) -> None:
    for diff in DIFFS.values():
        apply(diff, tree)
    plan = json.loads(tool(tree, "plan", "studies/mse_vs_pearson.yaml", "--no-measure", "--json"))
    assert "cosine" in json.dumps(plan)
    (tree / "examples.yaml").write_text(STUDY, encoding="utf-8")
    tool(tree, "run", "examples.yaml", "--device", "cpu", "--workers", "1")
    for arm in ("readout", "system"):
        result = tree / "results" / "examples" / arm / "seed-0" / "result.json"
        rows = json.loads(result.read_text(encoding="utf-8"))["metrics"]
        value = {row["metric"]: row["value"] for row in rows}
        assert 0 < value["reconstruction_mse"] < value["reconstruction_mse_p95"]
