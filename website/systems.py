"""Diagrams of whole objectives: which nets make what of images and z, and which losses read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from statistics import mean
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, PathPatch
from matplotlib.path import Path

from ogan_bench.objectives.forward_pass import Net
from ogan_bench.report.figures.drawing import INK, SOFT, Drawing
from ogan_bench.report.figures.panels import widest
from ogan_bench.report.figures.style import COLOURS
from website.dataflow import NAMES, Dataflow, dataflow

COLOUR: dict[Net, Any] = dict(zip(NAMES, COLOURS, strict=False))
"""Net to the colour of its boxes and of its loss."""

LONGEST = 20
"""Letters of a formula that stands in its box; a longer one is the name of its net."""

ROW, BOX, MARGIN = 26.0, 17.0, 8.0
"""Height of a row and of a box, margin of the figure, in points."""
SIZE, SMALL = 8.0, 6.5
"""Of letters in boxes and on lines, in points."""
GAP, LAST_GAP = 34.0, 64.0
"""Between columns, and before that of the losses, where most lines cross, in points."""
PASSING = 0.5
"""Share of a row that a line takes which passes a column."""


@dataclass
class Node:
    """A box, or the place where a line passes a column.

    Args:
        text: In the box, or what a line carries that passes.
        passes: Whether it is such a place.
        colour: Of the box; ``None``: it has none.
        rows: Height that it takes, in rows.
        inputs: Keys of the nodes that lines come from.
        y: Of its middle, in rows from the top.
    """

    text: str
    passes: bool = False
    colour: Any = None
    rows: float = 1.0
    inputs: list[str] = field(default_factory=list)
    y: float = 0.0


def system(name: str) -> Drawing:
    """The diagram of an objective.

    Args:
        name: One of those that ``ogan-bench list objectives`` names.
    """
    flow = dataflow(name)
    return Drawing(f"System {name}", in_words(name, flow), partial(_plot, flow))


def in_words(name: str, flow: Dataflow) -> str:
    """The calls of nets, and what each loss reads."""
    losses = [
        f"loss of {NAMES[net]}: "
        + ", ".join(f"{term} of {_list(read)}" for term, read in terms.items())
        for net, terms in flow.losses.items()
    ]
    return f"System {name}. Made: {', '.join(flow.calls)}; {'; '.join(losses)}."


def _list(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _columns(flow: Dataflow) -> list[dict[str, Node]]:
    """Nodes by key, in columns from the sources to the losses."""
    rank: dict[str, int] = {}
    read = [name for terms in flow.losses.values() for names in terms.values() for name in names]
    for name in [*(name for call in flow.calls.values() for name in call.inputs), *read]:
        if name not in flow.calls:
            rank[name] = 0
    for name, call in flow.calls.items():
        rank[name] = 1 + max(rank[source] for source in call.inputs)
    last = 1 + max(rank.values())
    columns: list[dict[str, Node]] = [{} for _ in range(last + 1)]
    for name, at in rank.items():
        if name in flow.calls:
            made = flow.calls[name]
            columns[at][name] = Node(_short(name, flow), colour=COLOUR[made.net])
        else:
            columns[at][name] = Node(name)
    for name, call in flow.calls.items():
        columns[rank[name]][name].inputs = [
            _passing(flow, columns, source, rank[source], rank[name]) for source in call.inputs
        ]
    for net, terms in flow.losses.items():
        columns[last][net] = Node(f"loss of {NAMES[net]}", rows=0.9)
        for term, names in terms.items():
            sources = [_passing(flow, columns, source, rank[source], last) for source in names]
            text = term.replace("_", " ")
            node = Node(text, colour=COLOUR[net], rows=0.85, inputs=sources)
            columns[last][f"{net}.{term}"] = node
    return columns


def _short(name: str, flow: Dataflow) -> str:
    """A formula, or the net that it is of."""
    return name if len(name) <= LONGEST else f"{flow.calls[name].name}(…)"


def _passing(
    flow: Dataflow, columns: Sequence[dict[str, Node]], source: str, start: int, end: int
) -> str:
    """The node before a target, to which a line from a source leads through all columns between."""
    before = source
    for at in range(start + 1, end):
        key = f"{source} passes {at}"
        text = _short(source, flow)
        columns[at].setdefault(key, Node(text, passes=True, rows=PASSING, inputs=[before]))
        before = key
    return before


def _arrange(columns: list[dict[str, Node]]) -> None:
    """Order and place the nodes of every column but the last so that few lines cross."""
    for column in columns:
        _stack(column)
    for _ in range(4):
        for left, column in pairwise(columns[:-1]):
            _sort(column, {key: node.inputs for key, node in column.items()}, left)
        for at in reversed(range(len(columns) - 1)):
            targets: dict[str, list[str]] = {}
            for key, node in columns[at + 1].items():
                for source in node.inputs:
                    targets.setdefault(source, []).append(key)
            _sort(columns[at], targets, columns[at + 1])


def _sort(
    column: dict[str, Node], near: Mapping[str, Iterable[str]], beside: Mapping[str, Node]
) -> None:
    """Sort a column by the mean place of its neighbours in the column beside it."""
    place = {
        key: mean([beside[other].y for other in near.get(key, ())] or [node.y])
        for key, node in column.items()
    }
    ordered = sorted(column.items(), key=lambda item: place[item[0]])
    column.clear()
    column.update(ordered)
    _stack(column)


def _stack(column: Mapping[str, Node]) -> None:
    """Place nodes below one another, the column's middle at 0."""
    y = -sum(node.rows for node in column.values()) / 2
    for node in column.values():
        node.y = y + node.rows / 2
        y += node.rows


