"""The content check "links": links into protected or lookalike names, to bare IP addresses, with user names, or with embedded
data; also in QR codes, HTML files and scanned documents. Runs in the sandboxed process, where all links are known.

A difference between words and target alone is not reported: one in eight honest newsletters has it (click trackers). It is
reported only when the words name a protected host and the link leaves it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain

from civicmail.city.policy.dispositions import FactValue, Finding
from civicmail.core.message import links as written
from civicmail.core.message.model import Link, Part
from civicmail.mail.screening import qrcodes, urls
from civicmail.mail.screening.all_links import family, in_message
from civicmail.mail.screening.files import LINKS, PICTURES
from civicmail.mail.screening.lookalikes import Likeness, Protected, find_likeness, protect
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import CheckResult, ContentCase
from civicmail.mail.screening.skeleton import shown

NAME = "links"
VERSION = 2

HOSTS = 50
EVIDENCE = 10
"""Findings per code; more would tell nothing new."""
MASK = 120
_MAY_HOLD = ("image/", "application/pdf", "application/octet-stream", "application/x-pdf")


def find(case: ContentCase) -> CheckResult:
    """Facts links.*; findings deceptive, lookalike, address, credentials, data, qr with the host and what it imitates."""
    gathered = _LinkFindings(_protected(case.request))
    letters = list(family(case.letter))
    for link in chain(in_message(case.letter), case.memo.get(LINKS, ())):
        gathered.link(link)
    seen = ((part.path, part.content) for letter in letters for part in letter.parts if _may_hold(part))
    for part, text in qrcodes.read(chain(seen, case.memo.get(PICTURES, ()))):
        gathered.code(Link(text, "", part))
    return CheckResult(tuple(gathered.findings), gathered.facts())


def _protected(request: ReadMessage) -> Protected:
    return protect(request.domains, request.protected)


def _may_hold(part: Part) -> bool:
    """Whether a part may be a picture with a QR code. The bytes decide; a type that promises text is believed."""
    return part.content_type.startswith(_MAY_HOLD) and part.size > 0


@dataclass(slots=True)
class _LinkFindings:
    """hosts: host to the name it resembles; codes: number of findings per code."""

    protected: Protected
    count: int = 0
    hosts: dict[str, Likeness | None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    reported: set[tuple[str, str]] = field(default_factory=set)

    def link(self, link: Link) -> None:
        place = urls.read(link.url)
        if place is None:
            return
        if place.scheme in urls.CARRIED:
            self.count += 1
            self._report("data", link, place.scheme)
        elif place.host:
            self.count += 1
            self._host(link, place)

    def code(self, link: Link) -> None:
        place = urls.read(link.url)
        if place is not None and place.host:
            self._report("qr", link, shown(place.host))
            self.link(link)

    def _host(self, link: Link, place: urls.LinkTarget) -> None:
        host = place.host
        if host not in self.hosts:
            self.hosts[host] = find_likeness(host, self.protected)
            if place.is_address and not place.is_private:
                self._report("address", link, host)
        if place.user:
            self._report("credentials", link, shown(host))
        if likeness := self.hosts[host]:
            self._report("lookalike", link, f"{shown(host)} {likeness.how} {likeness.of}")
        if named := self._named(link, host):
            self._report("deceptive", link, f"{named} {shown(host)}")

    def _named(self, link: Link, host: str) -> str:
        """The protected host that the words of a link name while the link leaves it."""
        if "." not in link.text or self._is_protected(host) or not self._may_name(link.text):
            return ""
        return next((name for name in written.named(link.text) if self._is_protected(name)), "")

    def _may_name(self, words: str) -> bool:
        """Whether the words can contain a protected name at all: a cheap test before they are parsed. Words outside ASCII may
        spell it otherwise."""
        lower = words.lower()
        return not words.isascii() or any(domain in lower for domain in self.protected.domains)

    def _is_protected(self, host: str) -> bool:
        return urls.registrable(host) in self.protected.domains

    def _report(self, code: str, link: Link, mask: str) -> None:
        count = self.codes.setdefault(code, 0)
        if count < EVIDENCE and (code, mask) not in self.reported:
            self.codes[code] += 1
            self.reported.add((code, mask))
            self.findings.append(Finding(NAME, code, part=link.part, mask=mask[:MASK], version=VERSION))

    def facts(self) -> dict[str, FactValue]:
        facts: dict[str, FactValue] = {f"links.{code}": True for code in self.codes}
        return facts | {"links.count": self.count, "links.hosts": tuple(list(self.hosts)[:HOSTS])}
