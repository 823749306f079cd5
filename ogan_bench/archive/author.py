"""Who made the results of an archive."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ogan_bench.errors import UserError

_AUTHOR = re.compile(
    r"([^<>]*[^<>\s])(?:\s*<(?:https://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])>)?"
)


@dataclass(frozen=True)
class Author:
    """A person.

    Args:
        name: As it is to be cited.
        orcid: ``0000-0002-1825-0097``, or ``None``.
    """

    name: str
    orcid: str | None

    @property
    def address(self) -> str:
        """What identifies the person in the crate."""
        if self.orcid is not None:
            return f"https://orcid.org/{self.orcid}"
        return "#author-" + re.sub(r"\W+", "-", self.name)


def parse_author(text: str) -> Author:
    """A name, and an ORCID in angle brackets behind it.

    Raises:
        UserError: It is something else, or the ORCID has a wrong digit.

    >>> parse_author("Josiah Carberry <0000-0002-1825-0097>").orcid
    '0000-0002-1825-0097'
    """
    found = _AUTHOR.fullmatch(text.strip())
    if found is None or (found[2] is not None and not _is_orcid(found[2])):
        raise UserError(f"--author: {text!r} is not like 'Name' or 'Name <0000-0002-1825-0097>'")
    return Author(found[1], found[2])


def _is_orcid(text: str) -> bool:
    """Whether the last sign is the check digit of the others, by ISO 7064 11,2.

    References:
        ORCID, Structure of the ORCID Identifier,
        https://support.orcid.org/hc/en-us/articles/360006897674
    """
    digits = text.replace("-", "")
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    return digits[-1] == "0123456789X"[(12 - total % 11) % 11]
