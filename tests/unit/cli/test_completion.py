"""The shell completes every name that an argument takes, as its completion scripts ask for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.mirrors import MIRRORS
from ogan_bench.runner.executor import KINDS
from ogan_bench.store.trial_store import TrialStore

REFERENCE = Path(__file__).parents[3] / "results" / "reference"


def asked(*words: str) -> dict[str, str]:
    """What Bash sets when the last word is to be completed."""
    line = ["ogan-bench", *words]
    return {
        "_OGAN_BENCH_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(line),
        "COMP_CWORD": str(len(line) - 1),
    }


def completed(*words: str) -> list[str]:
    done = CliRunner().invoke(
        app, [], prog_name="ogan-bench", env=asked(*words), catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("run mse_vs", "mse_vs_pearson"),
        ("plan shar", "sharing"),
        ("run mse_vs_pearson --scale sm", "smoke"),
        ("plan --scale pa", ""),  # of which study?
        ("run mse_vs_pearson --arms no", "none"),
        ("run mse_vs_pearson --arms mse,no", "mse,none"),
        ("tune --scale smoke kind_or_p", "kind_or_pull"),
        ("run mse_vs_pearson --executor s", "slurm"),
        ("run mse_vs_pearson --mirror ten", "tensorboard"),
        ("mirror --to ml", "mlflow"),
        ("list consis", "consistency"),
        ("describe consis", "consistency"),
        ("describe pen", "penalty"),
        ("describe objective bigan_", "bigan_qp"),
        ("describe objectives bigan_", "bigan_qp"),
        ("describe metric reconstruction_ra", "reconstruction_ratio"),
        ("describe study mse_vs", "mse_vs_pearson"),
        ("describe nonsense ", ""),
        ("data prepare celeba_", "celeba_hq"),
        ("evaluate --reference fash", "fashion_mnist"),
        ("evaluate x --groups codes,pro", "codes,probes"),
        ("evaluate x --extractors eff", "efficientnet_lite0"),
        ("encode di", "digits"),
        ("run /no/such/file.yaml --arms n", ""),
    ],
)
def test_names_are_completed(words: str, expected: str) -> None:
    found = completed(*words.split(" "))
    assert found == [expected] if expected else found == []


@pytest.mark.parametrize("command", ["report", "archive", "watch"])
def test_stored_studies_are_those_of_the_folder(command: str) -> None:
    found = completed(command, "--results", str(REFERENCE), "s")
    assert found == [name for name in TrialStore(REFERENCE).studies() if name[0] == "s"]


def test_a_stored_study_is_not_named_twice() -> None:
    words = ("report", "--results", str(REFERENCE))
    assert "sharing" in completed(*words, "")
    assert "sharing" not in completed(*words, "sharing", "")


def test_arms_and_metrics_of_a_stored_study() -> None:
    words = ("report", "--results", str(REFERENCE), "sharing")
    stored = TrialStore(REFERENCE).read_study("sharing")
    assert completed(*words, "--arms", "") == list(stored["arms"])
    found = completed(*words, "--metrics", "")
    assert found[: len(stored["metrics"])] == stored["metrics"]
    assert len(found) == len(set(found)) > 100
    first, second, *_ = stored["arms"]
    assert completed(*words, "--arms", f"{first},{second}") == [f"{first},{second}"]
    assert f"{first},{first}" not in completed(*words, "--arms", f"{first},")


def test_a_study_file_here_is_completed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("arms: {left: {}, right: {}}\nscales: {large: {}}\n")
    Path("broken.yaml").write_text("arms: [\n")
    Path("list.yaml").write_text("[arms]\n")
    assert completed("run", "mi") == ["mine.yaml"]
    assert completed("run", "mine.yaml", "--arms", "") == ["left", "right"]
    assert completed("run", "mine.yaml", "--scale", "") == ["large"]
    assert completed("run", "broken.yaml", "--arms", "") == []
    assert completed("run", "list.yaml", "--scale", "") == []
    assert completed("report", "--results", "nowhere", "") == []


def test_fixed_names_are_those_that_are_taken() -> None:
    assert completed("run", "--executor", "") == list(KINDS)
    assert completed("mirror", "--to", "") == list(MIRRORS)


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import atexit, json, sys\n"
        "atexit.register(lambda: sys.stderr.write(json.dumps(sorted(sys.modules))))\n"
        "from ogan_bench.cli import app\n"
        "app(prog_name='ogan-bench')\n"
    )
    for words in (("describe", "metric", "fd_"), ("run", "mse_vs_pearson", "--arms", "p")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **asked(*words)}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.startswith(words[-1])
        assert not {"torch", "pandas", "scipy", "sklearn"} & set(json.loads(done.stderr))
