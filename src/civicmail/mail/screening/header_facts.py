"""The content check for facts of the header: author, subject, list, automatic or forwarded mail, and defects.

It believes nothing: a spoofed sender is a fact here, and authentication tells what it is worth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from civicmail.city.policy.dispositions import FactValue
from civicmail.mail.screening import forwarding
from civicmail.mail.screening.domains import a_labels
from civicmail.mail.screening.shapes import CheckResult, ContentCase

NAME = "form"
VERSION = 1

MAX_SUBJECT = 998
MAX_NAME = 255
MAX_RECEIVED = 5
_FOR = re.compile(r"\bfor\s+<?([^\s<>;@]+@[^\s<>;@]+)>?", re.IGNORECASE)
_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})


def find(case: ContentCase) -> CheckResult:
    letter = case.letter
    fields: dict[str, str] = {}
    for header in letter.headers:
        fields.setdefault(header.name.lower(), header.value)
    facts: dict[str, FactValue] = {
        "message.subject": letter.subject[:MAX_SUBJECT],
        "message.size": case.request.size,
        "message.list": bool(letter.list_id),
        "message.automatic": _is_automatic(fields) or not case.request.sender,
        "message.forwarded": _is_forwarded(case, fields),
        "message.defects": tuple(dict.fromkeys(defect.code for defect in letter.defects)),
    }
    if len(letter.from_) == 1:
        author = letter.from_[0]
        facts["from.address"] = author.addr.lower()
        facts["from.domain"] = alabel(author.domain)
        facts["from.name"] = author.display[:MAX_NAME]
    more = {"for": _received_for(case)} if facts["message.forwarded"] and not case.request.inbound else {}
    return CheckResult(facts=facts, more=more)


def alabel(domain: str) -> str:
    """A domain as DNS has it (RFC 5890 2.3.2.1); one that cannot be converted stays as it is, in lower case."""
    return a_labels(domain) or domain.lower()


def _is_automatic(fields: Mapping[str, str]) -> bool:
    """Whether the header says that a program sent it (RFC 3834 2 and 5)."""
    submitted = forwarding.word(fields, "auto-submitted")
    return bool(submitted and submitted != "no") or forwarding.word(fields, "precedence") in _BULK


def _received_for(case: ContentCase) -> list[str]:
    """City addresses in the `for` clauses of Received lines (RFC 5321 4.4), the topmost first; at most MAX_RECEIVED."""
    lines = (header.value for header in case.letter.headers if header.name.lower() == "received")
    named = (match[1].lower() for line in lines if (match := _FOR.search(line)))
    return [address for address in named if address.rpartition("@")[2] in case.request.domains][:MAX_RECEIVED]


def _is_forwarded(case: ContentCase, fields: Mapping[str, str]) -> bool:
    """Whether a rule forwarded it. For mail from outside only the header counts."""
    if case.request.inbound:
        return bool(forwarding.field_marks(fields))
    authors = [author.addr.lower() for author in case.letter.from_]
    return bool(forwarding.marks(fields, authors, case.request.sender, case.request.domains))
