"""Figures as files: SVG for the page, PNG and PDF for papers and wherever SVG is not supported.

Drawn with matplotlib's objects and without pyplot, so no global state remains. Margins are fixed:
a layout engine would take as long as drawing the figure.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from ogan_bench.errors import UserError
from ogan_bench.files import write_bytes
from ogan_bench.report.figures.ticks import draw_ticks

INK, SOFT, GRID = "#1f2430", "#5b6472", "#e4e7eb"

STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.labelpad": 2,
    "axes.labelsize": 9,
    "axes.linewidth": 0.7,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "axes.titley": 1.0,
    "figure.dpi": 72,  # screen lengths are in points
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana"],
    "font.size": 8,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "lines.markersize": 6,
    "path.simplify_threshold": 0.3,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "ogan_bench",
    "text.color": INK,
    "text.parse_math": False,  # a $ in a name does not start math mode
    "xtick.bottom": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "ytick.left": False,
}

DENSITY = 192
"""PNG resolution in dots per inch."""

_METADATA: dict[str, dict[str, None]] = {
    "svg": dict.fromkeys(("Creator", "Date", "Format", "Type")),
    "png": {"Software": None},
    "pdf": dict.fromkeys(("Creator", "CreationDate", "Producer")),
}
"""Metadata that would vary with date and version is left out of the files."""

FORMATS = tuple(_METADATA)


@dataclass(frozen=True)
class Drawing:
    """A figure, drawn only when a file of it is requested.

    Args:
        title: Title, used as the caption.
        alt: Alternative text that describes the figure, with the numbers.
        plot: Draws the figure.
    """

    title: str
    alt: str
    plot: Callable[[], Figure]

    def figure(self) -> Figure:
        """The figure with all its artists; it must be drawn in the style of :data:`STYLE`."""
        figure = self.plot()
        draw_ticks(figure)
        return figure

    @cached_property
    def svg(self) -> bytes:
        """The figure as an SVG file."""
        return _rendered(self, "svg")

    def save(self, path: Path | str) -> Path:
        """Write the figure to a file; the extension sets the format: svg, png or pdf.

        Raises:
            UserError: The extension is none of these, or the file cannot be written.
        """
        path = Path(path)
        kind = path.suffix.removeprefix(".")
        if kind not in FORMATS:
            raise UserError(f"{path}: end the name in {', '.join(f'.{name}' for name in FORMATS)}")
        write_bytes(path, render(self, kind), durable=False)
        return path

    def _repr_svg_(self) -> str:
        """Representation in notebooks."""
        return self.svg.decode()


def render(drawing: Drawing, kind: str) -> bytes:
    """A drawing as a file.

    Args:
        drawing: The figure.
        kind: One of :data:`FORMATS`.
    """
    return drawing.svg if kind == "svg" else _rendered(drawing, kind)


def _rendered(drawing: Drawing, kind: str) -> bytes:
    file = io.BytesIO()
    metadata = {**_METADATA[kind], "Title": drawing.title}
    with rc_context(STYLE), warnings.catch_warnings():
        # Browsers have glyphs for names that the font used for measuring lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        drawing.figure().savefig(file, format=kind, dpi=DENSITY, metadata=metadata)
    return file.getvalue()
