"""Shared by tests of the mirrors: they never use the accounts of whoever runs them."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def _no_accounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither servers nor keys of whoever runs the tests."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "WANDB_MODE", "WANDB_API_KEY",
                 "WANDB_PROJECT", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_BASE_URL"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
