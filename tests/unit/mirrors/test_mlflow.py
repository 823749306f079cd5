"""What is written to MLflow, read back by its own client."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.mirrors.mirrored_trial import FINAL, MORE, POINTS, TRIAL, opened

pytestmark = pytest.mark.usefixtures("_no_accounts")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")  # of MLflow's own queries
def test_mlflow_reads_values_parameters_tags_and_status(tmp_path: Path) -> None:
    """In the database that is used if no server is named."""
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
