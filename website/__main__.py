"""``python -m website OUT``: the site in ``OUT/html``; a warning or a dead link is an error."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import main as sphinx

from website.built import faults
from website.reports import write_reports
from website.sources import lay_out

ROOT = Path(__file__).parent.parent


def build(out: Path) -> int:
    """Build all pages and reports; the exit code.

    Args:
        out: A folder for the sources that Sphinx reads (``pages``) and the site (``html``).
    """
    pages, html = out / "pages", out / "html"
    shutil.rmtree(out, ignore_errors=True)
    lay_out(ROOT, pages)
    if code := pages_to_html(pages, html):
        return code
    write_reports(ROOT / "results" / "reference", html / "reports")
    found = faults(html)
    sys.stderr.writelines(f"{fault}\n" for fault in found)
    if found:
        return 1
    sys.stdout.write(f"{html / 'index.html'}\n")
    return 0


def pages_to_html(pages: Path, html: Path) -> int:
    """Run Sphinx; the exit code, which is not 0 if it warned of anything."""
    strict = ["--fail-on-warning", "--keep-going", "--quiet", "--fresh-env"]
    here = str(Path(__file__).parent)
    return int(sphinx(["-b", "html", *strict, "-c", here, str(pages), str(html)]))


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1]).resolve()))
