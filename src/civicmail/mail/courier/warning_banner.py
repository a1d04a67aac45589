"""The warning banner, one line above a doubtful message, and its conditions (P-31, P-26, P-27). Pure.

It must be rare, or nobody reads it: plain mail from outside has only a header line. Its reasons are marks of rules, and a first
contact with a file or a request for money. It links to two pages of ours: to verify the sender at a known address, and to report
the message.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from civicmail.city.policy.dispositions import Facts
from civicmail.core.message.edits import Edit
from civicmail.core.message.text_parts import TextPart
from civicmail.mail.screening import payment

FIRST = "first-contact"
FILE = "Nobody of the city has had mail from this address before, and it brings a file. Open it only if you expected it."
MONEY = "Nobody of the city has had mail from this address before, and it is about a payment. Call a number that you know first."
_STYLE = "border:2px solid #b50909;background:#fff;color:#1b1b1b;padding:8px;margin:0 0 12px;font:16px sans-serif"
_LINK = "color:#005ea2"


@dataclass(frozen=True, slots=True)
class Banner:
    """words: why; verify, report: where its links lead."""

    words: str
    verify: str
    report: str


def reason(marks: Iterable[tuple[str, str]], doubts: Sequence[str], facts: Facts, texts: Iterable[bytes]) -> str:
    """The reason for the banner; "" without one. marks: name and text; texts: of the visible parts."""
    marks = list(marks)
    for name, words in marks:
        if name in doubts:
            return words
    if not any(name == FIRST for name, _ in marks):
        return ""
    if facts.get("files.count", 0):
        return FILE
    return MONEY if any(payment.asks_for_money(text) for text in texts) else ""


def banner_edit(part: TextPart, top: int, line: Banner) -> Edit:
    """The line before everything that a reader sees. In text it is one line of ASCII, whatever the part's charset is."""
    if part.is_html:
        words = html.escape(line.words).encode("ascii", "xmlcharrefreplace").decode()
        links = " ".join(
            f'<a style="{_LINK}" href="{html.escape(url)}">{name}</a>'
            for name, url in (("Verify the sender", line.verify), ("Report this message", line.report))
        )
        return Edit(top, top, f'<div style="{_STYLE}"><strong>City mail:', f" {words}</strong> {links}</div>")
    plain = unicodedata.normalize("NFKD", line.words).encode("ascii", "ignore").decode()
    return Edit(top, top, "[City mail:", f" {plain} Verify the sender: {line.verify} Report this message: {line.report} ]\r\n\r\n")
