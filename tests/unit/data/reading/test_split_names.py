"""Names that mean a split, names that do not, and what is not guessed at."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.data.reading.split_names import chosen, matches, members, split_named
from ogan_bench.errors import UserError

PLACE = Path("set")


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("train", "train Train TRAINING training_set train-00000-of-00003-ab12 seg_train train2017 "
                  "TrainImages trainset cifar.train trainval"),
        ("validation", "val valid validation Validation_set dev val2017 development-set"),
        ("test", "test Testing test_images eval evaluation holdout hold-out Held_Out testset "
                 "test-00000-of-00001"),
        (None, "cats 0000 latest contest trains devil valley testament of retrain"),
    ],
)  # fmt: skip
def test_every_usual_spelling_is_recognised(split: str | None, names: str) -> None:
    for name in names.split():
        assert split_named(name) == split, name


def test_a_name_of_two_splits_is_refused() -> None:
    with pytest.raises(UserError, match="train_test: named like two splits, train and test"):
        split_named("train_test")


def test_validation_stands_in_for_a_missing_test_split() -> None:
    named = [("a", "train"), ("b", "validation"), ("c", "test"), ("d", "train")]
    assert members(named, PLACE) == (["a", "d"], ["c"])  # type: ignore[arg-type]
    assert members(named[:2], PLACE) == (["a"], ["b"])  # type: ignore[arg-type]
    assert members([("a", None), ("b", None)], PLACE) == (["a", "b"], [])


def test_what_is_unclear_is_refused_with_the_way_to_say_it() -> None:
    with pytest.raises(UserError, match=r"t is named after a split and bus is not; set train and"):
        members([("bus", None), ("t", "train")], PLACE)
    with pytest.raises(UserError, match="nothing is named after the training split, as x is after"):
        members([("x", "test")], PLACE)


def test_patterns_choose_files_and_folders() -> None:
    names = ["a/1.png", "a/2.png", "b/1.png", "c.png"]
    assert chosen(names, "a", "b/*", PLACE) == (names[:2], names[2:3])
    assert chosen(names, ".", "", PLACE) == (names, [])
    assert matches("x/y/z", "x")
    assert not matches("xy/z", "x")
    with pytest.raises(UserError, match="test=b without train"):
        chosen(names, "", "b", PLACE)
    with pytest.raises(UserError, match="test=d matches nothing"):
        chosen(names, "a", "d", PLACE)
    with pytest.raises(UserError, match=r"b/1\.png matches both train=\. and test=b"):
        chosen(names, ".", "b", PLACE)