def _plot(flow: Dataflow) -> Figure:
    columns = _columns(flow)
    _arrange(columns)
    widths = [widest([node.text for node in column.values()], SIZE) + 8 for column in columns]
    left = [MARGIN + sum(widths[:at]) + GAP * at for at in range(len(columns))]
    left[-1] += LAST_GAP - GAP
    width = left[-1] + widths[-1] + MARGIN
    rows = max(sum(node.rows for node in column.values()) for column in columns)
    height = rows * ROW + 2 * MARGIN
    figure = Figure((width / 72, height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.set_xlim(0, width)
    axes.set_ylim(height / 2, -height / 2)
    for at, column in enumerate(columns):
        for node in column.values():
            y = node.y * ROW
            if node.passes:
                right = left[at] + widths[at]
                axes.plot([left[at], right], [y, y], color=SOFT, linewidth=0.9)
                if at == len(columns) - 2:  # from here on, it is one of many lines
                    place: Any = {"ha": "right", "va": "bottom", "fontsize": SMALL, "color": SOFT}
                    axes.text(right, y - 0.5, node.text, **place)
            elif node.colour is None and at:
                axes.text(left[at], y + 3, node.text, va="center", fontsize=SIZE, fontweight="bold")
            else:
                _box(axes, node, left[at], widths[at])
            for key in node.inputs:
                source = columns[at - 1][key]
                start = (left[at - 1] + widths[at - 1], source.y * ROW)
                of_loss = at == len(columns) - 1
                colour = node.colour if of_loss else SOFT
                _line(axes, start, (left[at], y), colour, is_end=not node.passes)
    return figure


def _box(axes: Axes, node: Node, left: float, width: float) -> None:
    edge = node.colour or SOFT
    inside = tuple(0.85 + 0.15 * part for part in to_rgb(edge)) if node.colour else "white"
    y = node.y * ROW
    style = "round,pad=0,rounding_size=4"
    axes.add_patch(
        FancyBboxPatch(
            (left, y - BOX / 2), width, BOX, style, facecolor=inside, edgecolor=edge, zorder=3
        )
    )
    place: Any = {"ha": "center", "va": "center_baseline", "zorder": 4}
    axes.text(left + width / 2, y, node.text, color=INK, fontsize=SIZE, **place)


def _line(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: Any, *, is_end: bool
) -> None:
    """A curve that leaves and arrives horizontally, with a head where it ends."""
    bend = (end[0] - start[0]) / 2
    points = [start, (start[0] + bend, start[1]), (end[0] - bend, end[1]), end]
    path = Path(points, [Path.MOVETO, *[Path.CURVE4] * 3])
    if is_end:
        axes.add_patch(
            FancyArrowPatch(
                path=path,
                arrowstyle="-|>",
                mutation_scale=7,
                color=colour,
                linewidth=0.9,
                shrinkA=0,
            )
        )
    else:
        axes.add_patch(PathPatch(path, facecolor="none", edgecolor=colour, linewidth=0.9))
