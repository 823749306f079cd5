"""What became of an archive since it was written is found and named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ogan_bench.api import load_results
from ogan_bench.archive.crate import METADATA
from ogan_bench.archive.manifest import MANIFEST, files_of, write_manifest
from ogan_bench.archive.verify import verify_archive
from ogan_bench.archive.write import write_archive
from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.store.trial_store import TrialStore
from tests.unit.archive.archived_study import DEPOSIT, WITH_NETS


def test_a_whole_archive_has_no_faults(whole: Path) -> None:
    found = verify_archive(whole)
    assert found.faults == []
    assert found.verdicts == {"demo": 1}
    assert found.files == len(files_of(whole)) - 1


def test_a_published_study_is_decided_alike_from_its_archive(tmp_path: Path) -> None:
    """Its trials are packed already, and its nets are not published."""
    reference = Path(__file__).parents[3] / "results" / "reference"
    out = write_archive(reference, ["training_cost"], tmp_path / "out", DEPOSIT).path
    found = verify_archive(out)
    assert found.faults == []
    stated = TrialStore(reference).read_study("training_cost")["hypotheses"]
    assert found.verdicts == {"training_cost": len(stated)}
    assert load_results(out).equals(load_results(reference, "training_cost"))


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "name",
    [f"{WITH_NETS[0]}/nets.safetensors", "demo/figures/forest.svg", "demo/logs.parquet", METADATA],
)
def test_a_changed_bit_is_found(copy: Path, name: str) -> None:
    flip(copy / name)
    faults = verify_archive(copy).faults
    assert f"{name}: damaged, its SHA-256 is not that in {MANIFEST}; put back a copy" in faults[0]


def test_missing_and_further_files_are_found(copy: Path) -> None:
    (copy / "README.md").unlink()
    (copy / "demo" / "notes.txt").write_text("mine")
    faults = verify_archive(copy).faults
    assert [fault.partition(";")[0] for fault in faults] == [
        "README.md: missing",
        "demo/notes.txt: not in the manifest, so it came later",
    ]


def edit(path: Path, change: Callable[[Record], object]) -> None:
    record = json.loads(path.read_text("utf-8"))
    change(record)
    path.write_text(json.dumps(record), "utf-8")


def test_a_report_that_the_data_do_not_support_is_found(copy: Path) -> None:
    """Whoever writes a manifest can write it anew; the data still decide."""

    def claim_more(record: Record) -> None:
        record["verdicts"][0]["decision"] = "refuted"

    edit(copy / "demo" / "report.json", claim_more)
    write_manifest(copy, {})
    faults = verify_archive(copy).faults
    assert any(
        fault.startswith(
            "demo: the report says that better is refuted; decided again from the data"
        )
        for fault in faults
    )


def test_a_crate_that_does_not_fit_its_files_is_found(copy: Path) -> None:
    def forget(record: Record) -> None:
        record["@graph"] = [
            entity for entity in record["@graph"]
            if entity["@id"] not in ("demo/table.csv", "#demo/none/seed-1")
        ]  # fmt: skip

    edit(copy / METADATA, forget)
    write_manifest(copy, {})
    faults = verify_archive(copy).faults
    for said in (
        f"{METADATA}: does not describe demo/table.csv",
        f"{METADATA}: ./ refers to #demo/none/seed-1, which it does not describe",
    ):
        assert any(fault.startswith(said) for fault in faults), said


@pytest.mark.parametrize("text", ["[]", '{"@graph": 3}', '{"@graph": [{"@id": "x"}]}', "no JSON"])
def test_a_crate_that_is_none_is_named(copy: Path, text: str) -> None:
    (copy / METADATA).write_text(text)
    assert any(fault.startswith((METADATA, str(copy / METADATA))) for fault in
               verify_archive(copy).faults[1:])  # fmt: skip


def test_results_that_cannot_be_read_are_named(copy: Path) -> None:
    (copy / "demo" / "trials.parquet").write_bytes(b"PAR1")
    faults = verify_archive(copy).faults
    assert any("trials.parquet: cannot be read" in fault for fault in faults)


def test_a_folder_without_a_manifest_is_no_archive(copy: Path) -> None:
    (copy / MANIFEST).write_text("what is this\n")
    with pytest.raises(UserError, match=f"{MANIFEST}:1: not a SHA-256 and a path"):
        verify_archive(copy)
    (copy / MANIFEST).unlink()
    with pytest.raises(UserError, match="no such file; `ogan-bench archive` writes it"):
        verify_archive(copy)
