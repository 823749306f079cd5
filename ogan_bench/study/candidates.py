"""From the tuning of a study to the trials that it takes: a study of all candidates."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ogan_bench.study.diffs import merge
from ogan_bench.study.settings import Settings, StudySettings
from ogan_bench.study.tuning import Search
from ogan_bench.study.yaml_errors import Tree

NOT_IN_NAMES = re.compile("[^a-z0-9]+")


class CandidateError(ValueError):
    """A candidate is no valid setting of its arm.

    Args:
        search: Index of the search.
        key: Key path of the setting.
        message: What is wrong.
    """

    def __init__(self, search: int, key: str, message: str) -> None:
        super().__init__(message)
        self.search = search
        self.key = key


@dataclass(frozen=True)
class Candidate:
    """An arm with candidate values.

    Args:
        search: The search that it belongs to.
        arm: The arm of the study.
        values: Key path to value.
        settings: The arm's settings with these values.
        tried_as: Its arm in the study of candidates; equal settings are trained once.
    """

    search: Search
    arm: str
    values: dict[str, Any]
    settings: Settings
    tried_as: str


def candidates(study: StudySettings) -> list[Candidate]:
    """All candidates of a study, search by search and arm by arm.

    Raises:
        CandidateError: One is invalid.
    """
    names: dict[str, str] = {}
    found = []
    for index, search in enumerate([] if study.tune is None else study.tune.searches):
        for arm in search.arms:
            for values in _combinations(search):
                settings = _with(study.arms[arm], values, index)
                identity = json.dumps(settings.identity(), sort_keys=True)
                if identity not in names:
                    names[identity] = _free_name(arm, values, names.values())
                found.append(Candidate(search, arm, values, settings, names[identity]))
    return found


def study_of_candidates(study: StudySettings, found: list[Candidate]) -> StudySettings:
    """The study that trains all candidates; it has no hypotheses.

    Args:
        study: The study whose arms are tuned.
        found: Its candidates, at least one.
    """
    assert study.tune is not None
    asked = [search.metric for search in study.tune.searches]
    return study.model_copy(
        update={
            "name": f"{study.name}_tuning",
            "question": f"Which candidates are chosen for the study {study.name}?",
            "seeds": study.tune.seeds,
            "metrics": list(dict.fromkeys([*asked, *study.metrics])),
            "hypotheses": [],
            "published": [],
            "tune": None,
            "arms": {candidate.tried_as: candidate.settings for candidate in found},
            "arm_titles": {candidate.tried_as: title(study, candidate) for candidate in found},
        }
    )


def title(study: StudySettings, candidate: Candidate) -> str:
    """The arm's name with its values, for example ``Pearson, consistency_weight = 2``."""
    values = [f"{key.rsplit('.', 1)[-1]} = {value}" for key, value in candidate.values.items()]
    return ", ".join([study.arm_titles.get(candidate.arm, candidate.arm), *values])


def _free_name(arm: str, values: dict[str, Any], taken: Collection[str]) -> str:
    """The arm's name with its values: it stays the same when further candidates are added."""
    words = "_".join(str(value).lower() for value in values.values())
    name = f"{arm}_{NOT_IN_NAMES.sub('_', words)}"
    while name in taken:
        name += "_"
    return name


def _combinations(search: Search) -> Iterator[dict[str, Any]]:
    for values in itertools.product(*search.candidates.values()):
        yield dict(zip(search.candidates, values, strict=True))


def _with(settings: Settings, values: dict[str, Any], search: int) -> Settings:
    tree: Tree = settings.model_dump(mode="json")
    for path, value in values.items():
        leaf = value
        for name in reversed(path.split(".")):
            leaf = {name: leaf}
        try:
            tree = Settings.model_validate(merge(tree, leaf)).model_dump(mode="json")
        except ValidationError as error:
            detail = error.errors(include_url=False)[0]
            raise CandidateError(search, path, f"{value!r}: {detail['msg']}") from None
    return Settings.model_validate(tree)
