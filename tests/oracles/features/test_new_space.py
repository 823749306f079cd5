"""What it takes to add a feature space: a file of its own, and a line in each of two tables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]

ADAPTER = '''"""Mean grey levels of four rows."""

from pathlib import Path

import torch

from ogan_bench.features.feature_space import FeatureSpace


class Rows:
    name, weights_hash = "made-up:rows@12345678", "12345678" * 8
    device, batch_size = torch.device("cpu"), 100

    def __call__(self, images):
        x = images.float() / 127.5 - 1 if images.dtype == torch.uint8 else images
        features = x[:, :, :4].mean((1, 3))
        return features, features


SPACE = FeatureSpace(
    title="Rows",
    load=lambda dataset, device, classifiers: Rows(),
    weights=lambda: Path("rows.txt"),
    label=lambda dataset: "made-up:rows",
    warning=lambda extractor: "four numbers say little",
    facts=lambda extractor: {"rows": 4},
)
'''

LINES = {
    "features/spaces.py": (
        "FEATURE_SPACES: dict[SpaceName, FeatureSpace[Any]] = {",
        '    "made_up": __import__("ogan_bench.features.made_up").features.made_up.SPACE,',
    ),
    "metrics/feature_spaces.py": (
        "SPACES: dict[SpaceName, Space] = {",
        '    "made_up": Space("rows", "mean grey levels of rows", "elsewhere", takes_floats=True),',
    ),
}

PROGRAM = """
import copy, dataclasses, json, sys, torch
from typer.testing import CliRunner
from ogan_bench.cli import app
from ogan_bench.data.base import Split
from ogan_bench.data.sources.digits import digits
from ogan_bench.evaluation.evaluate import evaluate
from ogan_bench.metrics import METRICS
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.resampled_data import Bootstrap, flat_encoder
from tests.oracles.stand_ins import Untrained

def ask(*arguments):
    return json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).stdout)

whole = digits(resolution=8)
train, test = whole.train, whole.test
dataset = dataclasses.replace(
    whole,
    train=Split(train.images[:200], train.known_labels[:200]),
    test=Split(test.images[:100], test.known_labels[:100]),
)
E = flat_encoder(dataset, 8)
pair = Autoencoder(Untrained(), E, Bootstrap(dataset.train, conditional=False), 8)
groups = ["diversity", "reconstruction", "interpolation"]
settings = Evaluation(samples=150, probe_images=30, extractors=["made_up"], groups=groups)
untrained = UntrainedEncoder(copy.deepcopy(E))
rows, facts = evaluate(ModelContext(pair, untrained, dataset, settings, torch.device("cpu")))
print(json.dumps({
    "defined": [name for name, metric in METRICS.items() if metric.extractor == "made_up"],
    "rows": [row.record() for row in rows],
    "facts": facts,
    "doctor": ask("doctor", "--json")["feature spaces"],
    "list": ask("list", "metrics", "--json"),
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the package says that has one feature space more."""
    root = tmp_path_factory.mktemp("copy")
    package = root / "ogan_bench"
    shutil.copytree(ROOT / "ogan_bench", package)
    (package / "features" / "made_up.py").write_text(ADAPTER)
    for name, (table, line) in LINES.items():
        path = package / name
        source = path.read_text(encoding="utf-8")
        assert source.count(table) == 1
        path.write_text(source.replace(table, f"{table}\n{line}"), encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(root), str(ROOT)]),
        "OGAN_BENCH_CACHE": str(root / "cache"),
        "OGAN_BENCH_LPIPS": str(root / "none"),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=root, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_it_is_measured_in_every_group_that_uses_spaces(found: dict[str, Any]) -> None:
    rows = {row["metric"]: row for row in found["rows"]}
    measured = [name for name in rows if name in found["defined"]]
    assert sorted(measured) == sorted(found["defined"])
    for name in (
        "fd_made_up",
        "isc_made_up",
        "vendi_made_up",
        "ndb_made_up",
        "autoencoding_ratio_made_up_train",
        "path_length_made_up",
        "path_energy_made_up_linear",
    ):
        assert name in measured
    for name in measured:
        if name.startswith("midpoint_ratio_") and not name.endswith("_pixels"):
            assert "features of training images" in rows[name]["note"]  # G picks from them
            continue
        assert rows[name]["value"] is not None, rows[name]
        assert rows[name]["extractor"] == "made-up:rows@12345678"
    assert rows["fd_made_up"]["note"].startswith("four numbers say little; against 200")
    assert found["facts"] == {"made_up": "made-up:rows@12345678", "rows": 4}


def test_it_is_listed(found: dict[str, Any]) -> None:
    assert found["doctor"]["made_up"] == "ready: rows.txt"
    entries = {entry["name"]: entry for entry in found["list"]}
    assert entries["fd_made_up"]["extractor"] == "made_up"
    assert "mean grey levels of rows" in entries["fd_made_up"]["summary"]
