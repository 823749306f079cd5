"""Where a number comes from: git state, package versions, processor.

Nothing here imports torch; the runner adds the device.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ogan_bench.files import Record

PACKAGES = ("torch", "torchvision", "torch-fidelity", "numpy", "scipy", "scikit-learn")

Facts = dict[str, str | int | float | bool | None]

TOOL = ("ogan_bench", "git_commit")
"""Which of the facts say what ran a trial: the version of the tool, and its commit."""


@cache
def code_and_machine() -> Facts:
    """Versions, git state and processor of this installation."""
    return {
        "ogan_bench": package_version(),
        **_git(),
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
        "platform": platform.system() + " " + platform.machine(),
        "cpu": _processor(),
        "cores": os.cpu_count(),
    }


def tool(facts: Record) -> Record:
    """Version and commit of the tool, as facts state them."""
    return {key: facts.get(key) for key in TOOL}


def trained_with(run: Record) -> list[Record]:
    """The tools that trained a trial: one for each attempt that says so, and that of the last one.

    Args:
        run: ``run.json``. Attempts of older ones do not say what ran them.
    """
    attempts = [
        attempt["tool"]
        for attempt in run.get("attempts", [])
        if attempt.get("trains") and "tool" in attempt
    ]
    return [*attempts, tool(run.get("provenance", {}))]


def package_version() -> str:
    """Version of the installed package, or of the source tree where it is not installed."""
    return _version("ogan-bench") or str(sys.modules["ogan_bench"].__version__)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git() -> Facts:
    """Git commit and whether the tree is dirty; ``None`` outside a checkout."""
    root = Path(__file__).parent.parent.parent
    if not (root / ".git").exists():
        return {"git_commit": None, "git_dirty": None}
    try:
        commit = _run(root, "rev-parse", "HEAD")
        changes = _run(root, "status", "--porcelain", "--", "ogan_bench", "studies")
    except (OSError, subprocess.SubprocessError):
        return {"git_commit": None, "git_dirty": None}
    return {"git_commit": commit, "git_dirty": bool(changes)}


def _run(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(root), *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    ).stdout.strip()


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
