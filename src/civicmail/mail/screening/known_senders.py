"""The combined check for known and first-time senders: facts sender.known and sender.first.

Known are those whom the city has written to and those whose mail a recipient called good, and only while the mail is proven to
come from their domain (DMARC, or a signature of it): otherwise a known name would be the best disguise. Met are these, and those
whose mail was proven when it arrived (mail/pipeline/learning_job.py).
"""

from __future__ import annotations

from pathlib import Path

from civicmail.city.policy.dispositions import Facts
from civicmail.core.config.settings import Settings
from civicmail.mail.screening.correspondents import MappedCorrespondents
from civicmail.mail.screening.shapes import NOTHING, CheckResult, CombinedCase, unavailable

NAME = "known"
VERSION = 1


def open_(_settings: Settings, data: Path) -> MappedCorrespondents:
    """CheckContext.tools["known"]."""
    return MappedCorrespondents(data)


def find(case: CombinedCase) -> CheckResult:
    authors = case.message.addresses("from")
    if not case.inbound or len(authors) != 1:
        return NOTHING
    mapped = case.context.tools[NAME]
    assert isinstance(mapped, MappedCorrespondents)
    people = mapped.at(case.context.now)
    if mapped.is_broken:
        return unavailable(NAME, "list", VERSION)
    if people is None:
        return NOTHING
    author = authors[0]
    if people.is_known(author) and is_proven(author, case.facts):
        return CheckResult(facts={"sender.known": True})
    return NOTHING if people.is_met(author) else CheckResult(facts={"sender.first": True})


def is_proven(author: str, facts: Facts) -> bool:
    """Whether the mail comes from the author's domain: DMARC passed, or a signature of that domain is valid."""
    domain = author.rpartition("@")[2]
    if facts.get("auth.dmarc") == "pass":
        return True
    signed = facts.get("auth.dkim_domains", ())
    return isinstance(signed, tuple) and any(domain == by or domain.endswith(f".{by}") for by in signed)


def is_met_by(author: str, sender: str, facts: Facts) -> bool:
    """Whether mail makes its author one whom the city has met: it is proven, or SPF passed for the same domain. Otherwise a
    forger's second message would pass as an acquaintance's. sender: the return address."""
    domain = author.rpartition("@")[2]
    return is_proven(author, facts) or (facts.get("auth.spf") == "pass" and sender.lower().rpartition("@")[2] == domain)
