"""What is written to TensorBoard, read back by its own reader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from tests.unit.mirrors.mirrored_trial import FINAL, MORE, POINTS, TRIAL, opened

pytestmark = pytest.mark.usefixtures("_no_accounts")


def events(results: Path) -> EventAccumulator:
    read = EventAccumulator(str(results / "mirrors" / "tensorboard" / TRIAL.id))
    read.Reload()
    return read


def test_tensorboard_reads_values_steps_times_and_settings(tmp_path: Path) -> None:
    run = opened("tensorboard", tmp_path).begin(TRIAL, None)
    run.log(POINTS)
    flushed = events(tmp_path).Scalars("train/rho")  # before the run is closed
    run.finish(FINAL, "ok")
    read = events(tmp_path)
    assert set(read.Tags()["scalars"]) == {
        "train/rho", "train/encoder_loss", "test/fd_classifier", "final/fid"
    }  # fmt: skip
    rho = [(event.step, event.value, event.wall_time) for event in flushed]
    assert rho == [(10, 0.5, TRIAL.started + 1.0), (20, 0.75, TRIAL.started + 2.0)]
    assert [(event.step, event.value) for event in read.Scalars("final/fid")] == [(40, 12.5)]

    (content,) = read.PluginTagToContent("hparams").values()
    stated = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
    assert stated["training.optimizer.lr"].number_value == 1e-4
    assert stated["data.flip"].bool_value is True
    assert stated["data.name"].string_value == "digits"
    assert stated["evaluation.extractors"].string_value == '["classifier"]'
    assert stated["evaluation.every"].string_value == "null"
    assert stated["config_hash"].string_value == TRIAL.config_hash


def test_tensorboard_continues_in_its_folder_and_replaces_an_earlier_run(tmp_path: Path) -> None:
    first = opened("tensorboard", tmp_path).begin(TRIAL, None)
    first.log(POINTS)
    first.close()
    mirror = opened("tensorboard", tmp_path)
    again = mirror.begin(TRIAL, first.id)
    again.log(MORE)
    again.close()
    assert again.id == first.id
    assert [event.step for event in events(tmp_path).Scalars("train/rho")] == [10, 20, 30]

    other = mirror.begin(TRIAL, "of-a-deleted-folder")
    other.log(MORE)
    other.close()
    assert other.id not in (first.id, "of-a-deleted-folder")
    assert [event.step for event in events(tmp_path).Scalars("train/rho")] == [30]


def test_tensorboard_is_written_without_torch_and_tensorflow(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ogan_bench.mirrors import open_mirrors\n"
        f"open_mirrors(['tensorboard'], Path({str(tmp_path)!r}))\n"
        "print([m for m in ('torch', 'tensorflow', 'pandas', 'mlflow') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
