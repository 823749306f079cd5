"""Names that mean a split, names that do not, and what is not guessed at."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.data.reading.split_names import (
    chosen,
    matches,
    members,
    mixed_splits,
    split_named,
)
from ogan_bench.errors import UserError

PLACE = Path("set")


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("train", "train Train TRAINING training_set train-00000-of-00003-ab12 seg_train train2017 "
                  "TrainImages trainset cifar.train trainval trn trn_00 TRN-images imgs_train "
                  "trainA traindata traindir train_directory subtrain trainsubset dataset-train "
                  "训练集"),
        ("validation", "val valid validation Validation_set dev val2017 development-set "
                       "vali vld vals valdir validset devel validate"),
        ("test", "test Testing test_images eval evaluation holdout hold-out Held_Out testset "
                 "test-00000-of-00001 tst tests tst_1 unseen unseen_images held_out_set HeldOutSet "
                 "hold_out_images heldout2 evals testsets test_dir subtest 测试"),
        (None, "cats 0000 latest contest trains devil valley testament of retrain trail "
               "tested vale evil images data parts treat tea subset direct"),
    ],
)  # fmt: skip
def test_every_usual_spelling_is_recognised(split: str | None, names: str) -> None:
    for name in names.split():
        assert split_named(name) == split, name


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("train_test", "several splits, train and test"),
        ("devtest", "several splits, validation and test"),
        ("fold_3", "several splits, train and validation and test"),
        ("split-1", "several splits"),
        ("tr", "a split, train, or like none"),
        ("te_images", "a split, test, or like none"),
        ("va", "a split, validation, or like none"),
        ("seen", "a split, train, or like none"),
    ],
)
def test_an_unclear_name_is_refused_with_the_way_to_say_it(name: str, like: str) -> None:
    with pytest.raises(UserError, match=f"{name}: named like {like}.*; set train and test to"):
        split_named(name)


@pytest.mark.parametrize(
    ("names", "mixed"),
    [
        ("a/1.png b/2.png 3.png", ""),
        ("train/1.png train/a/2.png", ""),
        ("cat/train/1.png dog/Training/2.png", ""),
        ("test_pattern.png cat.png", ""),
        ("te.png tr.png", ""),
        ("train/1.png test/2.png", "train test"),
        ("trn/1.png tst/2.png", "trn tst"),
        ("x/trn/1.png x/tst/2.png", "x/trn x/tst"),
        ("1.png 2.png test/3.png", "1.png test"),
        ("bus/1.png train/2.png", "bus/1.png train"),
        ("tr/1.png", "tr"),
        ("fold_0/1.png fold_1/2.png", "fold_0"),
        ("train_1.png train_2.png test_1.png", "train_1.png test_1.png"),
    ],
)
def test_splits_in_a_folder_of_one_set_are_found(names: str, mixed: str) -> None:
    assert mixed_splits(names.split()) == mixed.split()


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
