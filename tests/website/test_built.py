"""Faults of built pages are found, and Sphinx refuses what it cannot resolve."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from website.built import faults

ROOT = Path(__file__).parent.parent.parent


def site(folder: Path, body: str, style: str = "") -> Path:
    (folder / "sub").mkdir()
    (folder / "sub" / "other.html").write_text('<h1 id="here">x</h1>', encoding="utf-8")
    (folder / "a.png").write_bytes(b"")
    (folder / "site.css").write_text(style, encoding="utf-8")
    (folder / "index.html").write_text(f"<html><body>{body}</body></html>", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "body",
    [
        '<a href="https://example.org">elsewhere, if you click</a>',
        '<a href="sub/other.html#here">x</a><a href="#top" id="top">x</a><a href="">x</a>',
        '<img src="a.png"><img src="data:image/png;base64,xx"><link rel="next" href="https://x.y">',
        '<link rel="stylesheet" href="site.css?v=1">',
        "<style>a { background: url(data:image/svg+xml;xx) }</style>",
    ],
)
def test_whole_pages_have_no_fault(tmp_path: Path, body: str) -> None:
    assert faults(site(tmp_path, body, 'a { background: url("a.png") }')) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<script src="https://cdn.org/a.js"></script>', "fetches https://cdn.org/a.js"),
        ('<link rel="stylesheet" href="//cdn.org/a.css">', "fetches //cdn.org/a.css"),
        ('<img src="http://x.org/a.png">', "fetches http://x.org/a.png"),
        ("<style>@import 'https://x.org/f.css';</style>", "fetches https://x.org/f.css"),
        ('<p style="background: url(https://x.org/a)">', "fetches https://x.org/a"),
        ('<img src="b.png">', "fetches b.png, which is not there"),
        ('<a href="sub/none.html">x</a>', "links to sub/none.html, which is not there"),
        ('<a href="sub/">x</a>', "links to sub/, which is not there"),
        (
            '<a href="sub/other.html#there">x</a>',
            "links to sub/other.html#there, and there is no such anchor",
        ),
    ],
)
def test_a_fault_is_found(tmp_path: Path, body: str, fault: str) -> None:
    assert faults(site(tmp_path, body)) == [f"index.html: {fault}"]


def test_a_style_that_fetches_is_found(tmp_path: Path) -> None:
    style = "@import url(https://x.org/f.css);"
    assert faults(site(tmp_path, "", style)) == ["site.css: fetches https://x.org/f.css"]


def test_a_link_that_sphinx_cannot_resolve_fails_the_build(tmp_path: Path) -> None:
    """With the options of the site, on two pages: one is whole, one is not."""
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "index.md").write_text("# A\n\n## Here\n\n[x](#here)\n", encoding="utf-8")
    code = "import sys; from pathlib import Path; from website.__main__ import pages_to_html as p;"
    build = [sys.executable, "-c", f"{code} sys.exit(p(Path(sys.argv[1]), Path(sys.argv[2])))"]
    run = [*build, str(pages), str(tmp_path / "html")]
    whole = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    assert whole.returncode == 0, whole.stderr
    assert faults(tmp_path / "html") == []
    (pages / "index.md").write_text("# A\n\n[x](none.md) [y](#there)\n", encoding="utf-8")
    broken = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    assert broken.returncode == 1
    assert "none.md" in broken.stderr
    assert "there" in broken.stderr
