"""Whatever ``nets.json`` holds, an encoder is loaded or one file is named."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ogan_bench.errors import UserError
from ogan_bench.sampling.stored_pair import read_pair
from ogan_bench.store.stored_nets import FACTS
from tests.contracts.small_trials import few_images, small_trial
from tests.fuzz.mutations import examples, rewrite
from tests.unit.encoder.stored_encoders import store

EXAMPLES = 25
"""Of each test in CI."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stored nets of a trial that was not trained."""
    folder = tmp_path_factory.mktemp("nets")
    store(folder, small_trial(), few_images())
    return folder


@examples(EXAMPLES)
@given(data=st.data())
def test_other_values(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = shutil.copytree(whole, tmp_path_factory.mktemp("changed"), dirs_exist_ok=True)
    rewrite(folder / FACTS, data)
    with suppress(UserError):
        assert read_pair(folder) is not None
