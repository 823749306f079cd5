"""Every relative link in the documentation leads to a file, and every anchor to a heading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


def prose(page: Path) -> str:
    """A page without its code, in which brackets are no links."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.M)
    return re.sub(r"`[^`]*`", lambda found: re.sub(r"[\[\]()]", "", found[0]), text)


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        repeats = [words, *(f"{words}-{n}" for n in range(1, len(found) + 1))]
        found.add(next(anchor for anchor in repeats if anchor not in found))
    return found


def broken(page: Path, root: Path) -> list[str]:
    """Relative links of a page that lead nowhere, or out of the repository."""
    found = []
    for link in re.findall(r"(?<!\\)\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page.resolve()
        exists = target.exists() and target.is_relative_to(root.resolve())
        if not exists or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_resolve(page: Path) -> None:
    assert broken(page, ROOT) == []


def linked(page: Path) -> set[Path]:
    """The pages that a page links to."""
    links = re.findall(r"\]\(([^)#\s]+)", prose(page))
    return {(page.parent / link).resolve() for link in links} & set(PAGES)


def test_every_page_is_reached_from_the_readme() -> None:
    """In two steps: from the README itself, or from a page that it links to."""
    first = linked(ROOT / "README.md")
    assert set(PAGES) - {ROOT / "README.md"} <= first.union(*map(linked, first))


def test_broken_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# A `b` and c\n\n## Twice\n\n## Twice\n", encoding="utf-8")
    page = tmp_path / "page.md"
    good = ["other.md", "other.md#a-b-and-c", "other.md#twice-1", "#here", "https://example.org/#x"]
    bad = ["none.md", "other.md#nothing", "other.md#twice-2", "#there", "../page.md", "none.png"]
    text = "# Here\n\n```text\n[code](none.md)\n```\n\n" + "\n".join(
        f"[{'`a[0]`'}]({link})" for link in good + bad
    )
    page.write_text(text.replace("[`a[0]`](none.png)", "![picture](none.png)"), encoding="utf-8")
    assert broken(page, tmp_path) == bad


def test_the_architecture_page_names_the_packages_there_are() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    package = ROOT / "ogan_bench"
    paths = re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.py)?)`", text)
    places = [ROOT, package, *(package / room for room in ("data", "objectives", "report"))]
    assert [path for path in paths if not any((place / path).exists() for place in places)] == []
    packages = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    assert packages <= set(paths)
