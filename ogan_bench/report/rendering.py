"""Templates of the reports and the filters they use."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from ogan_bench.analysis import formatting
from ogan_bench.analysis.degenerate import DEGENERATE, ERRORS_EXPLAINED
from ogan_bench.analysis.marks import BETTER, BOLD
from ogan_bench.files import Record, without_nan
from ogan_bench.statistics import Interval

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Picture:
    """An image for HTML and Markdown.

    Args:
        title: Caption.
        alt: Alternative text.
        uri: Data URI, for the HTML page.
        link: Path relative to the report, for Markdown.
    """

    title: str
    alt: str
    uri: str
    link: str


def data_uri(content: bytes, kind: str) -> str:
    """An image as ``data:image/<kind>;base64,...``."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def markdown(text: object) -> str:
    """Text on one line of Markdown, with all Markdown and HTML syntax escaped."""
    return _markdown(" ".join(str(text).split()))


def _markdown(line: str) -> str:
    for sign, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        line = line.replace(sign, safe)
    return "".join(f"\\{sign}" if sign in "\\`*_[]|#!~$" else sign for sign in line)


ADDRESS = re.compile(r"https?://[^\s<>\"'`|\\()\[\]]+[^\s<>\"'`|\\()\[\].,;:!?]")
"""An address on the web, without punctuation that follows it."""


def markdown_links(text: str) -> str:
    """As :func:`markdown`, with addresses on the web as links."""
    return _with_links(" ".join(text.split()), _markdown, lambda address: f"<{address}>")


def html_links(text: str) -> Markup:
    """HTML of a text, escaped, with addresses on the web as links."""
    return Markup(
        _with_links(text, lambda part: str(escape(part)), lambda address: _anchor(escape(address)))
    )


def _anchor(address: str) -> str:
    return f'<a href="{address}" rel="noreferrer">{address}</a>'


def _with_links(text: str, plain: Callable[[str], str], link: Callable[[str], str]) -> str:
    parts, end = [], 0
    for found in ADDRESS.finditer(text):
        parts += [plain(text[end : found.start()]), link(found[0])]
        end = found.end()
    return "".join([*parts, plain(text[end:])])


def policy(style: str, script: str) -> str:
    """Content security policy of a page: nothing is fetched, and no other script or style is used.

    A style or script is allowed by the SHA-256 of its text, so anything injected into the page
    through a stored name or note does not run.

    References:
        Content Security Policy Level 3, W3C, https://www.w3.org/TR/CSP3/
    """
    style, script = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (style, script)
    )
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{style}'; "
        f"script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"
    )


def _drawn(pictures: dict[str, Picture], *prefixes: str) -> list[Picture]:
    """The figures of one kind, in drawing order."""
    return [picture for name, picture in pictures.items() if name.startswith(prefixes)]


def _mean(row: Record) -> Interval:
    return Interval(row["mean"], row["low"], row["high"])


def _change(row: Record) -> Interval:
    return Interval(row["difference"], row["difference_low"], row["difference_high"])


def _percent(share: Interval) -> str:
    """A share with its interval in percent, without the unit."""
    return formatting.interval(Interval(*(100 * end for end in share)), ".1f", sign=True)


@jinja2.pass_context
def _arm_title(context: jinja2.runtime.Context, arm: str) -> str:
    """The title of an arm of the study that a page is about."""
    title: str = context["results"].arm_title(arm)
    return title


@jinja2.pass_context
def _marked_title(context: jinja2.runtime.Context, arm: str) -> str:
    """The title of such an arm, which says whether it collapsed."""
    title: str = context["results"].marked_title(arm)
    return title


def templates() -> jinja2.Environment:
    """The package's templates; HTML templates escape every value."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        extensions=["jinja2.ext.do"],
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "number": formatting.number,
        "interval": formatting.interval,
        "percent": _percent,
        "duration": formatting.duration,
        "arm_title": _arm_title,
        "marked_title": _marked_title,
        "metric_title": lambda name: formatting.metric_info(name).title,
        "known": lambda value: not math.isnan(value),
        "without_nan": without_nan,
        "md": markdown,
        "md_links": markdown_links,
        "html_links": html_links,
        "drawn": _drawn,
        "mean": lambda row, spec: formatting.estimate(_mean(row), spec),
        "mean_bounds": lambda row, spec: formatting.bounds(_mean(row), spec),
        "change": lambda row, spec: formatting.estimate(_change(row), spec, sign=True),
        "change_bounds": lambda row, spec: formatting.bounds(_change(row), spec, sign=True),
    }
    environment.filters.update(filters)
    style, script = ((TEMPLATES / name).read_text("utf-8") for name in ("page.css", "page.js"))
    environment.globals.update(
        bold=BOLD,
        better=BETTER,
        degenerate_explained=DEGENERATE,
        errors_explained=ERRORS_EXPLAINED,
        style=Markup(style),
        script=Markup(script),
        policy=Markup(policy(style, script)),
    )
    return environment
