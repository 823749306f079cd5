"""The studies that come with the package."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.study.yaml_errors import read_yaml

PACKAGE = Path(__file__).parent.parent

SHIPPED = (PACKAGE.parent / "studies", PACKAGE / "studies")
"""Folder of the shipped studies: in a checkout, and in an installed package."""


def shipped_studies() -> dict[str, Path]:
    """Names and files of the studies that come with the package."""
    folder = next((folder for folder in SHIPPED if folder.is_dir()), None)
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))} if folder else {}


def find_study(path: Path) -> Path:
    """The file itself, or the shipped study if there is no such file.

    A shipped study goes by its name or by its path in a checkout, ``studies/NAME.yaml``; any other
    path is of a file of the user's, and must exist.
    """
    if not path.is_file():
        for name, file in shipped_studies().items():
            if path in (Path(name), Path("studies", f"{name}.yaml")):
                return file
    return path


def read_question(path: Path) -> str:
    """The question of a study file."""
    return str(read_yaml(path).get("question", "")).strip()
