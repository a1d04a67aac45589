"""Header lines that show a reader the findings: our Authentication-Results, and one Civicmail-Notice for each mark.

The same fields written by a stranger are removed from a person's copy (RFC 8601 5; P-26). Pure.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable
from email.header import Header
from typing import Any

from civicmail.city.policy.dispositions import Finding
from civicmail.core.message.filter_verdicts import verdicts
from civicmail.mail.screening.authentication_results import field_lines, is_from

NOTICE = "Civicmail-Notice"
_RESULTS = "authentication-results"
_FIELD = re.compile(rb"(?:\A|(?<=\n))(?i:civicmail-notice)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)")
_WIDTH = 76


def notice_lines(host: str, findings: Iterable[Finding], marks: Iterable[tuple[str, str]], decision: str) -> list[str]:
    """The added lines. marks: short name and text of each; decision: id of the decision."""
    header_lines = field_lines(host, findings)
    for name, words in marks:
        header_lines.append(f"{NOTICE}: {name}; decision={decision}")
        header_lines += [f"\t{line}" for line in _wrapped(words)]
    return header_lines


def foreign_fields(header: bytes, host: str, *, believed: bool) -> list[dict[str, Any]]:
    """Fields in our name that somebody else wrote, and verdicts of untrusted servers, as `removed` of a `delivered` record has
    them. believed: an edge server of ours wrote the other verdicts."""
    foreign = [
        {"name": v.name, "offset": v.offset, "length": v.length}
        for v in verdicts(header)
        if not believed or (v.name == _RESULTS and is_from(v.value, host))
    ]
    foreign += [{"name": NOTICE.lower(), "offset": m.start(), "length": m.end() - m.start()} for m in _FIELD.finditer(header)]
    return foreign


def _wrapped(words: str) -> list[str]:
    """Words on lines of a header, without control characters (RFC 5322 2.1.1, RFC 2047)."""
    plain = "".join(c for c in " ".join(words.split()) if unicodedata.category(c) != "Cc")
    if plain.isascii():
        return textwrap.wrap(plain, _WIDTH, break_on_hyphens=False)
    return [line.strip() for line in Header(plain, "utf-8", maxlinelen=_WIDTH).encode().splitlines()]
