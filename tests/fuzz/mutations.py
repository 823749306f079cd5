"""Random changes to trees and texts, as by a slip, a merge, an editor or a bad disk.

The number of examples is small and fixed unless ``$OGAN_BENCH_FUZZ_EXAMPLES`` asks for more, which
are then drawn anew each time: ``nox -s soak``.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from ogan_bench.store.sealed import KEY

WANTED = int(os.environ.get("OGAN_BENCH_FUZZ_EXAMPLES", "0"))

ODD_TEXTS = (
    "", " ", "0", "null", "name", "..", "../../x", "/", "a\0b", "\n", "é\u2028", "x" * 400,
    "{{7*7}}", "<script>", "%s", "nan", "1e999", "-1", "9" * 400, "=", "a=b",
)  # fmt: skip

ODD_NUMBERS = (0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**40, 0.5, -0.0, 1e-320, 1e308)

NUMBERS = st.one_of(
    st.sampled_from(ODD_NUMBERS),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.sampled_from(ODD_TEXTS), st.text())
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=6,
)
TOKENS = (
    "&a ", "*a", "!!int ", "!!bool ", "!!binary ", "!x ", "<<: ", "? ", ": ", "- ", "[", "]", "{",
    "}", "'", '"', "|", ">", "%YAML 9.9\n", "---\n", "...\n", "#", "\t", "\0", "\ufeff", "\x85",
    ",", "\n", "  ", "2001-99-01", ".nan", ".inf", "0x", "1_0", "~",
)  # fmt: skip


def examples(few: int) -> settings:
    """Settings of a test that runs a few examples in CI and as many as wanted in a soak."""
    return settings(
        max_examples=WANTED or few,
        derandomize=not WANTED,
        deadline=None,
        database=None,
        suppress_health_check=[*HealthCheck],
    )


@st.composite
def mutated(draw: st.DrawFn, tree: Any) -> Any:
    """The tree with one to three of its values or keys replaced, removed, added or doubled."""
    changed = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 3))):
        found = [*places(changed)]
        if not found:
            break
        inside, key = draw(st.sampled_from(found))
        kind = draw(st.sampled_from(["replace", "replace", "remove", "rename", "swap"]))
        if kind == "replace":
            inside[key] = draw(VALUES)
        elif kind == "remove":
            del inside[key]
        elif kind == "swap":
            other, its = draw(st.sampled_from(found))
            inside[key] = copy.deepcopy(other[its])
        elif isinstance(inside, dict):
            name = draw(st.sampled_from(ODD_TEXTS) | st.none() | st.booleans() | st.integers(0, 3))
            inside[name] = inside.pop(key)
        else:
            inside.append(draw(VALUES))
    return changed


@st.composite
def mangled(draw: st.DrawFn, text: str) -> str:
    """The text with one to four pieces cut out, or replaced by others or by marks of YAML."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 5, 40])))
        piece = draw(st.sampled_from(TOKENS) | st.text(max_size=3))
        text = text[:start] + piece + text[end:]
    return text


def flow(tree: Any) -> str:
    """YAML in flow style; unlike JSON it has keys that are no text."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(flow, tree)) + "]"
    return json.dumps(tree)


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every mapping or list in the tree with each of its keys or indices."""
    keys = tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in list(keys):
        yield tree, key
        yield from places(tree[key])


def rewrite(path: Path, data: st.DataObject) -> None:
    """Change the content of a JSON file at random, without the seal that would reveal it."""
    record = json.loads(path.read_text(encoding="utf-8"))
    record.pop(KEY, None)
    path.write_text(json.dumps(data.draw(mutated(record) | VALUES)), encoding="utf-8")
