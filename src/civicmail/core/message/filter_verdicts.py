"""Header fields with the verdict of an upstream filter. Pure.

X-Spam*, X-Virus*, X-Rspamd* and Authentication-Results (RFC 8601). Anybody can write such a field; the delivering client decides
whether it counts, so this module only gives the places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from civicmail.core.message import encoded_words

_FIELD = re.compile(
    rb"(?:\A|(?<=\n))((?i:x-spam|x-virus|x-rspamd)[!-9;-~]*|(?i:authentication-results))[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)(?:\n|\Z)"
)
_END = re.compile(rb"\r?\n\r?\n|\A\r?\n")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One field. name: lower case; value: unfolded; offset, length: the field in the message, with its line end."""

    name: str
    value: str
    offset: int
    length: int


def header_of(content: bytes) -> bytes | None:
    """The bytes up to the first empty line, with the end of the last field; None where no empty line is in them."""
    match = _END.search(content)
    return content[: match.start() + content[match.start() : match.end()].index(b"\n") + 1] if match else None


def verdicts(header: bytes) -> list[Verdict]:
    """All verdict fields of a header, in order."""
    return [
        Verdict(
            m[1].decode("ascii").lower(), encoded_words.text(encoded_words.unfold(m[2])).strip(), m.start(), m.end() - m.start()
        )
        for m in _FIELD.finditer(header)
    ]
