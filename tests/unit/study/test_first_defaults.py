"""Defaults that change: stored trials keep their identity and their meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ogan_bench.study.first_defaults import FIRST_DEFAULTS, FirstDefault, with_first_defaults
from ogan_bench.study.load import load_study
from ogan_bench.study.settings import Settings


def test_the_first_default_is_no_part_of_the_identity(study_file: Path) -> None:
    """As when it was the default: a trial that was stored then has the same identity."""
    first = [f"{was.section}.{was.key}={was.value}" for was in FIRST_DEFAULTS if not was.part]
    stated = load_study(study_file, overrides=first).arms["none"]
    assert "evaluation" not in stated.identity()
    other = load_study(study_file, overrides=[*first, "evaluation.samples=2001"]).arms["none"]
    assert other.identity()["evaluation"] == {"samples": 2001}


def test_a_default_that_changed_is_part_of_the_identity(study_file: Path) -> None:
    now = load_study(study_file).arms["none"]
    assert now.identity()["evaluation"] == {
        was.key: getattr(now.evaluation, was.key)
        for was in FIRST_DEFAULTS
        if was.section == "evaluation"
    }


def test_a_stored_configuration_without_a_key_means_the_first_default(study_file: Path) -> None:
    stored = load_study(study_file).arms["none"].model_dump(mode="json")
    del stored["evaluation"]["samples"]
    assert Settings.model_validate(with_first_defaults(stored)).evaluation.samples == 2000
    assert "samples" not in stored["evaluation"]  # the argument is not changed


def test_a_setting_that_means_nothing_is_no_part_of_the_identity(study_file: Path) -> None:
    """So a trial without an average stays what it was when averages changed."""

    def identity(*overrides: str) -> dict[str, Any]:
        settings = load_study(study_file, overrides=overrides).arms["none"]
        found: dict[str, Any] = settings.identity()["training"]
        return found

    plain = identity()
    assert "ema_debias" not in plain
    assert identity("training.ema_debias=false") == plain
    assert identity("training.ema=0.9") == {**plain, "ema": 0.9, "ema_debias": True}
    assert identity("training.ema=0.9", "training.ema_debias=false") == {**plain, "ema": 0.9}


@pytest.mark.parametrize(
    ("dataset", "crop", "other"),
    [
        ("lsun", {"crop": "centre"}, {"crop": "none"}),
        ("celeba", {"crop_size": 178}, {"crop_size": 108}),
        ("celeba_hq", {"crop": "none"}, {"crop": "centre"}),
        ("ffhq", {"crop": "none"}, {"crop": "centre"}),
    ],
)
def test_the_crop_of_published_photographs_is_stated_and_another_one_another_trial(
    dataset: str, crop: dict[str, Any], other: dict[str, Any], study_file: Path
) -> None:
    """Before, it could not be chosen: a trial that was stored then has the same identity."""
    stored = load_study(study_file).arms["none"].model_dump(mode="json")

    def of(data: dict[str, Any]) -> Settings:
        return Settings.model_validate({**stored, "data": {"name": dataset, **data}})

    plain = of({})
    assert crop.items() <= plain.model_dump(mode="json")["data"].items()
    assert of(crop).identity() == plain.identity()
    assert of(other).identity() != plain.identity()


@pytest.mark.parametrize("first", FIRST_DEFAULTS, ids=str)
def test_every_first_default_differs_from_the_present_one(
    first: FirstDefault, study_file: Path
) -> None:
    part: dict[str, Any] = {"name": first.part} if first.part else {}
    if first.part in ("image_folder", "parquet"):
        part["path"] = "images"
    settings = load_study(study_file).arms["none"].model_dump(mode="json", exclude_defaults=True)
    *outer, last = first.section.split(".")
    within = settings
    for name in outer:
        within = within[name]
    within[last] = part or within.get(last, {})
    within[last].pop(first.key, None)
    present = Settings.model_validate(settings).model_dump(mode="json")
    for name in (*outer, last):
        present = present[name]
    assert present[first.key] != first.value


@pytest.mark.parametrize("first", [f for f in FIRST_DEFAULTS if "." in f.section], ids=str)
def test_a_nested_part_keeps_the_meaning_of_its_first_default(
    first: FirstDefault, study_file: Path
) -> None:
    outer, part = first.section.split(".")

    def stated(**more: Any) -> Settings:
        settings = load_study(study_file).arms["none"].model_dump(mode="json")
        settings[outer][part] = {"name": first.part, **more}
        return Settings.model_validate(settings)

    def identity(settings: Settings) -> dict[str, Any]:
        found: dict[str, Any] = settings.identity()[outer][part]
        return found

    name = {"name": first.part}
    now = stated().model_dump(mode="json")
    assert identity(stated(**{first.key: first.value})) == name
    assert identity(stated()) == {**name, first.key: now[outer][part][first.key]}
    del now[outer][part][first.key]
    meant = Settings.model_validate(with_first_defaults(now)).model_dump()
    assert meant[outer][part][first.key] == first.value
