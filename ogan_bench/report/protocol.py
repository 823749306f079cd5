"""The protocol of a study in Markdown, written before its first trial."""

from __future__ import annotations

from ogan_bench.analysis.protocol import Protocol
from ogan_bench.report.rendering import templates


def protocol_text(protocol: Protocol) -> str:
    """The protocol as Markdown; it depends on what is planned alone."""
    context = {**vars(protocol), "record": protocol.results.record}
    return templates().get_template("protocol.md.j2").render(context)
