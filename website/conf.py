"""Sphinx's configuration; ``python -m website`` calls Sphinx with it."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from ogan_bench import __version__

project = "ogan_bench"
copyright = "The ogan_bench developers, Apache-2.0"
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

myst_enable_extensions = ["attrs_block"]  # classes of tables
myst_heading_anchors = 4  # those that the repository's viewers make
suppress_warnings = ["myst.header"]  # a study's answer starts below its title's level
nitpicky = False

autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"ogan_bench {__version__}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "tango"
html_theme_options = {
    "footer_icons": [],
    "light_css_variables": {"font-stack": "system-ui, sans-serif"},
}


def _language(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object) -> None:
    """Chinese pages say that they are, so that browsers choose their glyphs."""
    if page.startswith("zh/"):
        context["language"] = "zh-CN"


def _no_type(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Undo that napoleon takes a property's text before a colon for its type."""
    for line in [line for line in lines if what in ("property", "attribute", "data")]:
        if line.startswith(":type: "):
            lines[0] = f"{line.removeprefix(':type: ')}: {lines[0]}"
            lines.remove(line)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("html-page-context", _language)
    app.connect("autodoc-process-docstring", _no_type, priority=600)  # after napoleon
