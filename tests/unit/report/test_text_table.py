"""Tables as plain text: complete, unfolded unless a width is given, and never markup."""

from __future__ import annotations

import pytest

from ogan_bench.report.text_table import text_table


def test_columns_are_two_spaces_apart_and_numbers_flush_right() -> None:
    rows: list[list[object]] = [["FD ↓", "23.6 ±5.1", 40], ["latent ρ", "8.0", ""]]
    assert text_table(("", "none", "n"), rows, numeric=range(1, 3)).split("\n") == [
        "               none   n",
        "FD ↓      23.6 ±5.1  40",
        "latent ρ        8.0",
    ]


def test_nothing_is_cut_off_or_read_as_markup() -> None:
    rows = [["[red]x[/red]", ":smile:", "word " * 200 + "end"]]
    text = text_table(None, rows)
    assert text == f"[red]x[/red]  :smile:  {'word ' * 200}end"


def test_a_given_width_folds_and_keeps_everything() -> None:
    text = text_table(("name", "summary"), [["x", "some words " * 20]], width=40)
    assert max(map(len, text.split("\n"))) <= 40
    assert text.count("words") == 20


def test_a_table_without_rows_is_its_header() -> None:
    assert text_table(("trial", "state"), []) == "trial  state"


@pytest.mark.parametrize("header", [None, ("名前", "value", "")])
@pytest.mark.parametrize("last", ["", "end", "a\nb"])
def test_long_tables_look_as_wrapped_ones_do_where_there_is_room(
    header: tuple[str, ...] | None, last: str
) -> None:
    rows = [["[b]é 日本[/b]", "8.0", "  x "], ["ρ", "1234", last], ["", "", ""]]
    plain = text_table(header, rows, numeric=range(1, 2))
    assert plain == text_table(header, rows, numeric=range(1, 2), width=1000)
