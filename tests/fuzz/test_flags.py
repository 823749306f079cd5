"""Whatever is typed as a flag, the command does its work or refuses it: exit code 0 or 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.errors import UserError
from tests.fuzz.mutations import ODD_TEXTS, TOKENS, examples
from tests.unit.study.written_study import STUDY

EXAMPLES = 30
"""Of each test in CI."""

TEXTS = st.text(max_size=8) | st.sampled_from([*ODD_TEXTS, *TOKENS, "all", "0-4", "none,pearson"])
KEYS = st.sampled_from(
    ["training.steps", "model", "data.name", "objective", "objective.consistency.name", "seed", "0"]
)
OVERRIDES = st.builds(lambda key, sign, value: key + sign + value, KEYS | TEXTS, TEXTS, TEXTS)
FLAGS = st.one_of(
    st.tuples(st.just("--set"), OVERRIDES | st.builds("{}={}".format, KEYS, TEXTS)),
    st.tuples(st.sampled_from(["--seeds", "--arms", "--scale", "--device", "--workers"]), TEXTS),
    st.tuples(TEXTS),
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("study") / "tiny.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@examples(EXAMPLES)
@given(command=st.sampled_from(["plan", "status"]), flags=st.lists(FLAGS, min_size=1, max_size=3))
def test_flags_of_a_study(study: Path, command: str, flags: list[tuple[str, ...]]) -> None:
    results = study.parent / "results"
    words = [command, str(study), *(word for flag in flags for word in flag)]
    words += ["--no-measure"] if command == "plan" else ["--results", str(results)]
    done = CliRunner().invoke(app, words)
    is_refused = isinstance(done.exception, UserError) or done.exit_code == 2
    assert is_refused or done.exit_code == 0, done.exception
    assert [path.name for path in study.parent.iterdir()] == ["tiny.yaml"]
