"""Who writes to the city again, and who for the first time (joint check): facts sender.known and sender.first.

Known are those whom the city has written to and those whose mail was called good by whoever got it, and only while the mail is
proven to come from their domain (DMARC, or a signature of it): otherwise a known name would be the best disguise.
"""

from __future__ import annotations

from pathlib import Path

from civicmail.core.config.settings import Settings
from civicmail.mail.screening.correspondents import MappedCorrespondents
from civicmail.mail.screening.shapes import NOTHING, Found, Joint

NAME = "known"
VERSION = 1


def open_(_settings: Settings, data: Path) -> MappedCorrespondents:
    """World.tools["known"]."""
    return MappedCorrespondents(data)


def find(case: Joint) -> Found:
    authors = case.seen.addresses("from")
    if not case.inbound or len(authors) != 1:
        return NOTHING
    mapped = case.world.tools[NAME]
    assert isinstance(mapped, MappedCorrespondents)
    people = mapped.at(case.world.now)
    if people is None:
        return NOTHING
    author = authors[0]
    if people.is_known(author) and is_proven(author, case):
        return Found(facts={"sender.known": True})
    return NOTHING if people.is_met(author) else Found(facts={"sender.first": True})


def is_proven(author: str, case: Joint) -> bool:
    """Whether the mail comes from the author's domain: RFC 9989 says so, or a signature of that domain holds."""
    domain = author.rpartition("@")[2]
    if case.facts.get("auth.dmarc") == "pass":
        return True
    signed = case.facts.get("auth.dkim_domains", ())
    return isinstance(signed, tuple) and any(domain == by or domain.endswith(f".{by}") for by in signed)
