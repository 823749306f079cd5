"""The published reports as pages: rendered anew from results/reference, which is only read."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPORT = "report.html"


def published(reference: Path) -> list[str]:
    """Names of the published studies."""
    return sorted(path.parent.name for path in reference.glob("*/study.json"))


def write_reports(reference: Path, target: Path) -> None:
    """Write ``NAME/report.html`` for every published study, and ``index.html``, their list.

    Args:
        reference: The published results; a copy of it is reported on.
        target: A folder of the site.

    Raises:
        RuntimeError: A report cannot be rendered.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "reference"
        shutil.copytree(reference, copy)
        report = [sys.executable, "-m", "ogan_bench", "report", "--results", str(copy)]
        done = subprocess.run([*report, "--format", "html"], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"the published reports cannot be rendered:\n{done.stderr}")
        for page in (*(Path(name) / REPORT for name in published(copy)), Path("index.html")):
            (target / page).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(copy / page, target / page)
