"""The combined check for city business in private web mail (P-11): mail to the sender's own outside account, mail that a mailbox
rule forwards out, and mail that an employee seems to write from such an account. Mail to constituents at the same providers is
ordinary."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.city.policy.dispositions import FactValue, Finding
from civicmail.city.snapshot.snapshot import Mailbox, Person, Snapshot
from civicmail.mail.screening import forwarding, ownaccounts, staffnames
from civicmail.mail.screening.consumer_domains import is_consumer
from civicmail.mail.screening.domains import a_labels
from civicmail.mail.screening.ownaccounts import Sending
from civicmail.mail.screening.shapes import CheckResult, CombinedCase

NAME = "webmail"
VERSION = 1
FORWARDED, FORWARDER, WRITER = "forwarded", "forwarder", "forwarder-or-writer"

RECIPIENTS = 1000
"""Recipients of one message that are checked: nobody has more private accounts."""


def find(case: CombinedCase) -> CheckResult:
    """Fact webmail.official; in more["recipients"] recipient.consumer and recipient.own for outside recipients; findings
    forwarded, forwarder (whose rule; forwarder-or-writer if it may be the author's), official, own."""
    return _incoming(case) if case.inbound else _outgoing(case)


# -- what leaves


def _outgoing(case: CombinedCase) -> CheckResult:
    sender, seen = case.envelope.sender.lower(), case.message
    marks = forwarding.marks(seen.fields, seen.addresses("from"), sender, case.context.domains)
    findings = [_finding(FORWARDED, "", " ".join(marks))] if marks else []
    if marks and (whose := _forwarder(case, sender)) is not None:
        findings.append(whose)
    outside = tuple(_outside(case))
    sending = _sending(case, outside, is_rule=bool(marks)) if outside else None
    shown = {address.lower(): name for field in ("to", "cc") for name, address in seen.people.get(field, ())}
    recipients: dict[str, dict[str, FactValue]] = {}
    for address in outside[:RECIPIENTS]:
        consumer = is_consumer(a_labels(address.rpartition("@")[2]))
        facts: dict[str, FactValue] = {"recipient.consumer": True} if consumer else {}
        if sending is not None and (consumer or address in sending.registered):
            signals = ownaccounts.signals(sending, address, shown.get(address, ""))
            if ownaccounts.is_own(sending, signals):
                facts["recipient.own"] = True
                findings.append(_finding("own", "", " ".join(signals)))  # for whom, says the fact: it may be a blind copy
        if facts:
            recipients[address] = facts
    return CheckResult(tuple(findings), {}, {"recipients": recipients} if recipients else {})


def _forwarder(case: CombinedCase, sender: str) -> Finding | None:
    """Whose rule it was. If no field tells, the return address may: it is the mailbox's if the author is another; else it is the
    author's, who may have written to the mailbox with the rule."""
    received = case.more.get("form", {}).get("for", ())
    if mailbox := forwarding.mailbox(case.message.fields, case.context.domains, received):
        return _finding(FORWARDER, "", mailbox)
    if sender.rpartition("@")[2] not in case.context.domains or forwarding.is_rewritten(sender):
        return None
    return _finding(WRITER if sender in case.message.addresses("from") else FORWARDER, "", sender)


def _outside(case: CombinedCase) -> Iterator[str]:
    domains, snapshot = case.context.domains, case.context.snapshot
    for recipient in case.envelope.recipients:
        address = recipient.address.lower()
        inside = recipient.box or address.rpartition("@")[2] in domains or (snapshot and snapshot.mailbox_of(address))
        if not inside:
            yield address


def _sending(case: CombinedCase, outside: tuple[str, ...], *, is_rule: bool) -> Sending | None:
    """The sender; None for machines and unknown senders."""
    snapshot, seen = case.context.snapshot, case.message
    person = _sender(case, snapshot) if snapshot is not None else None
    if snapshot is None or person is None or person.machine:
        return None
    own = staffnames.addresses_of(snapshot, (person,))
    authors = seen.addresses("from")
    boxes = [snapshot.mailbox_of(author) for author in authors]
    others = {recipient.address.lower() for recipient in case.envelope.recipients} - own - set(outside)
    return Sending(
        person.name,
        all(box is None or (box.kind == "personal" and box.holder == person.id) for box in boxes),
        seen.subject,
        bool(seen.references or seen.fields.get("in-reply-to")),
        len(outside) == 1 and not others,
        is_rule,
        frozenset(person.outside),
    )


def _sender(case: CombinedCase, snapshot: Snapshot) -> Person | None:
    """Who signed in, or who owns the mailbox that it comes from."""
    if case.envelope.login:
        return snapshot.people.get(case.envelope.login.partition("/")[0])  # behind the stroke is the device
    box = snapshot.mailbox_of(case.envelope.sender) if case.envelope.sender else None
    box = box or next((mailbox for author in case.message.addresses("from") if (mailbox := snapshot.mailbox_of(author))), None)
    return snapshot.people.get(box.holder) if box is not None and box.holder else None


# -- what comes in


def _incoming(case: CombinedCase) -> CheckResult:
    authors, snapshot = case.message.people.get("from", ()), case.context.snapshot
    if snapshot is None or len(authors) != 1:
        return CheckResult()
    name, address = authors[0][0], authors[0][1].lower()
    if owner := snapshot.people.get(snapshot.by_outside.get(address, "")):
        return _official(f"{owner.name} {address} registered")
    if not is_consumer(a_labels(address.rpartition("@")[2])):
        return CheckResult()
    people = staffnames.people(snapshot, name)
    if len(people) != 1 or not ownaccounts.resembles(address.rpartition("@")[0], people[0].name):
        return CheckResult()
    if not (why := _business(case, snapshot, people[0])):
        return CheckResult()
    return _official(f"{people[0].name} {address} {why}")


def _official(mask: str) -> CheckResult:
    return CheckResult((_finding("official", "from", mask),), {"webmail.official": True})


def _business(case: CombinedCase, snapshot: Snapshot, person: Person) -> str:
    """Why it is city business: forwarded to one's own mailbox, a copy to it beside other city recipients, or written to one's own
    department. Namesakes write to offices, or to people elsewhere."""
    own = staffnames.addresses_of(snapshot, (person,))
    to = frozenset(recipient.address.lower() for recipient in case.envelope.recipients)
    boxes = [box for address in sorted(to - own) if (box := snapshot.mailbox_of(address))]
    if to & own and ownaccounts.is_forward(case.message.subject):
        return "forwards-to-self"
    if own & frozenset(case.message.addresses("cc")) and boxes:
        return "copies-self"
    return "to-colleagues" if any(_is_colleague(box, snapshot, person) for box in boxes) else ""


def _is_colleague(box: Mailbox, snapshot: Snapshot, person: Person) -> bool:
    held = (snapshot.mailboxes.get(grant.mailbox) for grant in person.grants if grant.role == "holder")
    return box.kind == "personal" and any(mine is not None and mine.department == box.department for mine in held)


def _finding(code: str, part: str, mask: str) -> Finding:
    return Finding(NAME, code, part=part, mask=mask[:160], version=VERSION)
