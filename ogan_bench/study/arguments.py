"""Arms, seeds and parts as given on the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import ValidationError

from ogan_bench.errors import StudyError, did_you_mean
from ogan_bench.study import catalogue, parts
from ogan_bench.study.diffs import parse_overrides
from ogan_bench.study.parts import Component
from ogan_bench.study.settings import StudySettings
from ogan_bench.study.yaml_errors import message_of

MAX_SEEDS = 100_000
"""Seeds in one command; more is a slip of the finger."""


def parse_component(kind: str, name: str, settings: Sequence[str]) -> Component:
    """A part with parameters from ``key=value`` texts.

    Raises:
        StudyError: The part or a parameter is unknown, or a value is invalid.
    """
    tree, problems = parse_overrides(settings)
    known = name in catalogue.parts(kind)
    if not known:
        problems.append(
            f"{kind}: unknown name {name!r}.{did_you_mean(name, catalogue.names(kind))}"
        )
    if problems:
        raise StudyError(problems)
    model = parts.model(kind, name)
    try:
        return model.model_validate({"name": name, **tree})
    except ValidationError as error:
        raise StudyError(
            [
                f"--set {'.'.join(map(str, detail['loc']))}: "
                + message_of(model, dict(detail), detail["loc"])
                for detail in error.errors(include_url=False)
            ]
        ) from None


def parse_seeds(text: str) -> list[int]:
    """``"0-2,7"`` -> ``[0, 1, 2, 7]``.

    Raises:
        StudyError: The text is not a list of seeds and ranges.
    """
    seeds: dict[int, None] = {}
    for piece in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,18})(?:\s*-\s*(\d{1,18}))?\s*", piece)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise StudyError([f"--seeds: {text!r} is not a list such as 0-4 or 0,2,5-7"])
        found = range(int(match[1]), int(match[2] or match[1]) + 1)
        if len(seeds) + len(found) > MAX_SEEDS:
            raise StudyError([f"--seeds: {text!r} has more than {MAX_SEEDS:,} seeds"])
        seeds.update(dict.fromkeys(found))
    return list(seeds)


def parse_arms(text: str, study: StudySettings) -> list[str]:
    """``"none,pearson"`` -> these arms, in the study's order.

    Raises:
        StudyError: The study has no such arm.
    """
    named = [name.strip() for name in text.split(",")]
    known = list(study.arms)
    problems = [
        f"--arms: no arm {arm!r}.{did_you_mean(arm, known)}" for arm in named if arm not in known
    ]
    if problems:
        raise StudyError(problems)
    return [arm for arm in known if arm in named]
