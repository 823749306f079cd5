"""The commands in shell blocks of the documentation run, where they take no training or network.

One of each shape is run, of all pages, in a folder that holds what a reader has by then: a study's
results, which are the published ones, images and an encoder. The others are parsed
(test_readme.py, tests/website/test_guide.py).
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from ogan_bench import cli
from tests.shown_commands import in_blocks, shape, why_not_run, words

ROOT = Path(__file__).parent.parent.parent
ENCODER = ROOT / "ogan_bench" / "encoder" / "trained" / "digits"
REFERENCE = ROOT / "results" / "reference" / "mse_vs_pearson"
PAGES = ["README.md", *sorted(str(page.relative_to(ROOT)) for page in ROOT.glob("docs/**/*.md"))]
PLACES = {
    "/shared/results": "shared",
    "my_study.yaml": "studies/mse_vs_pearson.yaml",
    "my_study": "mse_vs_pearson",
}
"""What stands for names of the reader's own."""


def shown() -> dict[str, str]:
    """Command to the page that shows it: the first of each shape of those that are run."""
    found: dict[str, str] = {}
    for page in PAGES:
        for text in re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL):
            found |= {line: page for line in in_blocks(text) if line not in found}
    first = {shape(line): line for line in reversed(found) if why_not_run(line) is None}
    return {line: page for line, page in found.items() if line in first.values()}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages take for granted."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "studies").symlink_to(ROOT / "studies")
    (folder / "my_encoder").symlink_to(ENCODER)
    (folder / "data" / "photos").mkdir(parents=True)
    (folder / "photos").symlink_to(folder / "data" / "photos")
    random = np.random.default_rng(0)
    for i in range(20):
        pixels = random.integers(0, 256, (128, 128), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "photos" / f"{i}.png")
    (terms,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/guide/own_arm.md").read_text(), re.S
    )
    (folder / "my_terms.py").write_text(terms, encoding="utf-8")
    return folder


@pytest.mark.usefixtures("_forget_plugins")
@pytest.mark.parametrize(
    ("line", "page"), shown().items(), ids=[" ".join(words(line)) for line in shown()]
)
def test_a_shown_command_runs(
    line: str, page: str, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk)
    typed = [PLACES.get(word, word) for word in words(line)]
    new = ("results", "shared") if typed[0] in ("register", "merge") else ()
    for results in ("results", "results/reference", "shared", "node_1", "node_2"):
        place = desk / results / REFERENCE.name
        if results in new:
            shutil.rmtree(place, ignore_errors=True)
        elif not (place / "trials.parquet").exists():
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(REFERENCE, place)
    done = CliRunner().invoke(cli.app, typed)
    assert done.exit_code == 0, (page, done.output, done.exception)


def test_what_is_not_run_has_its_reason() -> None:
    lines = [line for page in PAGES for line in in_blocks((ROOT / page).read_text("utf-8"))]
    reasons = {words(line)[0]: why_not_run(line) for line in lines if why_not_run(line)}
    assert {"run", "try", "tune", "work", "watch"} <= set(reasons)
    assert {"init", "plan", "status", "report", "claims", "describe", "encode"} <= {
        words(line)[0] for line in shown()
    }
