"""What the comments at the top of a study file say: its question, source, cost and expectations."""

from __future__ import annotations

import re

_LABEL = re.compile(r"([A-Z][A-Za-z ]{0,30}):(?: +(.*))?$")


def read_header(text: str) -> dict[str, str]:
    """Label to text of the comments before the first key of a study file.

    A label is a capitalised word with a colon at the start of a comment; the lines below continue
    it. Comments for tools (``# yaml-language-server: ...``) and those without a label are left out.

    Args:
        text: The file.

    >>> read_header("# Question:  does it?\\n#            And why?\\n# Expected: yes.\\nname: x\\n")
    {'Question': 'does it? And why?', 'Expected': 'yes.'}
    """
    found: dict[str, list[str]] = {}
    label = ""
    for line in text.removeprefix("\ufeff").splitlines():
        if not line.startswith("#"):
            break
        comment = line.lstrip("#")
        named = _LABEL.match(comment.strip()) if len(comment) - len(comment.lstrip()) <= 1 else None
        if named:
            label = named[1]
            found[label] = [named[2] or ""]
        elif not comment.strip():
            label = ""
        elif label:
            found[label].append(comment.strip())
    return {label: " ".join(" ".join(lines).split()) for label, lines in found.items()}
