"""Faults of built pages: links that lead nowhere, and anything fetched from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""Elements that a browser fetches something for, and the attribute that says what."""

NOT_FETCHED = {"canonical", "next", "prev", "search", "index", "author", "help"}
"""Relations of ``<link>`` that only name another page."""


class Page(HTMLParser):
    """What a page links to, what it fetches, and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        names_a_page = NOT_FETCHED & set(given.get("rel", "").split())
        if FETCHED.get(tag) in given and not names_a_page:
            self.fetched.append(given[FETCHED[tag]])
        if "style" in given:
            self.fetched += in_styles(given["style"])

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style":
            self.fetched += in_styles(data)


def in_styles(text: str) -> list[str]:
    """Addresses that CSS fetches."""
    return re.findall(r"""(?:@import\s+url\(|@import|url\()\s*["']?([^"')\s;]+)""", text)


def faults(site: Path) -> list[str]:
    """All faults of the pages and styles below a folder, each with its page."""
    read = cache(lambda path: Page(path.read_text(encoding="utf-8")))

    def of_page(path: Path) -> Iterator[str]:
        page = read(path)
        for address in page.fetched:
            if _elsewhere(address):
                yield f"fetches {address}"
            elif not _target(path, address, site).exists():
                yield f"fetches {address}, which is not there"
        for address in page.links:
            if address.startswith(("http:", "https:", "mailto:", "data:", "javascript:")):
                continue
            target = _target(path, address, site)
            anchor = unquote(urlsplit(address).fragment)
            if not target.is_file():
                yield f"links to {address}, which is not there"
            elif anchor and target.suffix == ".html" and anchor not in read(target).anchors:
                yield f"links to {address}, and there is no such anchor"

    found = [
        f"{path.relative_to(site)}: {fault}"
        for path in sorted(site.rglob("*.html"))
        for fault in of_page(path)
    ]
    for path in sorted(site.rglob("*.css")):
        fetched = in_styles(path.read_text(encoding="utf-8"))
        page = path.relative_to(site)
        found += [f"{page}: fetches {address}" for address in fetched if _elsewhere(address)]
    return found


def _elsewhere(address: str) -> bool:
    return address.startswith(("http:", "https:", "//"))


def _target(page: Path, address: str, site: Path) -> Path:
    """The file that an address on a page means; data in the page stands for the page."""
    path = unquote(urlsplit(address).path)
    if not path or address.startswith("data:"):
        return page
    target = (site / path.lstrip("/")) if path.startswith("/") else page.parent / path
    return target / "index.html" if target.is_dir() else target
