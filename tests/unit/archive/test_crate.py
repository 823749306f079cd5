"""The metadata of an archive: complete, read by ro-crate-py, and what the profile asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

from ogan_bench.archive.crate import METADATA, PROFILE
from ogan_bench.archive.manifest import files_of, read_manifest
from tests.unit.archive.archived_study import WITH_NETS, entities


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_ro_crate_py_reads_it(whole: Path) -> None:
    crate = ROCrate(whole)
    assert crate.root_dataset["conformsTo"].id == PROFILE
    assert crate.root_dataset["license"].id == "https://spdx.org/licenses/CC-BY-4.0"
    assert [author["name"] for author in [crate.root_dataset["author"]]] == ["Josiah Carberry"]
    files = {entity.id for entity in crate.data_entities if entity.type == "File"}
    assert files == set(files_of(whole)) - {METADATA}
    (action,) = [entity for entity in crate.contextual_entities if entity.id == f"#{WITH_NETS[0]}"]
    assert action["instrument"]["name"] == "ogan_bench"
    assert {made.id for made in action["result"]} == {
        "demo/trials.parquet", "demo/logs.parquet",
        f"{WITH_NETS[0]}/nets.safetensors", f"{WITH_NETS[0]}/nets.json",
    }  # fmt: skip


def test_it_has_what_ro_crate_and_the_profile_demand(whole: Path) -> None:
    """The MUST items of RO-Crate 1.1 and of Process Run Crate 0.5."""
    known = entities(whole)
    descriptor, root = known[METADATA], known["./"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert root["@type"] == "Dataset"
    assert root["datePublished"] == "2026-01-31"
    assert {"name", "description", "license"} <= set(root)
    assert known[root["conformsTo"]["@id"]]["@type"] == "CreativeWork"
    actions = [entity for entity in known.values() if entity["@type"] == "CreateAction"]
    assert {action["@id"] for action in actions} == {entry["@id"] for entry in root["mentions"]}
    for action in actions:
        assert known[action["instrument"]["@id"]]["@type"] == "SoftwareApplication"
        assert action["result"]


def test_every_file_is_part_of_it_with_its_hash_and_size(whole: Path) -> None:
    known, stated = entities(whole), read_manifest(whole)
    parts = {entry["@id"] for entity in known.values() for entry in _parts(entity)}
    for name in files_of(whole):
        if name == METADATA:
            continue
        assert name in parts, name
        assert known[name].get("sha256", stated.get(name)) == stated.get(name)
        assert int(known[name].get("contentSize", -1)) in (-1, (whole / name).stat().st_size)
        assert "encodingFormat" in known[name], name
        assert known[name]["description"]


def test_a_run_says_when_how_and_of_what(whole: Path) -> None:
    known = entities(whole)
    run = known["#demo/none/seed-1"]
    assert run["startTime"] == "2026-01-02T00:00:00+00:00"
    assert run["endTime"] == "2026-01-03T01:00:00+00:00"
    assert run["description"].startswith("Outcome: ok; 2 s of training")
    assert run["actionStatus"] == "http://schema.org/CompletedActionStatus"
    studied, data = run["object"]
    assert studied == {"@id": "demo/study.json"}
    assert known[data["@id"]]["name"] == "digits"
    diverged, failed = known["#demo/pea_rson/seed-1"], known["#demo/pea_rson/seed-2"]
    assert diverged["actionStatus"].endswith("CompletedActionStatus")
    assert "error" not in diverged
    assert failed["actionStatus"].endswith("FailedActionStatus")
    assert failed["error"] == "RuntimeError: <b>out of memory</b>"
    assert not {"startTime", "endTime"} & diverged.keys()  # of a version that did not store them


def _parts(entity: dict[str, object]) -> list[dict[str, str]]:
    parts = entity.get("hasPart", [])
    return parts if isinstance(parts, list) else [parts]  # type: ignore[list-item]
