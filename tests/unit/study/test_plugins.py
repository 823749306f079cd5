"""A user's own parts: part of a trial's identity, trained, measured, pickled and listed."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.errors import PluginError
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.study import catalogue, settings
from ogan_bench.study.load import load_study
from ogan_bench.study.plugins import check_unchanged
from ogan_bench.study.trial import trials
from tests.unit.study.written_plugin import PLUGIN, PLUGIN_STUDY


def test_content_is_part_of_the_identity(plugin_study: Path) -> None:
    before = {trial.arm: trial.config_hash for trial in trials(load_study(plugin_study))}
    plugin = plugin_study.parent / "my_terms.py"
    plugin.write_text(PLUGIN.replace("error - small / 2", "error - small"), encoding="utf-8")
    after = {trial.arm: trial.config_hash for trial in trials(load_study(plugin_study))}
    assert before["huber"] != after["huber"]
    record = trials(load_study(plugin_study))[1].config
    assert list(record["plugins"]) == ["my_terms.py"]


def test_arms_without_its_parts_do_not_depend_on_a_plugin(plugin_study: Path) -> None:
    without_metric = PLUGIN.replace('METRICS = {"code_size": code_size}\n', "")
    (plugin_study.parent / "my_terms.py").write_text(without_metric, encoding="utf-8")
    plugin_study.write_text(PLUGIN_STUDY.replace(", code_size]", "]"), encoding="utf-8")
    arms = load_study(plugin_study).arms
    assert arms["pearson"].plugins == {}
    assert list(arms["huber"].plugins) == ["my_terms.py"]


def test_a_study_with_a_plugin_trains_and_measures(plugin_study: Path, tmp_path: Path) -> None:
    for trial in trials(load_study(plugin_study)):
        report = run_trial(trial, Options(tmp_path / "results"), "cpu")
        assert report.status == "finished", report.message
        assert report.metrics is not None
        value = report.metrics["code_size"]
        assert value is not None
        assert value > 0


def test_unpickling_a_trial_registers_its_plugins(plugin_study: Path) -> None:
    pickled = pickle.dumps(trials(load_study(plugin_study))[1])
    catalogue.unregister_plugins()
    settings.rebuild_models()
    trial = pickle.loads(pickled)
    assert trial.settings.objective.parameters()["consistency"].name == "huber"
    assert catalogue.function("consistency", "huber").__name__ == "huber"


def test_a_plugin_that_was_edited_since_is_refused(plugin_study: Path) -> None:
    """A worker reads the file anew, and would train other code under the hash of the study."""
    pickled = pickle.dumps(trials(load_study(plugin_study))[1])
    check_unchanged(pickle.loads(pickled).settings)
    (plugin_study.parent / "my_terms.py").write_text(PLUGIN + "\n# edited\n", encoding="utf-8")
    trial = pickle.loads(pickled)
    with pytest.raises(PluginError, match=r"my_terms\.py: has changed since the study was read"):
        check_unchanged(trial.settings)
    assert run_trial(trial, Options(plugin_study.parent / "r"), "cpu").status == "failed"


def test_an_unknown_parameter_of_a_term_is_named(plugin_study: Path, tmp_path: Path) -> None:
    text = PLUGIN.replace("def loss(z, code)", "def loss(z, cod)").replace(
        "(z - code)", "(z - cod)"
    )
    (plugin_study.parent / "my_terms.py").write_text(text, encoding="utf-8")
    report = run_trial(trials(load_study(plugin_study))[1], Options(tmp_path / "r"), "cpu")
    assert report.status == "failed"
    assert "huber: parameter 'cod'" in report.message
    assert "Did you mean 'code'?" in report.message


def test_listed_and_described(plugin_study: Path) -> None:
    plugin = str(plugin_study.parent / "my_terms.py")
    listed = CliRunner().invoke(app, ["list", "consistency", "--plugin", plugin, "--json"])
    assert listed.exit_code == 0, listed.output
    (entry,) = [part for part in json.loads(listed.output) if part["name"] == "huber"]
    assert entry["parameters"] == [{"name": "delta", "type": "float, above 0", "default": 1.0}]
    assert entry["plugin"] == plugin
    described = CliRunner().invoke(app, ["describe", "consistency", "huber", "--plugin", plugin])
    assert "Huber loss between z and the code" in described.output
