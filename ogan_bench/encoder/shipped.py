"""The encoders that come with the package; read without importing torch."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).parent / "trained"
"""Exported folders, each named after its dataset."""


def shipped_encoders() -> dict[str, Path]:
    """Names and folders of the encoders that come with the package."""
    return {path.name: path for path in sorted(SHIPPED.iterdir()) if path.is_dir()}
