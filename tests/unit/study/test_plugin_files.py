"""Files of plug-ins: found among installed packages, and imported when a trial needs them."""

from __future__ import annotations

import importlib.util
import py_compile
import sys
from pathlib import Path

import pytest

from ogan_bench.errors import PluginError
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.study import catalogue
from ogan_bench.study.load import load_study
from ogan_bench.study.plugin_files import Plugin, import_plugin
from ogan_bench.study.trial import trials
from tests.unit.study.written_plugin import PLUGIN, PLUGIN_STUDY


def test_a_file_that_changes_during_a_run_is_refused(plugin_study: Path) -> None:
    plugin = plugin_study.parent / "my_terms.py"
    plugin.write_text(PLUGIN + "\n# imported by no other test\n", encoding="utf-8")
    load_study(plugin_study)
    plugin.write_text(PLUGIN + "\n# changed\n", encoding="utf-8")
    with pytest.raises(PluginError, match="has changed since the study was read"):
        catalogue.function("consistency", "huber")


def test_a_compiled_file_beside_a_plugin_never_runs(tmp_path: Path) -> None:
    """Python's loader takes it unchecked where its header says so, whatever the source says."""
    source = tmp_path / "harmless.py"
    source.write_bytes(b"VALUE = 'of the source'\n")
    other = tmp_path / "other.py"
    other.write_bytes(b"VALUE = 'of the compiled file'\n")
    py_compile.compile(
        str(other),
        cfile=importlib.util.cache_from_source(source),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    module = import_plugin(Plugin.of(source, source.read_bytes()))
    assert vars(module)["VALUE"] == "of the source"


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
@pytest.mark.parametrize("module", ["their_terms", "their_package.their_terms"])
def test_plugins_of_installed_packages_are_found_and_not_imported(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, _, _ = module.rpartition(".")
    folder = tmp_path / package
    folder.mkdir(exist_ok=True)
    (folder / "their_terms.py").write_text(PLUGIN, encoding="utf-8")
    if package:
        (folder / "__init__.py").touch()
    facts = tmp_path / "their_terms-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: their-terms\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[ogan_bench.plugins]\ntheirs = {module}\n")
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "s.yaml"
    path.write_text(PLUGIN_STUDY.replace("plugins: [my_terms.py]\n", ""), encoding="utf-8")
    assert list(load_study(path).arms["huber"].plugins) == ["their_terms.py"]
    assert not {module, package} & set(sys.modules)
