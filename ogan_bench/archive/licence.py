"""The licence of an archive, by its SPDX identifier."""

from __future__ import annotations

from ogan_bench.errors import UserError

NOT_STATED = "NOASSERTION"
"""What SPDX writes where no licence is stated.

References:
    SPDX specification 2.3, license fields, https://spdx.github.io/spdx-spec/v2.3/
"""

USUAL = ("CC-BY-4.0", "CC0-1.0", "CC-BY-SA-4.0", "Apache-2.0")
"""Licences that data are usually published under."""


def parse_licence(text: str | None) -> str:
    """The identifier as SPDX spells it.

    Raises:
        UserError: None is given, or SPDX lists none by this name. Nobody else can choose it.
    """
    usual = f"such as {', '.join(USUAL)}, or {NOT_STATED} if none is to be stated"
    if text is None:
        raise UserError(
            "--license: without one, nobody may use what you publish: name an identifier of "
            f"https://spdx.org/licenses, {usual}"
        )
    if text.upper() == NOT_STATED:
        return NOT_STATED
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        name = str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        name = ""
    if not name or " " in name:
        raise UserError(f"--license: no licence {text!r} on https://spdx.org/licenses; {usual}")
    return name


def address(licence: str) -> str:
    """Where the text of a licence is."""
    return f"https://spdx.org/licenses/{licence}"
