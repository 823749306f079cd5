"""Parquet files of images, made as Hugging Face makes them: complete, damaged and missing."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from ogan_bench.data import DATASETS, Dataset
from ogan_bench.data.base import Split
from ogan_bench.errors import UserError

pytestmark = pytest.mark.usefixtures("root")

NAMES = ("cat", "dog", "owl")


def picture(level: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9), (level, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def columns(numbers: range, *, struct: bool = True) -> dict[str, Any]:
    """Image i has the level i and the label i mod 3."""
    images: list[Any] = [picture(i) for i in numbers]
    if struct:
        images = [
            {"bytes": image, "path": f"{i}.png"} for image, i in zip(images, numbers, strict=True)
        ]
    return {"image": images, "label": [i % 3 for i in numbers]}


def save(
    path: Path, table: dict[str, Any], features: dict[str, Any] | None = None, rows: int = 4
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = pa.table(table)
    if features is not None:
        metadata = {"huggingface": json.dumps({"info": {"features": features}})}
        made = made.replace_schema_metadata(metadata)
    pq.write_table(made, path, row_group_size=rows)
    return path


def classes(*columns: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: {"names": list(NAMES), "_type": "ClassLabel"} for name in columns
    }
    return {"image": {"_type": "Image"}, **found}


def load(**parameters: object) -> Dataset:
    return DATASETS["parquet"](**{"path": "set", "resolution": 8, "test_every": 5, **parameters})


def check(split: Split, numbers: list[int]) -> None:
    """The split has exactly these images, each with its own label."""
    assert split.images[:, 0, 0, 0].tolist() == numbers
    assert split.known_labels.tolist() == [i % 3 for i in numbers]


def test_files_of_a_folder_are_parts_of_the_dataset(root: Path) -> None:
    data = root / "set" / "data"
    save(data / "train-00000-of-00002-ab.parquet", columns(range(10)), classes("label"))
    save(data / "train-00001-of-00002-cd.parquet", columns(range(10, 15)), classes("label"))
    save(data / "validation-00000-of-00001.parquet", columns(range(50, 53)), classes("label"))
    save(data / "test-00000-of-00001.parquet", columns(range(20, 26)), classes("label"), rows=2)
    save(root / "set" / ".cache" / "train.parquet", columns(range(90, 92)))
    dataset = load()
    check(dataset.train, list(range(15)))
    check(dataset.test, list(range(20, 26)))
    assert (dataset.classes, dataset.shape) == (NAMES, (3, 8, 8))


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("Train.parquet", "TEST.parquet"),
        ("training-00000-of-00001.parquet", "holdout-00000-of-00001.parquet"),
        ("digits_train.parquet", "digits_eval.parquet"),
        ("Training/0.parquet", "Validation_set/0.parquet"),
    ],
)
def test_parts_are_recognised_in_any_usual_spelling(root: Path, train: str, test: str) -> None:
    save(root / "set" / train, columns(range(6)))
    save(root / "set" / test, columns(range(6, 9)))
    dataset = load()
    check(dataset.train, list(range(6)))
    check(dataset.test, [6, 7, 8])


def test_a_file_of_no_split_beside_others_is_not_guessed_at(root: Path) -> None:
    for i, name in enumerate(("extra", "test", "train")):
        save(root / "set" / f"{name}-00000-of-00001.parquet", columns(range(6 * i, 6 * i + 6)))
    with pytest.raises(UserError, match=r"named after a split and extra-0.* is not; set train and"):
        load()
    dataset = load(train="train-*", test="extra-*")
    check(dataset.train, list(range(12, 18)))
    check(dataset.test, list(range(6)))


def test_a_row_in_both_splits_is_found(root: Path) -> None:
    save(root / "set" / "train.parquet", columns(range(6)))
    save(root / "set" / "test.parquet", columns(range(5, 8)))
    with pytest.raises(UserError, match=r"1 test image is .*\n.*test.parquet, row 0 is .*row 5"):
        load()
    check(load(duplicates="keep").test, [5, 6, 7])


def test_folders_name_the_parts_too(root: Path) -> None:
    save(root / "set" / "train" / "0000.parquet", columns(range(6)))
    save(root / "set" / "test" / "0000.parquet", columns(range(6, 9)))
    dataset = load()
    check(dataset.train, list(range(6)))
    check(dataset.test, [6, 7, 8])
    assert dataset.classes == ("0", "1", "2")


@pytest.mark.parametrize("struct", [True, False])
@pytest.mark.parametrize("rows", [1, 3, 100])
def test_every_kth_row_of_one_file_is_a_test_image(root: Path, struct: bool, rows: int) -> None:
    save(root / "set.parquet", columns(range(12), struct=struct), rows=rows)
    dataset = load(path="set.parquet")
    check(dataset.train, [0, 1, 2, 3, 5, 6, 7, 8, 10, 11])
    check(dataset.test, [4, 9])


def test_no_class_is_left_without_a_test_image_by_the_order_of_the_rows(root: Path) -> None:
    """The classes of rows 0, 1, 2 ... are 0, 1, 2, 0, 1, 2 ...: every third row is of class 2."""
    save(root / "set.parquet", columns(range(90)))
    with pytest.raises(UserError, match="no row of the class '0' is a test image if one in 3 rows"):
        load(path="set.parquet", test_every=3)
    tested = load(path="set.parquet", test_every=4).test.known_labels
    assert sorted(tested.bincount().tolist()) == [7, 7, 8]


@pytest.mark.parametrize("name", ["labels", "class", "Fine_Label", "target"])
def test_a_column_that_may_be_of_classes_is_not_left_out_without_a_word(
    root: Path, name: str
) -> None:
    table = columns(range(12))
    table[name] = [str(label) for label in table.pop("label")]
    save(root / "set.parquet", table)
    with pytest.raises(UserError, match=f"'{name}' may be the classes; set data.label to"):
        load(path="set.parquet")
    assert load(path="set.parquet", label="none").classes == ()
    assert load(path="set.parquet", label=name).classes == ("0", "1", "2")


def test_a_column_of_other_values_is_no_class(root: Path) -> None:
    table = columns(range(12))
    del table["label"]
    save(root / "set.parquet", {**table, "target": [0.5] * 12, "caption": ["a"] * 12})
    assert load(path="set.parquet").classes == ()


def test_a_label_is_part_of_the_hash(root: Path) -> None:
    save(root / "set.parquet", columns(range(12)))
    before = load(path="set.parquet").hash
    changed = columns(range(12))
    changed["label"][0] = 2
    save(root / "set.parquet", changed)
    assert load(path="set.parquet").hash != before


def test_labels_stay_with_their_images_when_some_are_left_out(root: Path) -> None:
    table = columns(range(12))
    table["image"][1] = {"bytes": b"no image", "path": "1.png"}
    table["image"][4] = {"bytes": None, "path": "4.png"}
    table["image"][6] = None
    save(root / "set.parquet", table)
    with pytest.raises(UserError, match=r"set\.parquet, row 1: ") as caught:
        load(path="set.parquet")
    assert "set.parquet, row 4: no bytes in the column 'image'" in str(caught.value)
    dataset = load(path="set.parquet", max_bad=3)
    check(dataset.train, [0, 2, 3, 5, 7, 8, 10, 11])
    check(dataset.test, [9])


def test_there_need_not_be_labels(root: Path) -> None:
    table = columns(range(10))
    save(root / "set.parquet", {"image": table["image"], "caption": ["a"] * 10})
    dataset = load(path="set.parquet")
    assert (dataset.classes, dataset.train.labels, len(dataset.test)) == ((), None, 2)
    save(root / "set.parquet", table)
    assert load(path="set.parquet", label="none").train.labels is None


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([7, 10**12, 3], ("3", "7", str(10**12))),
        ([2**63 + 5, 2, 1], ("1", "2", str(2**63 + 5))),
        (["owl", "cat", "dog"], ("cat", "dog", "owl")),
        ([0, 2, 5], ("0", "2", "5")),
        ([True, False], ("False", "True")),
    ],
)
def test_every_value_is_a_class_whatever_its_size(
    root: Path, labels: list[Any], classes: tuple[str, ...]
) -> None:
    given = [labels[i % len(labels)] for i in range(10)]
    kind = pa.uint64() if 2**63 + 5 in labels else None
    save(root / "set.parquet", {**columns(range(10)), "label": pa.array(given, kind)})
    dataset = load(path="set.parquet")
    assert dataset.classes == classes
    seen = [given[i] for i in range(10) if i % 5 != 4]
    assert [classes[i] for i in dataset.train.known_labels] == list(map(str, seen))


def test_text_of_a_dictionary_is_text(root: Path) -> None:
    text = pa.array(["a", "b"] * 5).dictionary_encode()
    save(root / "set.parquet", {**columns(range(10)), "label": text})
    assert load(path="set.parquet").classes == ("a", "b")


def test_labels_that_are_no_classes_are_not_dropped(root: Path) -> None:
    save(root / "set.parquet", {**columns(range(10)), "label": [0.5] * 10})
    with pytest.raises(UserError, match=r"'label' is of type double, not of classes: set data.lab"):
        load(path="set.parquet")
    assert load(path="set.parquet", label="none").train.labels is None


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("missing", [-1, None])
def test_rows_without_a_label_are_left_out_if_the_user_says_so(
    root: Path, missing: int | None, declared: bool
) -> None:
    table = columns(range(12))
    table["label"][2] = table["label"][7] = missing
    save(root / "set.parquet", table, classes("label") if declared else None)
    with pytest.raises(UserError, match=r"2 rows without a label.*: set unlabelled=leave_out"):
        load(path="set.parquet")
    dataset = load(path="set.parquet", unlabelled="leave_out")
    check(dataset.train, [0, 1, 3, 4, 6, 8, 9, 10])
    check(dataset.test, [5, 11])
    assert dataset.classes == (NAMES if declared else ("0", "1", "2"))


def test_a_split_without_any_label_is_named(root: Path) -> None:
    save(root / "set" / "train.parquet", columns(range(6)))
    save(root / "set" / "test.parquet", {**columns(range(6, 9)), "label": [-1] * 3})
    with pytest.raises(UserError, match="no labelled rows in one split; set train, test or label"):
        load(unlabelled="leave_out")
    assert len(load(label="none").test) == 3


def test_a_shard_may_have_columns_that_are_not_used(root: Path) -> None:
    save(root / "set" / "train-0.parquet", columns(range(5)))
    save(root / "set" / "train-1.parquet", {"url": ["x"] * 5, **columns(range(5, 10))})
    dataset = load()
    check(dataset.train, [0, 1, 2, 3, 5, 6, 7, 8])
    check(dataset.test, [4, 9])


def test_columns_can_be_named(root: Path) -> None:
    table = columns(range(10))
    table["thumbnail"] = [{"bytes": picture(99), "path": ""}] * 10
    table["coarse"] = [0] * 10
    save(root / "set.parquet", table, classes("label", "coarse"))
    with pytest.raises(UserError, match=r"2 columns could hold images \(image, thumbnail\)"):
        load(path="set.parquet", label="label")
    with pytest.raises(UserError, match=r"several columns of classes \(label, coarse\)"):
        load(path="set.parquet", image="image")
    chosen = load(path="set.parquet", image="thumbnail", label="coarse", duplicates="keep")
    assert (chosen.train.images[:, 0] == 99).all()
    assert (chosen.train.known_labels == 0).all()
    check(load(path="set.parquet", image="image", label="label").test, [4, 9])
    with pytest.raises(UserError, match="no column 'nothing' among image, label"):
        load(path="set.parquet", image="image", label="nothing")
    with pytest.raises(UserError, match=r"the column 'image' is of type struct.*, not of classes"):
        load(path="set.parquet", image="image", label="image")
    with pytest.raises(UserError, match="no column 'picture' among image, label"):
        load(path="set.parquet", image="picture", label="label")


@pytest.mark.parametrize(
    "metadata", [b"", b"[]", b'{"info": 3}', b'{"info": {"features": {"label": 1}}}']
)
def test_invalid_metadata_are_ignored(root: Path, metadata: bytes) -> None:
    made = pa.table(columns(range(10))).replace_schema_metadata({b"huggingface": metadata})
    pq.write_table(made, root / "set.parquet")
    assert load(path="set.parquet").classes == ("0", "1", "2")


@pytest.mark.parametrize(
    ("label", "message"),
    [(3, "label 3 is not one of the 3"), (-2, "label -2 is not"), (None, "1 rows without a lab")],
)
def test_labels_that_do_not_match_are_named(root: Path, label: int | None, message: str) -> None:
    table = columns(range(10))
    table["label"][3] = label
    save(root / "set.parquet", table, classes("label"))
    with pytest.raises(UserError, match=rf"set\.parquet: .*{message}|set\.parquet: {message}"):
        load(path="set.parquet")


@pytest.mark.parametrize("length", [0, 3, 100, -1])
def test_a_truncated_file_is_named(root: Path, length: int) -> None:
    path = save(root / "set.parquet", columns(range(10)))
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(UserError, match=r"set\.parquet: not a complete parquet file"):
        load(path="set.parquet")


def test_a_damaged_row_group_is_named(root: Path) -> None:
    path = save(root / "set.parquet", columns(range(10)))
    start = pq.ParquetFile(path).metadata.row_group(1).column(0).dictionary_page_offset
    content = bytearray(path.read_bytes())
    content[start : start + 60] = b"\xff" * 60
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"set\.parquet, row 5: row group 1 cannot be read"):
        load(path="set.parquet")


def test_columns_that_are_used_must_be_alike_in_all_files(root: Path) -> None:
    save(root / "set" / "train-0.parquet", columns(range(5)))
    save(root / "set" / "train-1.parquet", columns(range(5), struct=False))
    with pytest.raises(UserError, match=r"train-1\.parquet: the column 'image' is of type b"):
        load()


def test_a_missing_dataset_is_named(root: Path) -> None:
    with pytest.raises(UserError, match="set: neither a parquet file nor a folder"):
        load()
    save(root / "set" / "test-0.parquet", columns(range(5)))
    with pytest.raises(UserError, match="nothing is named after the training split"):
        load()
    save(root / "set" / "train-0.parquet", {"image": pa.array([], pa.binary())})
    (root / "set" / "test-0.parquet").unlink()
    with pytest.raises(UserError, match=r"train-0\.parquet: no rows"):
        load()
