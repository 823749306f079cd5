"""Diagrams of the parts of an objective, each drawn from the part's own function.

A kind of part has one diagram: what its functions are of, on inputs small enough to draw. A part
that is a function of whole networks, or that is zero, has none; whole objectives are drawn as
systems.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from types import SimpleNamespace

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from ogan_bench.analysis.formatting import number
from ogan_bench.models.normalization import centre, standardise
from ogan_bench.objectives.parts.adversarial import Adversarial
from ogan_bench.objectives.parts.call_by_name import argument_names, call_with
from ogan_bench.objectives.parts.consistency import Consistency
from ogan_bench.objectives.parts.readouts import Readout
from ogan_bench.objectives.parts.score_averages import ScoreAverages
from ogan_bench.report.figures.drawing import Drawing
from ogan_bench.report.figures.panels import frame, scaled
from ogan_bench.report.figures.style import styles
from ogan_bench.seeding import generator
from ogan_bench.study import catalogue
from ogan_bench.study.parts import build
from website.systems import system

POINTS = 61
"""Points of a line, and of a side of a plane."""

D, BATCH = 16, 64
"""Dimensions of z, and codes of a batch."""


@dataclass(frozen=True)
class Panel:
    """A panel of lines.

    Args:
        title: What is shown.
        along: Label of the x axis.
        x: Shape ``(n,)``.
        lines: Label to values, each of shape ``(n,)``.
    """

    title: str
    along: str
    x: Tensor
    lines: Mapping[str, Tensor]


@cache
def diagram(kind: str, name: str) -> Drawing | None:
    """The diagram of a part, or ``None``."""
    return DIAGRAMS[kind](name) if kind in DIAGRAMS and name != "none" else None


def adversarial(name: str) -> Drawing:
    """The losses of E and G over the score of one image, the other image's score being 0."""
    loss: Adversarial = build("adversarial", name)
    scores, zero = _line(-4, 4), torch.zeros(1).double()

    def over(side: Callable[..., Tensor], of: str) -> Tensor:
        """Of batches of one image: some losses take an average over the batch."""
        pairs = [{"real": zero, "fake": zero, of: score[None]} for score in scores]
        return torch.cat([call_with(side, SimpleNamespace(**pair)) for pair in pairs])

    labels = {"real": "score of a real image", "fake": "score of a generated image"}
    panels = [
        Panel(
            f"loss of {net}",
            "score",
            scores,
            {labels[of]: over(side, of) for of in labels if of in argument_names(side)},
        )
        for net, side in (("E", loss.encoder), ("G", loss.generator))
    ]
    return _of_lines(f"Adversarial loss {name}", [panels])


def readout(name: str) -> Drawing | None:
    """The score of codes of two dimensions, if the code alone decides it."""
    part: Readout = build("readouts", name)
    if argument_names(part.score) != ("code",):
        return None
    side = _line(-2, 2)
    plane = torch.cartesian_prod(side, side)
    scores = part.score(plane).reshape(POINTS, POINTS).T

    def plot() -> Figure:
        figure, (axes,) = frame(1, height=240, left=140, right=100)
        lines = axes.contour(side, side, scores, levels=9, colors=["#2b5fa8"], linewidths=1)
        axes.clabel(lines, fontsize=8)
        axes.set_xlabel("e₁")
        axes.set_title("score of e = (e₁, e₂)")
        for which in ("x", "y"):
            scaled(axes, which, ())
        return figure

    at = {code: part.score(torch.tensor([code]).double()) for code in CORNERS}
    shown = ", ".join(f"{_said(score)} at e = {code}" for code, score in at.items())
    return Drawing(f"Readout {name}", f"Readout {name}: the score is {shown}.", plot)


CORNERS = ((1, 1), (1, -1), (-1, -1), (2, 2))
"""Codes whose scores are stated in words."""


