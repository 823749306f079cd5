"""Seeds, parts and arms as the command line names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.errors import StudyError
from ogan_bench.study.arguments import parse_arms, parse_component, parse_seeds
from ogan_bench.study.load import load_study


def test_unknown_scale_and_arm(study_file: Path) -> None:
    with pytest.raises(StudyError, match=r"no scale 'bigg'. Did you mean 'big'\?"):
        load_study(study_file, scale="bigg")
    study = load_study(study_file)
    assert parse_arms("adam, none", study) == ["none", "adam"]
    with pytest.raises(StudyError, match=r"--arms: no arm 'adm'. Did you mean 'adam'\?"):
        parse_arms("adm", study)


def test_seeds_are_lists_and_ranges() -> None:
    assert parse_seeds("0-2,7, 1") == [0, 1, 2, 7]
    for bad in ("", "a", "3-1", "-1", "1,,2", "9" * 5000, "0-99999999999"):
        with pytest.raises(StudyError, match="--seeds"):
            parse_seeds(bad)


def test_parts_from_the_command_line() -> None:
    assert parse_component("models", "dcgan", ["width=8"]).parameters()["width"] == 8
    with pytest.raises(StudyError, match=r"--set widht: unknown key. Did you mean 'width'\?"):
        parse_component("models", "dcgan", ["widht=8"])
    with pytest.raises(StudyError, match="Did you mean 'dcgan'"):
        parse_component("models", "dgan", [])
