"""Opening mirrors by their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ogan_bench.errors import UserError
from ogan_bench.mirrors import MIRRORS, open_mirrors


def test_unknown_mirrors_and_missing_packages_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=r"no mirror .tensorbord.\. Did you mean .tensorboard."):
        open_mirrors(["tensorbord"], tmp_path)

    def missing(place: Path) -> Any:
        raise ModuleNotFoundError("No module named 'mlflow'")

    monkeypatch.setitem(MIRRORS, "mlflow", missing)
    with pytest.raises(UserError, match=r"No module named 'mlflow'.*pip install 'ogan-bench\[log"):
        open_mirrors(["mlflow"], tmp_path)
    assert not list(tmp_path.iterdir())
