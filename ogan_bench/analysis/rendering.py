"""Templates of the reports and the filters they use."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from ogan_bench.analysis import formatting
from ogan_bench.analysis.statistics import Interval
from ogan_bench.store import Record


@dataclass(frozen=True)
class Picture:
    """An image for both formats.

    Args:
        title: Caption.
        alt: What it shows, for those who do not see it.
        uri: Data URI, for the page.
        link: Path relative to the report, for the Markdown.
    """

    title: str
    alt: str
    uri: str
    link: str


def data_uri(content: bytes, kind: str) -> str:
    """An image as ``data:image/<kind>;base64,...``."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def markdown(text: object) -> str:
    """Text on one line of Markdown, with nothing in it that Markdown or HTML would act on."""
    line = " ".join(str(text).split())
    for sign, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        line = line.replace(sign, safe)
    return "".join(f"\\{sign}" if sign in "\\`*_[]|#!~$" else sign for sign in line)


def _mean(row: Record) -> Interval:
    return Interval(row["mean"], row["low"], row["high"])


def _change(row: Record) -> Interval:
    return Interval(row["difference"], row["difference_low"], row["difference_high"])


def templates() -> jinja2.Environment:
    """The package's templates; what is HTML escapes every value."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "number": formatting.number,
        "p_value": formatting.p_value,
        "duration": formatting.duration,
        "md": markdown,
        "mean": lambda row, spec: formatting.estimate(_mean(row), spec),
        "mean_bounds": lambda row, spec: formatting.bounds(_mean(row), spec),
        "change": lambda row, spec: formatting.estimate(_change(row), spec, sign=True),
        "change_bounds": lambda row, spec: formatting.bounds(_change(row), spec, sign=True),
    }
    environment.filters.update(filters)
    return environment
