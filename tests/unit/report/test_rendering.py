"""Filters of the templates."""

from __future__ import annotations

import pytest

from ogan_bench.report.rendering import html_links, markdown_links

SOURCE = "J. Su, *O-GAN*, https://arxiv.org/abs/1903.01931."


def test_addresses_in_markdown_are_links_and_the_rest_is_escaped() -> None:
    assert markdown_links(SOURCE) == "J. Su, \\*O-GAN\\*, <https://arxiv.org/abs/1903.01931>."


def test_addresses_in_html_are_links_and_the_rest_is_escaped() -> None:
    assert html_links("<b> http://a.example/?x=1&y=2, and") == (
        "&lt;b&gt; "
        '<a href="http://a.example/?x=1&amp;y=2" rel="noreferrer">http://a.example/?x=1&amp;y=2</a>'
        ", and"
    )


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "https://", "see a//b", 'https://"onmouseover="x', "http://<script>"],
)
def test_nothing_else_is_a_link(text: str) -> None:
    assert "href" not in html_links(text)
    assert "<" not in html_links(text)
    assert "<" not in markdown_links(text)
