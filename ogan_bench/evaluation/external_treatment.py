"""How images from outside are treated before they are measured, and how rows say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from ogan_bench.data.prepared.decoding import Crop, Recipe, Small
from ogan_bench.data.prepared.treatment import REFUSE, Treatment
from ogan_bench.errors import StudyError
from ogan_bench.study.arguments import parse_component

OF_FILES = ("alpha", "orientation", "profile", "depth", "max_bad")
"""What image files alone need; arrays are opaque, upright and of 8 bits."""


@dataclass(frozen=True)
class Asked:
    """What the user said about the images of both sides.

    Args:
        resize: Height and width to resize to; ``None``: they must be of one size.
        crop: ``centre`` crops the longer side to the shorter one, ``none`` squeezes; ``refuse``
            takes squares only.
        treatment: Of what 8 bits of grey or RGB do not hold as it is.
        max_bad: How many unusable image files of each side may be left out.
    """

    resize: int | None = None
    crop: Crop = "refuse"
    treatment: Treatment = REFUSE
    max_bad: int = 0

    def parameters(self) -> dict[str, object]:
        """What is not the default, as parameters of a dataset of image files."""
        values = {"crop": self.crop, **asdict(self.treatment), "max_bad": self.max_bad}
        return {key: value for key, value in values.items() if value not in ("refuse", 0)}

    def recipe(self, side: int, channels: int) -> Recipe:
        """How one image is prepared."""
        grey_or_rgb: Literal[1, 3] = 1 if channels == 1 else 3
        return Recipe(side, self.crop, None, grey_or_rgb, self.treatment, self.small)

    @property
    def small(self) -> Small:
        """Who asks for a size asks for it from smaller images too."""
        return "refuse" if self.resize is None else "enlarge"


AS_THEY_ARE = Asked()
"""Nothing is changed: what would have to be is refused."""


def asked(resize: int | None, options: Mapping[str, object]) -> Asked:
    """What the options of a command ask for.

    Args:
        resize: As in :class:`Asked`.
        options: ``crop``, ``alpha``, ``orientation``, ``profile``, ``depth`` and ``max_bad``, with
            the values that datasets of image files take; ``None``: not given.

    Raises:
        StudyError: There is no such value.
    """
    given = [f"{key}={value}" for key, value in options.items() if value is not None]
    try:
        found = parse_component("datasets", "image_folder", ["path=.", *given]).parameters()
    except StudyError as error:
        raise StudyError(
            [
                problem.replace("--set ", "--", 1).replace("max_bad", "max-bad", 1)
                for problem in error.problems
            ]
        ) from None
    treatment = Treatment(*(found[key] for key in asdict(REFUSE)))
    return Asked(resize, found["crop"], treatment, found["max_bad"])


def treatment_note(generated: str, reference: str) -> str:
    """What rows say of the treatment of both sides; empty if nothing was done.

    >>> treatment_note("alpha white", "alpha white, crop centre")
    'generated images: alpha white; reference images: alpha white, crop centre'
    """
    if generated == reference:
        return f"images of both sides: {generated}" if generated else ""
    sides = {"generated": generated, "reference": reference}
    return "; ".join(f"{side} images: {text}" for side, text in sides.items() if text)
