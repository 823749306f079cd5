"""Whatever the files of a results folder hold, a report is made of it or one file is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.errors import UserError
from ogan_bench.report.report import write_report
from ogan_bench.store.examination import examine_results
from ogan_bench.store.trial_store import TrialStore
from tests.fuzz.mutations import examples, mutated, rewrite
from tests.unit.analysis.study_with_pictures import register, write

EXAMPLES = 3
"""Of each test in CI."""

TRIAL = "demo/none/seed-1"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registered study of two arms with three seeds."""
    root = write(tmp_path_factory.mktemp("whole"))
    register(root)
    return root


def check(root: Path) -> None:
    """Read a results folder by every reader, after a change to one of its files."""
    examine_results(root)
    for folder in TrialStore(root).folders("demo"):
        try:
            folder.state()
        except UserError:
            continue
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    try:
        analysis = analyse_stored(root, "demo")
    except UserError:
        after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
        assert after == before
    else:
        write_report(analysis, formats=("md", "csv", "json"), figure_formats=())


@pytest.mark.parametrize(
    "name", ["demo/study.json", "demo/registered.json", f"{TRIAL}/run.json", f"{TRIAL}/result.json"]
)
@examples(EXAMPLES)
@given(data=st.data())
def test_other_values(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    root = shutil.copytree(whole, tmp_path_factory.mktemp("changed"), dirs_exist_ok=True)
    rewrite(root / name, data)
    check(root)


@examples(EXAMPLES)
@given(data=st.data())
def test_other_lines_of_a_log(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root = shutil.copytree(whole, tmp_path_factory.mktemp("changed"), dirs_exist_ok=True)
    path = root / TRIAL / "train.jsonl"
    lines = data.draw(mutated([json.loads(line) for line in path.read_text().splitlines()]))
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    check(root)


@examples(EXAMPLES)
@given(
    name=st.sampled_from(
        ["demo/study.json", "demo/registered.json", f"{TRIAL}/run.json", f"{TRIAL}/result.json"]
    ),
    position=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
)
def test_a_flipped_bit(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, name: str, position: float, bit: int
) -> None:
    root = shutil.copytree(whole, tmp_path_factory.mktemp("changed"), dirs_exist_ok=True)
    content = bytearray((root / name).read_bytes())
    content[int(position * len(content))] ^= 1 << bit
    (root / name).write_bytes(content)
    check(root)
