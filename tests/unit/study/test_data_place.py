"""Images beside the study file: they are found from anywhere, and moved along with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ogan_bench.errors import UserError
from ogan_bench.runner.study import resolved_record
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.store.stored_trials import planned_trials, stored_trials
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.data_place import located
from ogan_bench.study.load import load_study
from ogan_bench.study.parts import Component
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import trials

TEXT = """\
name: beside
question: Is it found?
base:
  data: {name: image_folder, path: ./photos/all, resolution: 16}
  model: {name: dcgan, z_dim: 8, width: 4}
  objective: {adversarial: linear, readout: avg, consistency: pearson, penalty: none}
  training: {steps: 2, batch_size: 4, optimizer: rmsprop}
  evaluation: {samples: 20, probe_images: 0}
arms: {one: {}}
seeds: [0]
metrics: [reconstruction_mse]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    folder = tmp_path / "home" / "photos" / "all"
    folder.mkdir(parents=True)
    for k in range(30):
        Image.fromarray(rng.integers(0, 255, (16, 16, 3), np.uint8)).save(folder / f"{k}.png")
    (tmp_path / "home" / "beside.yaml").write_text(TEXT)
    return tmp_path / "home"


def data(path: str) -> Component:
    study = load_study(Path("studies/mse_vs_pearson.yaml"))
    settings = study.arms["pearson"].model_dump(mode="json")
    return Settings.model_validate(
        {**settings, "data": {"name": "image_folder", "path": path}}
    ).data


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("./photos", "/my/studies/photos"),
        ("../photos/", "/my/photos"),
        ("photos", "photos"),  # in $OGAN_BENCH_DATA, as ever
        (".hidden", ".hidden"),
        ("/photos", "/photos"),
    ],
)
def test_only_marked_paths_start_at_the_file(path: str, expected: str) -> None:
    assert located(data(path), Path("/my/studies")).parameters()["path"] == expected


def test_a_lost_file_is_asked_for() -> None:
    with pytest.raises(UserError, match=r"\./photos starts at the study file.*run the study from"):
        located(data("./photos"), None)


def test_it_is_found_from_anywhere_and_may_move(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    study = load_study(Path("beside.yaml"))
    wanted = trials(study)
    store = TrialStore(Path("results"))
    record = resolved_record(store, study, wanted, Path("beside.yaml"), None, ())
    assert record["file_folder"] == ".."
    store.write_study("beside", record)
    monkeypatch.chdir(tmp_path)
    root = home / "results"
    report = run_trial(wanted[0], Options(root), "cpu")
    assert report.status == "finished", report.message

    moved = home.rename(tmp_path / "elsewhere")
    store = TrialStore(moved / "results")
    again = load_study(moved / "beside.yaml")
    assert trials(again)[0].config_hash == wanted[0].config_hash
    folders = store.folders("beside")
    (stored,) = stored_trials(store.read_study("beside"), folders)
    report = run_trial(stored, Options(moved / "results", again=True), "cpu")
    assert report.status == "finished", report.message
    assert planned_trials(store, ["beside"]) == [stored]

    place = located(stored.settings.data, stored.file_folder).parameters()["path"]
    assert Path(place).resolve() == moved / "photos" / "all"


def test_nothing_is_recorded_where_it_is_not_needed(tmp_path: Path) -> None:
    path = Path("studies/mse_vs_pearson.yaml")
    study = load_study(path, scale="smoke")
    record = resolved_record(TrialStore(tmp_path), study, trials(study), path, "smoke", ())
    assert "file_folder" not in record
