"""The combined check "leaving": which files leave the city, and whether they need approval (P-22). outbound_files.py finds them.

Each file is a finding with part, size and its SHA-256 as mask, so that the record shows what left; its name stays in the message.
Links to files that the city shares (screening.shares) count like files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from civicmail.city.policy.approvals import Approvals, OutboundFile, Sender
from civicmail.city.policy.dispositions import FactValue, Finding
from civicmail.city.snapshot.published_approvals import ApprovalsWatcher, shared_watcher
from civicmail.city.snapshot.snapshot import Person, Snapshot
from civicmail.core.config.settings import Settings
from civicmail.mail.screening import outbound_files, urls
from civicmail.mail.screening.correspondents import MappedCorrespondents
from civicmail.mail.screening.shapes import NOTHING, CheckResult, CombinedCase, unavailable

NAME = outbound_files.NAME
VERSION = outbound_files.VERSION
MAX_RECIPIENTS = 1000
"""Recipients of one message that are checked; for others every file needs approval."""


@dataclass(frozen=True, slots=True)
class Tools:
    """CheckContext.tools["leaving"]."""

    approvals: ApprovalsWatcher
    correspondents: MappedCorrespondents


def open_(_settings: Settings, data: Path) -> Tools:
    return Tools(shared_watcher(data), MappedCorrespondents(data))


def find(case: CombinedCase) -> CheckResult:
    """Facts files.leaving and sender.approval, and recipient.approved for each outside recipient; findings file and link."""
    files = [*_files(case), *_links(case)]
    if case.inbound or not files:
        return NOTHING
    tools = case.context.tools.get(NAME)
    known = tools.approvals.current(case.context.now) if isinstance(tools, Tools) else None
    if known is None:
        return unavailable(NAME, "list", VERSION)
    assert isinstance(tools, Tools)
    sending = sending_of(case)
    facts: dict[str, FactValue] = {"files.leaving": tuple(dict.fromkeys(file.sha256 for file in files))}
    if sending.department in known.departments:
        facts["sender.approval"] = True
    findings = tuple(Finding(NAME, f.kind, f.part, 0, f.size, f.sha256, version=VERSION) for f in files)
    recipients = dict(_recipients(case, files, sending, known, tools.correspondents))
    return CheckResult(findings, facts, {"recipients": recipients} if recipients else {})


def sending_of(case: CombinedCase) -> Sender:
    """The sender and the department in charge: that of the mailbox it comes from, else of the sender's own one."""
    snapshot, sender = case.context.snapshot, case.envelope.sender.lower()
    person = _person(case, snapshot)
    box = snapshot.mailbox_of(sender) if snapshot is not None else None
    if box is None and person is not None and snapshot is not None:
        box = next((snapshot.mailboxes.get(g.mailbox) for g in person.grants if g.role == "holder"), None)
    uid = person.id if person is not None else (box.holder if box is not None else "")
    return Sender(box.department if box is not None else "", uid, box.id if box is not None else sender)


def _person(case: CombinedCase, snapshot: Snapshot | None) -> Person | None:
    login = case.envelope.login.partition("/")[0]
    return snapshot.people.get(login) if snapshot is not None and login else None


def _files(case: CombinedCase) -> Iterator[OutboundFile]:
    rows = case.more.get(NAME, {}).get(outbound_files.FILES, ())
    for row in rows if isinstance(rows, list | tuple) else ():  # of a limited process: believed as far as it is of the right kind
        part, name, size, sha256 = row
        yield OutboundFile(str(part), "file", str(name), int(size), str(sha256))


def _links(case: CombinedCase) -> Iterator[OutboundFile]:
    shares = frozenset(host.lower() for host in case.context.settings.screening.shares)
    seen: set[str] = set()
    for link in case.message.links if shares else ():
        parsed = urls.read(link.url)
        if parsed is None or parsed.host not in shares or link.url in seen:
            continue
        seen.add(link.url)
        name = urlsplit(link.url).path.rpartition("/")[2] if "[" not in link.url else ""
        yield OutboundFile(link.part, "link", name, 0, hashlib.sha256(link.url.encode("utf-8", "replace")).hexdigest())


def _recipients(
    case: CombinedCase, files: list[OutboundFile], sending: Sender, known: Approvals, people: MappedCorrespondents
) -> Iterator[tuple[str, dict[str, FactValue]]]:
    came = people.at(case.context.now)
    domains, now = frozenset(case.context.domains), case.context.now
    outside = [a for r in case.envelope.recipients if (a := r.address.lower()).rpartition("@")[2] not in domains]
    for address in outside[:MAX_RECIPIENTS]:
        back = [file.sha256 for file in files if came is not None and came.came_from(file.sha256, address)]
        if by := known.covering(files, sending, address, now, back):
            yield address, {"recipient.approved": " ".join(by)}
