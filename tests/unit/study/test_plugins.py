"""A user's own parts: read without being executed, hashed, listed, trained and measured."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.errors import PluginError, StudyError, UserError
from ogan_bench.metrics import METRICS
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.study import catalogue, settings
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import trials

PLUGIN = '''\
"""Parts of my own."""

from pydantic import PositiveFloat

from ogan_bench.objectives.parts.adversarial import Adversarial, triple
from ogan_bench.objectives.parts.consistency import Consistency
from ogan_bench.objectives.parts.readouts import Readout


def huber(*, delta: PositiveFloat = 1.0):
    """Huber loss between z and the code, mean over dimensions."""

    def loss(z, code):
        error = (z - code).abs()
        small = error.clamp_max(delta)
        return (small * (error - small / 2)).mean(dim=1)

    return Consistency(loss)


def maximum():
    """The score is the largest number of the code."""
    return Readout(lambda code: code.amax(dim=1))


def cubic():
    """f(s) = s + s³."""
    return triple(lambda s: s + s**3, lambda s: -s - s**3, lambda s: s)


def small_scores(score_real, *, weight: PositiveFloat = 0.1):
    """Scores of real images are kept small."""
    return weight * score_real.square()


def code_size(codes, *, better=None):
    """Mean square of the codes of generated images."""
    return float(codes.square().mean())


CONSISTENCY = {"huber": huber}
READOUTS = {"maximum": maximum}
ADVERSARIAL = {"cubic": cubic}
PENALTIES = {"small_scores": small_scores}
METRICS = {"code_size": code_size}
'''


STUDY = """\
name: mine
question: Does my term work?
plugins: [my_terms.py]
base:
  data: {name: digits, resolution: 16}
  model: {name: dcgan, z_dim: 8, width: 4}
  objective:
    {adversarial: linear, readout: avg, consistency: pearson, penalty: quadratic_potential}
  training: {steps: 3, batch_size: 8, optimizer: rmsprop}
  evaluation: {samples: 50, probe_images: 50}
arms:
  pearson: {}
  huber: {objective: {consistency: {name: huber, delta: 0.5}}}
  all: {objective: {adversarial: cubic, readout: maximum, penalty: small_scores}}
