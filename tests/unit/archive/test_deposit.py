"""Licences and authors as those who publish state them."""

from __future__ import annotations

import pytest

from ogan_bench.archive.author import Author, parse_author
from ogan_bench.archive.licence import NOT_STATED, parse_licence
from ogan_bench.errors import UserError


@pytest.mark.parametrize(
    ("text", "licence"),
    [("cc-by-4.0", "CC-BY-4.0"), ("CC0-1.0", "CC0-1.0"), ("noassertion", NOT_STATED)],
)
def test_licences_are_spelled_as_spdx_does(text: str, licence: str) -> None:
    assert parse_licence(text) == licence


@pytest.mark.parametrize("text", ["CC-BY", "CC BY 4.0", "MIT OR Apache-2.0", "mine"])
def test_other_licences_are_refused(text: str) -> None:
    with pytest.raises(UserError, match=f"--license: no licence '{text}' on https://spdx.org"):
        parse_licence(text)


def test_a_licence_is_chosen_by_a_person() -> None:
    with pytest.raises(UserError, match="without one, nobody may use what you publish: name"):
        parse_licence(None)


def test_authors_have_a_name_and_perhaps_an_orcid() -> None:
    known = Author("Josiah Carberry", "0000-0002-1825-0097")
    assert parse_author("Josiah Carberry <0000-0002-1825-0097>") == known
    assert parse_author("Josiah Carberry <https://orcid.org/0000-0002-1825-0097>") == known
    assert known.address == "https://orcid.org/0000-0002-1825-0097"
    assert parse_author(" Ada Lovelace ") == Author("Ada Lovelace", None)
    assert parse_author("Ada Lovelace").address == "#author-Ada-Lovelace"


@pytest.mark.parametrize("text", ["", "<0000-0002-1825-0097>", "A <0000-0002-1825-0098>", "A <x>"])
def test_slips_in_authors_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="is not like 'Name' or 'Name <0000-0002-1825-0097>'"):
        parse_author(text)
