"""Detect imitated display names and domains in mail from outside: names of the directory, domains that look like a protected one,
and replies that would go elsewhere. Findings tell the name and the domain, never how bad that is.

Two people may have one name, and somebody may write from home: a known name is evidence, not proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from civicmail.city.policy.dispositions import FactValue, Finding
from civicmail.city.snapshot.from_header import is_hidden
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.config.settings import Settings
from civicmail.core.message.lookalike import mixes_scripts
from civicmail.mail.screening import staffnames, urls
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.claimed_identity import displayed as as_seen
from civicmail.mail.screening.claimed_identity import identify
from civicmail.mail.screening.domains import a_labels
from civicmail.mail.screening.lookalikes import Protected, find_likeness, protect
from civicmail.mail.screening.shapes import NOTHING, CheckResult, CombinedCase
from civicmail.mail.screening.skeleton import shown

NAME = "names"
VERSION = 1

FIELDS = ("from", "sender", "reply-to")
MAX_MAILBOXES = 20
"""Mailboxes that are checked in each field."""
MASK = 160


def open_(settings: Settings, data: Path) -> None:
    """Index the protected names and those published last before mail arrives: thousands take a fifth of a second."""
    protect(CheckContext(settings, 0).domains, tuple(settings.screening.protected))
    snapshot = SnapshotWatcher(data, lambda: 0).current
    if snapshot is not None:
        staffnames.people(snapshot, "")


def find(case: CombinedCase) -> CheckResult:
    """Facts names.*; findings staff, address, hidden, scripts, lookalike, elsewhere."""
    if not case.inbound:
        return NOTHING
    protected = protect(case.context.domains, tuple(case.context.settings.screening.protected))
    findings = [*_of_people(case, protected), *_of_domains(case, protected)]
    facts: dict[str, FactValue] = {}
    for finding in findings:
        if finding.code in ("staff", "address"):
            facts["names.staff"] = True
        elif finding.code == "lookalike":
            facts["names.lookalike"] = True
    if elsewhere := _elsewhere(case):
        findings.append(elsewhere)
        facts["names.reply_elsewhere"] = True
    return CheckResult(tuple(findings), facts)


def _of_people(case: CombinedCase, protected: Protected) -> Iterator[Finding]:
    for field in FIELDS:
        for name, address in case.message.people.get(field, ())[:MAX_MAILBOXES]:
            if name:
                yield from _of_name(case.context.snapshot, protected, field, name, address.lower())


def _of_name(snapshot: Snapshot | None, protected: Protected, field: str, name: str, address: str) -> Iterator[Finding]:
    name = name[: staffnames.LONGEST]
    who, seen = identify(snapshot, name), as_seen(name)
    for named in who.addresses:
        if named != address and urls.registrable(a_labels(named.rpartition("@")[2])) in protected.domains:
            yield _finding("address", field, f"{named} {address}")
            break
    else:
        if other := next((box.id for box in who.mailboxes if address not in (box.id, *box.addresses)), ""):
            yield _finding("address", field, f"{other} {address}")
    is_plain = name.isascii() and name.isprintable()  # nothing in it that nobody sees, and one alphabet
    if not is_plain and is_hidden(name):
        yield _finding("hidden", field, seen)
    if not is_plain and mixes_scripts(seen):
        yield _finding("scripts", field, seen)
    if snapshot is not None and who.people and address not in staffnames.addresses_of(snapshot, who.people):
        yield _finding("staff", field, f"{who.people[0].name} {address}")


def _of_domains(case: CombinedCase, protected: Protected) -> Iterator[Finding]:
    places = [("envelope", case.envelope.sender)]
    places += [(field, address) for field in FIELDS for _, address in case.message.people.get(field, ())[:MAX_MAILBOXES]]
    seen: set[str] = set()
    for field, address in places:
        domain = a_labels(address.rpartition("@")[2])
        if domain and domain not in seen:
            seen.add(domain)
            if likeness := find_likeness(domain, protected):
                yield _finding("lookalike", field, f"{shown(domain)} {likeness.how} {likeness.of}")


def _elsewhere(case: CombinedCase) -> Finding | None:
    """A finding when replies would leave the author's domain; replies to a list always do (RFC 2369)."""
    authors = {urls.registrable(a_labels(a.rpartition("@")[2])) for a in case.message.addresses("from")}
    answers = case.message.addresses("reply-to")
    if not answers or not authors or case.message.list_id:
        return None
    for answer in answers[:MAX_MAILBOXES]:
        domain = a_labels(answer.rpartition("@")[2])
        if urls.registrable(domain) not in authors:
            return _finding("elsewhere", "reply-to", f"{case.message.addresses('from')[0]} {answer}")
    return None


def _finding(code: str, field: str, mask: str) -> Finding:
    """`part` is the field's name."""
    return Finding(NAME, code, part=field, mask=mask[:MASK], version=VERSION)