def consistency(name: str) -> Drawing:
    """The loss and the length of its gradient, as a code leaves z by angle, scale or average.

    G is the identity for terms of images: an image is its own code.
    """
    term: Consistency = build("consistency", name)
    random = generator(0, "website/diagrams")
    z = standardise(torch.randn(BATCH, D, generator=random, dtype=torch.float64))
    away = centre(z[1:2] - (z[1:2] * z[:1]).mean() * z[:1])
    away = standardise(away)[0]

    def image(code: Tensor) -> Tensor:
        return code.reshape(-1, 1, 1, D)

    def at(code: Tensor) -> tuple[Tensor, Tensor]:
        code = code.requires_grad_()
        codes = torch.cat([code[None], z[1:]])
        view = SimpleNamespace(
            z=z,
            code=codes,
            log_variance=torch.zeros_like(z),
            x=image(z),
            code_real=codes,
            decode=image,
        )
        loss = call_with(term.loss, view)[0]
        (slope,) = torch.autograd.grad(loss, code)
        return loss.detach(), slope.norm()

    def turned(angle: Tensor) -> Tensor:
        return angle.cos() * z[0] + angle.sin() * away

    oblique = turned(torch.tensor(OBLIQUE).double().deg2rad())
    moves: list[tuple[str, Tensor, Callable[[Tensor], Tensor]]] = [
        ("angle to z (°)", _line(0, 180), lambda a: turned(a.deg2rad())),
        ("scale of the code", _line(0.2, 3), lambda c: c * oblique),
        ("average of the code", _line(-2, 2), lambda a: oblique + a),
    ]
    rows: list[list[Panel]] = [[], []]
    for along, x, code in moves:
        found = zip(*[at(code(value)) for value in x], strict=True)
        for row, title, values in zip(rows, ("loss", "length of its gradient"), found, strict=True):
            row.append(Panel(title, along, x, {"": torch.stack(values)}))
    return _of_lines(f"Consistency term {name}", rows)


OBLIQUE = 60.0
"""Degrees between z and a code whose scale or average changes."""


def penalty(name: str) -> Drawing:
    """The penalty of a linear score s(x) = a·x over its slope a, for one pair of images."""
    function = catalogue.function("penalties", name)
    x, x_fake = (torch.full((1, 1, 1, 1), value).double().requires_grad_() for value in (-1.0, 1.0))
    slopes, one = _line(-3, 3), torch.ones(1, 1, 1, 1).double()

    def at(slope: Tensor) -> Tensor:
        linear = nn.Linear(1, 1, bias=False).double()
        nn.init.constant_(linear.weight, float(slope))

        def score(images: Tensor) -> Tensor:
            scores: Tensor = linear(images.flatten(1)).squeeze(1)
            return scores

        view = SimpleNamespace(
            x=x,
            x_fake=x_fake,
            score_real=score(x),
            score_fake=score(x_fake),
            score=score,
            score_generated=score,
            scorer=linear,
            mixing=one / 2,
            offset_real=one,
            offset_fake=one,
            averages=ScoreAverages(torch.tensor([-1.0, 1.0, 1.0])),  # those of slope 1
            is_turn=lambda every: True,
            after_update=lambda action: None,
        )
        found: Tensor = call_with(function, view).detach()
        return found

    values = torch.cat([at(slope) for slope in slopes])
    panel = Panel("penalty", "slope a of the score a·x", slopes, {"": values})
    return _of_lines(f"Penalty {name}", [[panel]])


def schedule(name: str) -> Drawing | None:
    """The weight over the share of the training that is done; what must be stated is 1."""
    part, function = catalogue.parts("schedules")[name], catalogue.function("schedules", name)
    if argument_names(function) != ("progress",):
        return None
    stated = {each.name: 1.0 for each in part.parameters if "default" not in each.record()}
    progress = _line(0, 1)
    values = torch.tensor([function(float(at), **stated) for at in progress])
    panel = Panel("weight", "share of the training", progress, {"": values})
    return _of_lines(f"Schedule {name}", [[panel]])


