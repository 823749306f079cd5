"""Opening mirrors by their names."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.mirrors import open_mirrors


def test_unknown_mirrors_and_missing_packages_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=r"no mirror .tensorbord.\. Did you mean .tensorboard."):
        open_mirrors(["tensorbord"], tmp_path)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(
        UserError, match=r"mirror mlflow needs a package.*mlflow.*pip install 'ogan-bench\[log"
    ):
        open_mirrors(["mlflow"], tmp_path)
    assert not list(tmp_path.iterdir())
