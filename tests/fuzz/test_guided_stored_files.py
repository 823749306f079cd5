"""Files of a results folder that grow towards unknown lines of what reads them."""

from __future__ import annotations

import copy
import json
import random
import shutil
from pathlib import Path
from typing import Any

import ogan_bench
from ogan_bench.store.sealed import KEY
from tests.fuzz.guided import fuzz
from tests.fuzz.mutations import ODD_NUMBERS, ODD_TEXTS, WANTED, places
from tests.fuzz.test_stored_files import TRIAL, check
from tests.unit.analysis.study_with_pictures import register, write

EXECUTIONS = 20
"""Results folders that CI tries."""

FILES = ("demo/study.json", "demo/registered.json", f"{TRIAL}/run.json", f"{TRIAL}/result.json")
PACKAGE = Path(ogan_bench.__file__).parent
ODD: list[Any] = [None, True, [], {}, *ODD_NUMBERS, *ODD_TEXTS]


def changed(choose: random.Random, text: str) -> str:
    """The files with one to three of their values or keys replaced, removed, renamed or added."""
    files = json.loads(text)
    for _ in range(choose.randint(1, 3)):
        tree = files[choose.choice([*files])]
        found = [*places(tree)]
        if not found:
            break
        inside, key = choose.choice(found)
        kind = choose.choice(["odd", "other", "other", "remove", "rename", "add"])
        other, its = choose.choice(found)
        if kind == "odd":
            inside[key] = copy.deepcopy(choose.choice(ODD))
        elif kind == "other":
            inside[key] = copy.deepcopy(other[its])
        elif kind == "remove":
            del inside[key]
        elif isinstance(inside, dict):
            inside[str(its)] = inside[key] if kind == "add" else inside.pop(key)
        else:
            inside.append(copy.deepcopy(other[its]))
    return json.dumps(files)


def test_stored_files_that_grow_towards_unknown_lines(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole")
    register(whole)
    records = {name: json.loads((whole / name).read_text(encoding="utf-8")) for name in FILES}
    for record in records.values():  # the seal would reveal every change
        record.pop(KEY, None)
    root = tmp_path / "changed"

    def read(text: str) -> None:
        shutil.copytree(whole, root)
        for name, record in json.loads(text).items():
            (root / name).write_text(json.dumps(record), encoding="utf-8")
        check(root)
        shutil.rmtree(root)

    seed = random.randrange(2**32) if WANTED else 0
    fuzz(read, json.dumps(records), changed, PACKAGE, WANTED or EXECUTIONS, seed=seed)
