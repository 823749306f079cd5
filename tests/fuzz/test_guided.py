"""What grows towards unknown lines of the study loader is a study, or the problems with it."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

import ogan_bench.study
from ogan_bench.study.shipped import shipped_studies
from tests.fuzz.guided import fuzz
from tests.fuzz.mutations import ODD_TEXTS, TOKENS, WANTED
from tests.fuzz.test_study_files import check
from tests.unit.study.written_study import STUDY

EXECUTIONS = 150
"""Texts that CI tries."""

LOADER = Path(ogan_bench.study.__file__).parent
WORD = re.compile(r"[\w.-]+")


def words() -> list[str]:
    """Every word and every line of the shipped studies: names, keys and values with a meaning."""
    texts = [path.read_text(encoding="utf-8") for path in shipped_studies().values()]
    lines = {line for text in texts for line in text.splitlines() if ":" in line}
    return sorted({word for line in lines for word in WORD.findall(line)} | lines)


WORDS = words()


def changed(choose: random.Random, text: str) -> str:
    """The text with one to three words or lines replaced, doubled, moved or removed."""
    for _ in range(choose.randint(1, 3)):
        lines = text.splitlines(keepends=True) or [""]
        at = choose.randrange(len(lines))
        found = [*WORD.finditer(lines[at])]
        kind = choose.choice(["word", "word", "line", "mark", "remove", "move"])
        if kind == "word" and found:
            old, new = choose.choice(found), choose.choice([*WORDS, *ODD_TEXTS])
            lines[at] = lines[at][: old.start()] + new + lines[at][old.end() :]
        elif kind == "line":
            new = choose.choice(WORDS)
            lines.insert(at, new if ":" in new else f"{new}: {choose.choice(WORDS)}")
            lines[at] += "\n"
        elif kind == "mark":
            lines[at] = choose.choice(TOKENS) + lines[at]
        elif kind == "remove":
            del lines[at]
        else:
            lines.insert(choose.randrange(len(lines)), choose.choice(["", "  "]) + lines[at])
        text = "".join(lines)
    return text


def test_texts_that_grow_towards_unknown_lines(tmp_path: Path) -> None:
    (folder := tmp_path / "study").mkdir()
    seed = random.randrange(2**32) if WANTED else 0
    fuzz(lambda text: check(folder, text), STUDY, changed, LOADER, WANTED or EXECUTIONS, seed=seed)


def hidden(text: str) -> None:
    """A fault that only one word of six letters finds."""
    if text[0] != "h":
        return
    if text[1] != "i":
        return
    if text[2] != "d":
        return
    if text[3] != "d":
        return
    if text[4] != "e":
        return
    assert text[5] != "n", "found"


def letters(choose: random.Random, text: str) -> str:
    """The text with any number of its letters replaced."""
    new = list(text)
    for _ in range(choose.randint(1, len(text))):
        new[choose.randrange(len(text))] = choose.choice("abcdefghijklmnopqrstuvwxyz")
    return "".join(new)


def test_guidance_finds_what_blind_mutation_does_not() -> None:
    here = Path(__file__)
    with pytest.raises(AssertionError, match="found") as found:
        fuzz(hidden, "aaaaaa", letters, here, 20_000)
    assert found.value.__notes__[0].endswith("of this text:\nhidden")
    fuzz(hidden, "aaaaaa", letters, here, 20_000, is_guided=False)
