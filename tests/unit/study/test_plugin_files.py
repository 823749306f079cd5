"""Files of plug-ins: found among installed packages, and imported when a trial needs them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ogan_bench.errors import PluginError
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.study import catalogue
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import trials
from tests.unit.study.written_plugin import PLUGIN, PLUGIN_STUDY


def test_a_file_that_changes_during_a_run_is_refused(plugin_study: Path) -> None:
    plugin = plugin_study.parent / "my_terms.py"
    plugin.write_text(PLUGIN + "\n# imported by no other test\n", encoding="utf-8")
    load_study(plugin_study)
    plugin.write_text(PLUGIN + "\n# changed\n", encoding="utf-8")
    with pytest.raises(PluginError, match="has changed since the study was read"):
        catalogue.function("consistency", "huber")


@pytest.mark.parametrize(
    ("statement", "error"),
    [("import nowhere", "ModuleNotFoundError"), ("raise SystemExit(0)", "SystemExit")],
)
def test_an_import_error_in_a_plugin_is_one_message(
    plugin_study: Path, tmp_path: Path, statement: str, error: str
) -> None:
    """The second one ended a whole run as if all were done."""
    (plugin_study.parent / "my_terms.py").write_text(f"{PLUGIN}\n{statement}\n", encoding="utf-8")
    report = run_trial(trials(load_study(plugin_study))[1], Options(tmp_path / "r"), "cpu")
    assert report.status == "failed"
    assert f"my_terms.py: cannot be imported: {error}" in report.message


@pytest.mark.usefixtures("_forget_plugins")
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
    path.write_text(PLUGIN_STUDY.replace("plugins: [my_terms.py]\n", ""), encoding="utf-8")
    assert list(load_study(path).arms["huber"].plugins) == ["their_terms.py"]
    assert "their_terms" not in sys.modules
