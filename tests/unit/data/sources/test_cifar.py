"""CIFAR in both forms it is published in: complete, damaged and missing."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torchvision.datasets as published

from ogan_bench.data import DATASETS
from ogan_bench.data.sources.cifar import RECORDS
from ogan_bench.errors import UserError
from tests.unit.data.sources.published_files import flip, md5

Rng = np.random.Generator


@pytest.fixture
def cifar(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both CIFARs in both forms, 4 images a file; their checksums are those of torchvision."""
    random = np.random.default_rng(0)
    for kind, classes in (("CIFAR10", 10), ("CIFAR100", 100)):
        source, form = getattr(published, kind), RECORDS[kind]
        pickles, records = root / source.base_folder, root / form.folder
        pickles.mkdir()
        records.mkdir()
        for table, parts in ((source.train_list, form.train), (source.test_list, form.test)):
            for (name, _), record in zip(table, parts, strict=True):
                write_batch(random, pickles / name, records / record, classes)
        names = [f"class{i}" for i in range(classes)]
        (records / form.names).write_text("\n".join(names) + "\n\n")
        meta = pickles / source.meta["filename"]
        meta.write_bytes(pickle.dumps({source.meta["key"]: names}))
        monkeypatch.setattr(source, "meta", {**source.meta, "md5": md5(meta)})
        for table in ("train_list", "test_list"):
            sums = [[name, md5(pickles / name)] for name, _ in getattr(source, table)]
            monkeypatch.setattr(source, table, sums)
        short = form._replace(train=dict.fromkeys(form.train, 4), test=dict.fromkeys(form.test, 4))
        monkeypatch.setitem(RECORDS, kind, short)
    return root


def write_batch(random: Rng, pickled: Path, record: Path, classes: int) -> None:
    pixels = random.integers(0, 256, (4, 3072), dtype=np.uint8)
    labels = random.integers(0, classes, 4, dtype=np.uint8)
    key = "labels" if classes == 10 else "fine_labels"
    content = pickle.dumps({"data": pixels, key: labels.tolist()}, protocol=2)
    # As in the pickles of 2009, where the description of an array has 0 and 1 for its truth values.
    old = content.replace(b"\x89\x88\x87", b"K\x00K\x01\x87")
    assert old != content
    pickled.write_bytes(old)
    columns = [labels[:, None], pixels] if classes == 10 else [labels[:, None] // 5]
    columns += [] if classes == 10 else [labels[:, None], pixels]
    record.write_bytes(np.concatenate(columns, axis=1).tobytes())


@pytest.mark.parametrize(
    ("name", "kind", "n"), [("cifar10", "CIFAR10", 20), ("cifar100", "CIFAR100", 4)]
)
class TestCIFAR:
    def test_both_forms_hold_the_same(self, cifar: Path, name: str, kind: str, n: int) -> None:
        from_pickles = DATASETS[name]()
        for path in (cifar / getattr(published, kind).base_folder).iterdir():
            path.unlink()
        (cifar / getattr(published, kind).base_folder).rmdir()
        from_records = DATASETS[name]()
        assert from_pickles.hash == from_records.hash
        assert from_pickles.classes == from_records.classes
        assert len(from_records.classes) == (10 if name == "cifar10" else 100)
        assert from_records.shape == (3, 32, 32)
        assert (len(from_records.train), len(from_records.test)) == (n, 4)
        assert DATASETS[name](resolution=16).shape == (3, 16, 16)

    def test_agrees_with_torchvision(self, cifar: Path, name: str, kind: str, n: int) -> None:
        ours = DATASETS[name]()
        for split, train in ((ours.train, True), (ours.test, False)):
            theirs = getattr(published, kind)(cifar, train=train)
            assert np.array_equal(split.images.permute(0, 2, 3, 1).numpy(), theirs.data)
            assert split.known_labels.tolist() == theirs.targets

    def test_a_pickle_of_another_checksum_is_never_opened(
        self, cifar: Path, name: str, kind: str, n: int
    ) -> None:
        class Payload:
            def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
                return os.mkdir, (str(cifar / "executed"),)

        source = getattr(published, kind)
        names = [source.meta["filename"], source.train_list[-1][0], source.test_list[0][0]]
        for file in names:
            path = cifar / source.base_folder / file
            whole = path.read_bytes()
            path.write_bytes(pickle.dumps(Payload()))
            with pytest.raises(UserError, match=rf"{file}: damaged or not the published file"):
                DATASETS[name]()
            path.write_bytes(whole)
        assert not (cifar / "executed").exists()
        pickle.loads(pickle.dumps(Payload()))
        assert (cifar / "executed").exists(), "the payload would have done something"

    def test_missing_truncated_and_wrong_records_are_named(
        self, cifar: Path, name: str, kind: str, n: int
    ) -> None:
        (cifar / getattr(published, kind).base_folder).rename(cifar / "away")
        form = RECORDS[kind]
        path = cifar / form.folder / next(iter(form.test))
        whole = path.read_bytes()
        before = DATASETS[name]().hash
        position = form.label_bytes - 1
        flip(path, position, (whole[position] + 1) % 10)
        assert DATASETS[name]().hash != before
        flip(path, position, 200)
        with pytest.raises(UserError, match=rf"{path.name}: label 200 is not one"):
            DATASETS[name]()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(UserError, match=rf"{path.name}: 6,14\d bytes instead of 12,29\d"):
            DATASETS[name]()
        path.unlink()
        with pytest.raises(UserError, match=rf"{path.name}: missing next to the other files"):
            DATASETS[name]()

    def test_names_of_classes_must_be_complete(
        self, cifar: Path, name: str, kind: str, n: int
    ) -> None:
        (cifar / getattr(published, kind).base_folder).rename(cifar / "away")
        (cifar / RECORDS[kind].folder / RECORDS[kind].names).write_text("cat\n")
        with pytest.raises(UserError, match="1 names for 10"):
            DATASETS[name]()
