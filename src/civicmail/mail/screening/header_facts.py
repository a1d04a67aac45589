"""What a message says of itself: who writes, about what, whether a list, a program or a rule of a mailbox sent it, and what is
wrong with its form. Believes nothing: a spoofed sender is a fact here, and authentication says what it is worth."""

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
        "message.size": int(case.request["size"]),
        "message.list": bool(letter.list_id),
        "message.automatic": _is_automatic(fields) or not case.request["sender"],
        "message.forwarded": _is_forwarded(case, fields),
        "message.defects": tuple(dict.fromkeys(defect.code for defect in letter.defects)),
    }
    if len(letter.from_) == 1:
        author = letter.from_[0]
        facts["from.address"] = author.addr.lower()
        facts["from.domain"] = alabel(author.domain)
        facts["from.name"] = author.display[:MAX_NAME]
    more = {"for": _received_for(case)} if facts["message.forwarded"] and not case.request["inbound"] else {}
    return CheckResult(facts=facts, more=more)


def alabel(domain: str) -> str:
    """A domain as DNS has it (RFC 5890 2.3.2.1); one that cannot be written so stays as it is, lower case."""
    return a_labels(domain) or domain.lower()


def _is_automatic(fields: Mapping[str, str]) -> bool:
    """RFC 3834 5 and 2: what says that a program sent it."""
    submitted = forwarding.word(fields, "auto-submitted")
    return bool(submitted and submitted != "no") or forwarding.word(fields, "precedence") in _BULK


def _received_for(case: ContentCase) -> list[str]:
    """The city's addresses for which servers on the way took it (RFC 5321 4.4, `for`), the topmost first; a few."""
    lines = (header.value for header in case.letter.headers if header.name.lower() == "received")
    named = (match[1].lower() for line in lines if (match := _FOR.search(line)))
    return [address for address in named if address.rpartition("@")[2] in case.request["domains"]][:MAX_RECEIVED]


def _is_forwarded(case: ContentCase, fields: Mapping[str, str]) -> bool:
    """Of what comes from outside only what the header itself says counts."""
    if case.request["inbound"]:
        return bool(forwarding.field_marks(fields))
    authors = [author.addr.lower() for author in case.letter.from_]
    return bool(forwarding.marks(fields, authors, case.request["sender"], case.request["domains"]))
