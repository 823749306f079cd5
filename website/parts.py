"""A page for each kind of part that a study file may name, from the docstrings of the parts."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from ogan_bench.study import catalogue
from ogan_bench.study.syntax_tree import Part
from website.diagrams import EXPLAINED, diagram
from website.markdown import code, heading, markdown, table

TITLES = {
    "adversarial": "Adversarial losses",
    "readouts": "Readouts",
    "consistency": "Consistency terms",
    "penalties": "Penalties",
    "schedules": "Schedules and weights",
    "objectives": "Systems",
    "updates": "Updates",
    "optimizers": "Optimisers",
    "augmentations": "Augmentations",
    "models": "Models",
    "datasets": "Datasets",
}
"""Kind of part to the title of its page, in the order of the menu."""

SECTION = re.compile(r"^(Args|References|Raises|Returns|Yields|Example|Examples):\n", re.MULTILINE)
LABELLED = re.compile(r"^[A-Z][\w ,()]*: ")
"""A line of a docstring that starts one of several formulas."""


def part_pages() -> dict[str, str]:
    """Paths on the site and texts."""
    return {f"parts/{kind}.md": _page(kind, title) for kind, title in TITLES.items()}


def draw_parts(target: Path) -> None:
    """Write the pictures that the pages show.

    Args:
        target: The folder of the site's sources.
    """
    for kind in TITLES:
        for name in catalogue.parts(kind):
            if drawing := diagram(kind, name):
                drawing.save(target / picture(kind, name))


def picture(kind: str, name: str) -> str:
    """Path on the site of the picture of a part."""
    return f"pictures/parts/{kind}/{name}.svg"


def diagram_of_ogan() -> str:
    """A section for the page on objectives: O-GAN as a picture, and where the others are."""
    return (
        heading(2, "Pictures")
        + _image("objectives", "composed")
        + "This is O-GAN: E scores images and codes them. [Systems](parts/objectives.md) has such "
        "a picture of every objective, and the other pages one of every part that can be drawn.\n\n"
    )


def _image(kind: str, name: str) -> str:
    if drawing := diagram(kind, name):
        return f"```{{image}} /{picture(kind, name)}\n:alt: {drawing.alt}\n```\n\n"
    return ""


def _page(kind: str, title: str) -> str:
    page = heading(1, title)
    page += f"What a study file may name, as `ogan-bench describe {kind} NAME` shows it.\n\n"
    if kind in EXPLAINED:
        page += markdown(EXPLAINED[kind]) + "\n\n"
    return page + "".join(_part(kind, part) for part in catalogue.parts(kind).values())


def _part(kind: str, part: Part) -> str:
    text, sections = docstring(part.doc)
    page = heading(2, code(part.name)) + prose(text)
    page += _image(kind, part.name)
    meanings = entries(sections.get("Args", ""))
    if part.parameters:
        rows = []
        for parameter in part.parameters:
            record = parameter.record()
            default = code(str(record["default"])) if "default" in record else "required"
            meaning = markdown(meanings.get(parameter.name, ""))
            rows.append((code(parameter.name), parameter.values, default, meaning))
        page += "{.parameters}\n" + table(("parameter", "type", "default", "meaning"), rows)
    for source in sources(sections.get("References", "")):
        page += f"* {markdown(source)}\n"
    return page + "\n"


def docstring(doc: str) -> tuple[str, dict[str, str]]:
    """The text of a Google-style docstring, and its sections by name."""
    text, *rest = SECTION.split(doc)
    named = zip(rest[::2], rest[1::2], strict=True)
    return text, {name: textwrap.dedent(body) for name, body in named}


def prose(text: str) -> str:
    """Paragraphs as Markdown; formulas that stand on lines of their own stay on them."""
    paragraphs = []
    for paragraph in text.strip("\n").split("\n\n"):
        if paragraph.startswith(("    ", ">>>")):
            paragraphs.append(f"```python\n{textwrap.dedent(paragraph)}\n```")
            continue
        lines = paragraph.splitlines()
        formulas = sum(bool(LABELLED.match(line)) for line in lines) > 1
        shown = markdown(lines[0])
        for line in lines[1:]:
            shown += ("\\\n" if formulas and LABELLED.match(line) else "\n") + markdown(line)
        paragraphs.append(shown)
    return "\n\n".join(paragraphs) + "\n\n"


def entries(section: str) -> dict[str, str]:
    """The entries of a section of arguments: name to meaning."""
    found = re.findall(r"^(\w+): (.*(?:\n .*)*)", section, re.MULTILINE)
    return {name: " ".join(meaning.split()) for name, meaning in found}


def sources(section: str) -> list[str]:
    """The references of a section: each ends with its address, a remark on it, or the section."""
    found, current = [], ""
    for line in section.split("\n"):
        current = f"{current} {line.strip()}".strip()
        if re.search(r"(https?://|arXiv )\S+( \(.*\))?$", current):
            found.append(current)
            current = ""
    return found + ([current] if current else [])
