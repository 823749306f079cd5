"""What is written to TensorBoard, MLflow and Weights & Biases, read back by their own readers."""

from __future__ import annotations

import importlib
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from ogan_bench.errors import UserError
from ogan_bench.mirrors import open_mirrors
from ogan_bench.mirrors import wandb as wandb_mirror
from ogan_bench.mirrors.base import Mirror, Mirrored, Point

TRIAL = Mirrored(
    id="study/pearson/seed-0",
    study="study",
    settings={
        "seed": 0,
        "training.optimizer.lr": 1e-4,
        "data.flip": True,
        "data.name": "digits",
        "evaluation.extractors": ["classifier"],
        "evaluation.every": None,
    },
    config_hash="0123456789abcdef",
    started=1767323045.0,
)
POINTS = [
    Point(10, 1.0, {"train/rho": 0.5, "train/encoder_loss": -2.0}),
    Point(20, 2.0, {"train/rho": 0.75}),
    Point(20, 2.0, {"test/fd_classifier": 1.5}),
]
MORE = [Point(30, 3.0, {"train/rho": 0.875})]
FINAL = Point(40, 4.0, {"final/fid": 12.5})


@pytest.fixture(autouse=True)
def _no_accounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither servers nor keys of whoever runs the tests."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "WANDB_MODE", "WANDB_API_KEY",
                 "WANDB_PROJECT", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_BASE_URL"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def opened(name: str, results: Path) -> Mirror:
    (mirror,) = open_mirrors([name], results)
    return mirror


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


def test_tensorboard_goes_on_in_its_folder_and_replaces_an_earlier_run(tmp_path: Path) -> None:
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


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")  # of MLflow's own queries
def test_mlflow_reads_values_parameters_tags_and_status(tmp_path: Path) -> None:
    """In the database that is used where no server is named."""
    mirror = opened("mlflow", tmp_path)
    run = mirror.begin(TRIAL, None)
    run.log(POINTS)
    run.close()

    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path / 'mirrors' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("study")
    assert experiment is not None
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.run_id == run.id
    assert found.info.run_name == TRIAL.id
    assert found.info.status == "KILLED"
    assert found.data.tags["config_hash"] == TRIAL.config_hash
    assert found.data.params["training.optimizer.lr"] == "0.0001"
    assert found.data.params["evaluation.extractors"] == "['classifier']"

    again = opened("mlflow", tmp_path).begin(TRIAL, run.id)
    assert again.id == run.id
    assert client.get_run(run.id).info.status == "RUNNING"
    again.log(POINTS[1:] + MORE)  # a value that is written twice is one value
    again.finish(FINAL, "ok")
    history = client.get_metric_history(run.id, "train/rho")
    stated = sorted((point.step, point.value, point.timestamp) for point in history)
    assert stated == [
        (10, 0.5, 1767323046000), (20, 0.75, 1767323047000), (30, 0.875, 1767323048000)
    ]  # fmt: skip
    ended = client.get_run(run.id)
    assert ended.info.status == "FINISHED"
    assert ended.info.end_time == 1767323049000
    assert ended.data.metrics["final/fid"] == 12.5
    assert ended.data.tags["outcome"] == "ok"

    new = mirror.begin(TRIAL, "0" * 32)
    assert new.id not in (run.id, "0" * 32)
    client.delete_run(new.id)
    assert mirror.begin(TRIAL, new.id).id != new.id
    assert not (tmp_path / "mlruns").exists()


@pytest.fixture
def wandb_stopped() -> Iterator[None]:
    """Ends the process that wandb starts."""
    yield
    import wandb

    wandb.teardown()


def offline_runs(results: Path) -> list[Path]:
    return sorted((results / "mirrors" / "wandb").glob("offline-run-*"))


def payloads(content: bytes) -> Iterator[bytes]:
    """Records of an offline run: LevelDB's log format after a header of 7 bytes.

    Blocks of 32 KiB hold pieces of checksum (4 bytes), length (2), kind (1: whole, 2: first,
    3: middle, 4: last) and data; fewer than 7 bytes at the end of a block are padding.
    """
    assert content[:4] == b":W&B"
    at, whole = 7, b""
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        size, kind = struct.unpack("<HB", content[at + 4 : at + 7])
        whole += content[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):
            yield whole
            whole = b""


def offline_records(folder: Path) -> tuple[list[dict[str, str]], dict[str, str]]:
    """History and summary of an offline run."""
    messages = importlib.import_module("wandb.proto.wandb_internal_pb2")

    def named(items: Any) -> dict[str, str]:
        return {item.key or ".".join(item.nested_key): item.value_json for item in items}

    (path,) = folder.glob("*.wandb")
    history: list[dict[str, str]] = []
    summary: dict[str, str] = {}
    for payload in payloads(path.read_bytes()):
        record = messages.Record.FromString(payload)
        if record.HasField("history"):
            history.append(named(record.history.item))
        if record.HasField("summary"):
            summary |= named(record.summary.update)
    return history, summary


def written_records(folder: Path) -> tuple[list[dict[str, str]], dict[str, str]]:
    """The records once the last of them is there: W&B's own process writes, and may be late."""
    for _ in range(300):
        history, summary = offline_records(folder)
        if "outcome" in summary:
            break
        time.sleep(0.2)
    return history, summary


@pytest.mark.usefixtures("wandb_stopped")
def test_wandb_is_offline_without_a_key_and_writes_a_resumed_trial_again(tmp_path: Path) -> None:
    mirror = opened("wandb", tmp_path)
    run = mirror.begin(TRIAL, None)
    run.log(POINTS)
    run.close()
    (folder,) = offline_runs(tmp_path)
    assert folder.name == run.id

    again = mirror.begin(TRIAL, run.id)
    assert again.id != run.id
    assert again.id.rpartition("-")[2] == run.id.rpartition("-")[2]
    again.log(POINTS + MORE)
    again.finish(FINAL, "ok")
    (folder,) = offline_runs(tmp_path)
    assert folder.name == again.id
    history, summary = written_records(folder)
    rho = [(row["step"], row["train/rho"]) for row in history if "train/rho" in row]
    assert rho == [("10", "0.5"), ("20", "0.75"), ("30", "0.875")]
    assert [row["step"] for row in history if "test/fd_classifier" in row] == ["20"]
    assert (summary["final/fid"], summary["outcome"]) == ("12.5", '"ok"')


def test_wandb_never_asks_for_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not wandb_mirror.has_key()
    monkeypatch.setenv("WANDB_MODE", "online")
    with pytest.raises(UserError, match="wandb login"):
        open_mirrors(["wandb"], tmp_path)
    (tmp_path / "netrc").write_text("machine api.wandb.ai login user password secret\n")
    assert wandb_mirror.has_key()
    monkeypatch.setenv("WANDB_BASE_URL", "https://wandb.example")
    assert not wandb_mirror.has_key()
    monkeypatch.setenv("WANDB_API_KEY", "secret")
    assert wandb_mirror.has_key()
