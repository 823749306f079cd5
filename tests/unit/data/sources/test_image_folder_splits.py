"""Subfolders that are splits, subfolders that are classes, and images that stand in both splits."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from ogan_bench.data import DATASETS, Dataset
from ogan_bench.data.base import Split
from ogan_bench.errors import UserError


def save(root: Path, *names: str) -> None:
    """Image i has the level i."""
    for i, name in enumerate(names):
        path = root / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (i, i, i)).save(path)


def load(**parameters: object) -> Dataset:
    return DATASETS["image_folder"](
        **{"path": "set", "resolution": 8, "test_every": 2, **parameters}
    )


def levels(split: Split) -> list[int]:
    found: list[int] = split.images[:, 0, 0, 0].tolist()
    return found


@pytest.mark.parametrize(
    ("train", "test"), [
        ("train", "test"), ("Training", "Holdout"), ("seg_train", "seg_test"), ("trn", "tst"),
        ("train", "held_out_set"), ("train", "unseen"), ("trn", "vali"), ("train", "tests"),
    ],
)  # fmt: skip
def test_folders_of_splits_are_splits_and_the_classes_lie_within(
    root: Path, train: str, test: str
) -> None:
    save(root, f"{train}/cat/a.png", f"{train}/dog/b.png", f"{train}/dog/c.png",
         f"{test}/cat/d.png", f"{test}/dog/e.png")  # fmt: skip
    dataset = load()
    assert dataset.classes == ("cat", "dog")
    assert levels(dataset.train) == [0, 1, 2]
    assert dataset.train.known_labels.tolist() == [0, 1, 1]
    assert levels(dataset.test) == [3, 4]


def test_splits_need_no_classes(root: Path) -> None:
    save(root, "train/a.png", "train/b.png", "val/c.png")
    dataset = load()
    assert (levels(dataset.train), levels(dataset.test)) == ([0, 1], [2])
    assert dataset.train.labels is None


def test_validation_is_left_out_beside_test(root: Path) -> None:
    save(root, "train/a.png", "validation/b.png", "test/c.png")
    dataset = load()
    assert (levels(dataset.train), levels(dataset.test)) == ([0], [2])


def test_a_training_split_alone_is_split_and_keeps_its_classes(root: Path) -> None:
    save(root, "train/a/0.png", "train/a/1.png", "train/b/2.png", "train/b/3.png")
    dataset = load()
    assert (levels(dataset.train), levels(dataset.test)) == ([0, 2], [1, 3])
    assert dataset.classes == ("a", "b")


def test_splits_may_lie_deeper_and_within_the_classes(root: Path) -> None:
    save(root, "cat/train/a.png", "cat/test/b.png", "dog/train/c.png", "dog/test/d.png")
    dataset = load()
    assert (levels(dataset.train), levels(dataset.test)) == ([0, 2], [1, 3])
    assert dataset.classes == ("cat", "dog")
    assert dataset.test.known_labels.tolist() == [0, 1]


def test_a_class_may_be_called_like_a_split_if_the_user_says_so(root: Path) -> None:
    save(root, "bus/a.png", "bus/b.png", "train/c.png", "train/d.png")
    with pytest.raises(UserError, match=r"train/c\.png is named after a split and bus/a\.png is"):
        load()
    dataset = load(train=".")
    assert dataset.classes == ("bus", "train")
    assert (levels(dataset.train), levels(dataset.test)) == ([0, 2], [1, 3])


def test_unclear_folders_are_never_classes_without_a_word(root: Path) -> None:
    save(root, "te/a.png", "te/b.png", "tr/c.png", "tr/d.png")
    with pytest.raises(UserError, match=r"te: named like a split, test, or like none; set train"):
        load()
    assert load(train=".").classes == ("te", "tr")
    assert levels(load(train="tr", test="te").test) == [0, 1]


def test_folders_of_splits_can_be_named(root: Path) -> None:
    save(root, "old/a/0.png", "old/b/1.png", "new/a/2.png", "new/b/3.png", "pred/4.png")
    dataset = load(train="new", test="old")
    assert (levels(dataset.train), levels(dataset.test)) == ([2, 3], [0, 1])
    assert dataset.classes == ("a", "b")


def test_files_named_after_splits_are_not_mixed(root: Path) -> None:
    save(root, "test_0.png", "test_1.png", "train_0.png", "train_1.png")
    with pytest.raises(UserError, match=r"files such as test_0\.png are named after splits"):
        load()
    dataset = load(train="train_*", test="test_*")
    assert (levels(dataset.train), levels(dataset.test)) == ([2, 3], [0, 1])


def test_an_image_in_both_splits_is_found_under_any_name(root: Path) -> None:
    save(root, "train/a.png", "train/b.png", "test/x.png")
    Image.new("RGB", (8, 8), (1, 1, 1)).save(root / "set" / "test" / "y.bmp")
    with pytest.raises(UserError, match=r"1 test image is also among .*\n  test/y.bmp is train/b"):
        load()
    kept = load(duplicates="keep")
    assert levels(kept.test) == [2, 1]
    assert kept.treatment.endswith("test image is also among the training images")
    Image.new("RGB", (8, 8), (1, 1, 1)).save(root / "set" / "train" / "y.bmp")
    (root / "set" / "test" / "y.bmp").unlink()
    assert levels(load().train) == [0, 1, 1]  # twice in one split leaks nothing