seeds: [0]
metrics: [reconstruction_mse, code_size]
"""


@pytest.fixture(autouse=True)
def _forget_plugins() -> Iterator[None]:
    known = dict(METRICS)
    yield
    catalogue.unregister_plugins()
    settings.rebuild_models()
    METRICS.clear()
    METRICS.update(known)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "my_terms.py").write_text(PLUGIN, encoding="utf-8")
    path = tmp_path / "mine.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def test_parts_are_validated_without_being_executed(study: Path) -> None:
    plugin = study.parent / "my_terms.py"
    plugin.write_text(PLUGIN + "\nraise SystemExit('executed')\n", encoding="utf-8")
    load_study(study)
    with pytest.raises(StudyError, match=r"delta: Input should be greater than 0"):
        load_study(
            study,
            overrides=[
                "objective={name: composed, adversarial: linear, "
                "readout: avg, penalty: none, "
                "consistency: {name: huber, delta: -1}}"
            ],
        )


def test_content_is_part_of_the_identity(study: Path) -> None:
    before = {trial.arm: trial.config_hash for trial in trials(load_study(study))}
    plugin = study.parent / "my_terms.py"
    plugin.write_text(PLUGIN.replace("error - small / 2", "error - small"), encoding="utf-8")
    after = {trial.arm: trial.config_hash for trial in trials(load_study(study))}
    assert before["huber"] != after["huber"]
    record = trials(load_study(study))[1].config
    assert list(record["plugins"]) == ["my_terms.py"]


def test_arms_without_its_parts_do_not_depend_on_a_plugin(study: Path) -> None:
    without_metric = PLUGIN.replace('METRICS = {"code_size": code_size}\n', "")
    (study.parent / "my_terms.py").write_text(without_metric, encoding="utf-8")
    study.write_text(STUDY.replace(", code_size]", "]"), encoding="utf-8")
    arms = load_study(study).arms
    assert arms["pearson"].plugins == {}
    assert list(arms["huber"].plugins) == ["my_terms.py"]


def test_a_study_with_a_plugin_trains_and_measures(study: Path, tmp_path: Path) -> None:
    for trial in trials(load_study(study)):
        report = run_trial(trial, Options(tmp_path / "results"), "cpu")
        assert report.status == "finished", report.message
        assert report.outcome == "ok", report.message
        assert report.metrics is not None
        value = report.metrics["code_size"]
        assert value is not None
        assert value > 0


def test_unpickling_a_trial_registers_its_plugins(study: Path) -> None:
    pickled = pickle.dumps(trials(load_study(study))[1])
    catalogue.unregister_plugins()
    settings.rebuild_models()
    trial = pickle.loads(pickled)
    assert trial.settings.objective.parameters()["consistency"].name == "huber"
    assert catalogue.function("consistency", "huber").__name__ == "huber"


def test_a_file_that_changes_during_a_run_is_refused(study: Path) -> None:
    plugin = study.parent / "my_terms.py"
    plugin.write_text(PLUGIN + "\n# imported by no other test\n", encoding="utf-8")
    load_study(study)
    plugin.write_text(PLUGIN + "\n# changed\n", encoding="utf-8")
    with pytest.raises(PluginError, match="has changed since the study was read"):
        catalogue.function("consistency", "huber")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:", "cannot be read as a plug-in: invalid syntax"),
        ("x = 1", "define at least one of DATASETS, ARCHITECTURES"),
        ("CONSISTENCY = {'pearson': f}\ndef f(z):\n    '''F.'''", "'pearson' already exists"),
        ("CONSISTENCY = {'f': f}", "no function f in this file"),
        ("CONSISTENCY = {'f': lambda z: z}", "must map names to functions"),
        (
            "def f(z, *, w=max(1, 2)):\n    '''F.'''\nCONSISTENCY = {'f': f}",
            "the default of 'w' must be a literal",
        ),
        (
            "def f(z, *, w: Colour = 1):\n    '''F.'''\nCONSISTENCY = {'f': f}",
            "type of 'w': name 'Colour' is not defined",
        ),
        ("def m(codes):\n    '''M.'''\nMETRICS = {'m': m}", "exactly one keyword-only parameter"),
    ],
)
def test_errors_in_a_plugin_name_the_file(study: Path, text: str, message: str) -> None:
    (study.parent / "my_terms.py").write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_study(study)
    assert "my_terms.py" in str(caught.value)
    assert message in str(caught.value)


def test_a_missing_plugin_is_a_problem_of_the_study(study: Path) -> None:
    (study.parent / "my_terms.py").unlink()
    with pytest.raises(StudyError, match=r"mine\.yaml:3:11: plugins\.0: .*my_terms\.py: cannot be"):
        load_study(study)


def test_an_unknown_parameter_of_a_term_is_named(study: Path, tmp_path: Path) -> None:
    text = PLUGIN.replace("def loss(z, code)", "def loss(z, cod)").replace(
        "(z - code)", "(z - cod)"
    )
    (study.parent / "my_terms.py").write_text(text, encoding="utf-8")
    report = run_trial(trials(load_study(study))[1], Options(tmp_path / "r"), "cpu")
    assert report.status == "failed"
    assert "huber: parameter 'cod'" in report.message
    assert "Did you mean 'code'?" in report.message


def test_an_import_error_in_a_plugin_is_one_message(study: Path, tmp_path: Path) -> None:
    (study.parent / "my_terms.py").write_text(PLUGIN + "\nimport nowhere\n", encoding="utf-8")
    report = run_trial(trials(load_study(study))[1], Options(tmp_path / "r"), "cpu")
    assert report.status == "failed"
    assert "my_terms.py: cannot be imported: ModuleNotFoundError" in report.message


def test_listed_and_described(study: Path) -> None:
    plugin = str(study.parent / "my_terms.py")
    listed = CliRunner().invoke(app, ["list", "consistency", "--plugin", plugin, "--json"])
    assert listed.exit_code == 0, listed.output
    (entry,) = [part for part in json.loads(listed.output) if part["name"] == "huber"]
    assert entry["parameters"] == [{"name": "delta", "type": "PositiveFloat", "default": 1.0}]
    assert entry["plugin"] == plugin
    described = CliRunner().invoke(app, ["describe", "consistency", "huber", "--plugin", plugin])
    assert "Huber loss between z and the code" in described.output


def test_plugins_of_installed_packages_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "their_terms.py").write_text(PLUGIN, encoding="utf-8")
    facts = tmp_path / "their_terms-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: their-terms\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[ogan_bench.plugins]\ntheirs = their_terms\n")
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "s.yaml"
    path.write_text(STUDY.replace("plugins: [my_terms.py]\n", ""), encoding="utf-8")
    assert list(load_study(path).arms["huber"].plugins) == ["their_terms.py"]
    assert "their_terms" not in sys.modules