DIAGRAMS: dict[str, Callable[[str], Drawing | None]] = {
    "adversarial": adversarial,
    "readouts": readout,
    "consistency": consistency,
    "penalties": penalty,
    "schedules": schedule,
    "objectives": system,
}
"""Kind of part to what draws one of its parts."""

EXPLAINED = {
    "adversarial": "The pictures show the losses over the score of one image, while the score of "
    "the other image of its pair is 0; batches are of one pair.",
    "readouts": "The pictures show the score of codes of two dimensions, as contours; a readout "
    "with a part that is learned has none.",
    "consistency": "The pictures show a code that leaves z, in 16 dimensions, z having average 0 "
    "and standard deviation 1: by its angle alone; by its scale, 60° from z; by its average, 60° "
    "from z. Where a line is flat, the term leaves that free. Below is the length of the gradient "
    "with respect to the code. For terms of images, G is the identity.",
    "penalties": "The pictures show the penalty of a linear score, s(x) = a·x, of one real image "
    "-1 and one generated image 1 of a single pixel, over the slope a, with the default weight. "
    "The averages of LeCam are the scores at slope 1.",
    "schedules": "The pictures show the weight over the training, with the defaults; a weight that "
    "has none is 1. One that follows gradients has no picture.",
    "objectives": "The pictures show what nets make of images x, of z, and of noise ε that is not "
    "added to something else, and which of it each term of each loss reads. They are recorded "
    "while the losses are computed on a small batch, with the defaults; `composed` has the parts "
    "of O-GAN. E, G and the critic C have a colour each, also for their losses; a part of a net "
    "that a loss calls by itself is named after a dot. Lines are data: where a formula stops a "
    "gradient, that is not shown. A term that has no weight, or that its net has no part in, is "
    "left out.",
}
"""Kind of part to what its pictures show."""


def _line(first: float, last: float) -> Tensor:
    """Evenly spaced numbers in double precision."""
    return torch.linspace(first, last, POINTS, dtype=torch.float64)


def _said(value: Tensor) -> str:
    """A number in words; what rounding left of 0 is 0."""
    return number(round(float(value), 6) + 0.0, ".3g")


def _of_lines(title: str, rows: Sequence[Sequence[Panel]]) -> Drawing:
    return Drawing(title, _in_words(title, rows), partial(_plot, rows))


def _plot(rows: Sequence[Sequence[Panel]]) -> Figure:
    """Panels in rows, the panels of a row with one scale."""
    names = list(dict.fromkeys(name for row in rows for panel in row for name in panel.lines))
    known = styles(names)
    figure, grid = frame(
        len(rows), len(rows[0]), height=150, left=36, legend=known if len(names) > 1 else None
    )
    places = iter(grid)
    for row in rows:
        values = torch.cat([line for panel in row for line in panel.lines.values()])
        least, most = float(values.min()), float(values.max())
        room = 0.05 * (most - least) or 0.5
        for panel in row:
            axes = next(places)
            for name, line in panel.lines.items():
                look = known[name]
                axes.plot(panel.x, line, color=look.colour, linestyle=look.dash, linewidth=1.6)
            axes.margins(x=0)
            axes.set_xlabel(panel.along)
            axes.set_title(panel.title)
            scaled(axes, "x", ())
            scaled(axes, "y", ())
            axes.set_ylim(least - room, most + room)
    return figure


def _in_words(title: str, rows: Sequence[Sequence[Panel]]) -> str:
    """The title, and every line at its ends and in its middle."""
    parts = []
    for panel in (panel for row in rows for panel in row):
        for name, line in panel.lines.items():
            places = (0, len(line) // 2, -1)
            shown = ", ".join(f"{_said(line[i])} at {_said(panel.x[i])}" for i in places)
            parts.append(f"{panel.title} by {name or panel.along}: {shown}")
    return f"{title}. {'; '.join(parts)}."
