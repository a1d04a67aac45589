"""Sample messages that need somebody's action: files, phishing, a mailing, a stolen account. Plain data."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from civicmail.desk.mailbox.actions.edit_drafts import DraftContent
from civicmail.front.sample import attachments
from civicmail.front.sample.archived_mail import Letter
from civicmail.front.sample.attachments import File
from civicmail.front.sample.people import DOMAIN, residents

PAVING, CRANES = "service@paving.example", "service@cranes.example"
RESIDENT = residents()[5]
PARCELS = "desk@parcel-office.example"
PRETENDER = "office.of.the.mayor@webmail.example"
STRANGERS = 30
"""Messages of the thief: to more domains than anybody writes to in an hour."""


class Who(NamedTuple):
    """A city employee."""

    uid: str
    name: str
    address: str

    @property
    def shown(self) -> str:
        return f'"{self.name}" <{self.address}>'


def _pdf(name: str, topic: str) -> File:
    return attachments.pdf(Random(name), topic, f"{topic}, as it was asked for. " * 4)._replace(name=name)  # noqa: S311 - sample data


def _from(who: Who, to: tuple[str, ...], subject: str, text: str, *files: File) -> Letter:
    return Letter(who.shown, who.address, to, subject, text, files, login=who.uid)


def leaving(clerk: Who, colleague: Who, inspector: Who, head: Who) -> list[Letter]:
    """Files for external people: one unanswered, one approved, two pending, one of the head's own."""
    report = _pdf("drain-report.pdf", "Storm drain")
    return [
        _from(clerk, (PAVING,), "Storm drain report", "Please find the report of last spring below.\n", report),
        _from(
            clerk, (CRANES, colleague.address), "Bridge drawing, sheet 4", "The drawing that you asked for on the phone.\n",
            _pdf("bridge-sheet-4.pdf", "Bridge inspection"),
        ),
        _from(
            clerk, (PAVING, RESIDENT.address, colleague.address), "Bid set 14", "The bid set, with the plan of the detour.\n",
            _pdf("bid-set-14.pdf", "Sidewalk repair"), _pdf("detour.pdf", "Snow route"),
        ),
        _from(inspector, (RESIDENT.address,), "Your sidewalk", "The result.\n", _pdf("inspection-88.pdf", "Sidewalk")),
        _from(head, (CRANES,), "Contract, second draft", "As agreed.\n", _pdf("contract-draft-2.pdf", "Bridge inspection")),
    ]  # fmt: skip


def draft(clerk: Who) -> tuple[DraftContent, File]:
    """Begun, and its file put up for approval before it is sent."""
    text = "Good morning,\n\nbelow are the routes of this winter, as the council has asked for them.\n"
    return DraftContent(clerk.address, to=CRANES, subject="Snow routes of this winter", text=text), _pdf(
        "snow-routes.pdf", "Snow route"
    )


def secure(clerk: Who) -> Letter:
    """A message that waits in the pick-up portal."""
    text = "Your claim is settled. The amount and the account are as we discussed; please answer on this page.\n"
    return _from(clerk, (RESIDENT.address,), "[secure] Your claim 2026-118", text)


def campaign(inspector: Who) -> Letter:
    """A mailing for a use reviewer."""
    text = (
        "Friends,\nElection day is near. Please vote for me, put up yard signs, and join our campaign on Saturday: we are\n"
        "knocking on doors in the third district. Campaign contributions are welcome.\n"
    )
    return _from(inspector, tuple(p.address for p in residents()[10:38]), "Saturday", text)


def phish(readers: tuple[Who, ...]) -> Letter:
    """Phishing that was delivered because nothing in it was known."""
    text = (
        "A parcel for you could not be delivered. The fee of 1.99 is open.\n\nPay it within two days, or it goes back:\n"
        "http://parcel-office.example/pay?ref=4471\n\nYour parcel office\n"
    )
    return Letter("Parcel office <" + PARCELS + ">", PARCELS, tuple(w.address for w in readers), "Your parcel waits for 1.99", text)


def bill(clerk: Who) -> Letter:
    """Genuine, and reported all the same."""
    text = "Dear clerk,\n\nfrom this month on our bills come from this address. The bill for October follows by post.\n"
    return Letter(f"Lakeview Paving <{PAVING}>", PAVING, (clerk.address,), "Our new bills", text)


def favor(boss: Who, clerk: Who) -> Letter:
    """A request in the mayor's name, from a web mail service."""
    text = "Are you at your desk? Answer to this address.\n"
    return Letter(f"{boss.name} <{PRETENDER}>", PRETENDER, (clerk.address,), "A favor", text)


def first_file(clerk: Who) -> Letter:
    """A file from an unknown sender."""
    sender = "studio@harbor-maps.example"
    text = "Good morning,\n\nhere is the map of the detour that you asked for at our counter.\n"
    return Letter(f"Harbor Maps <{sender}>", sender, (clerk.address,), "The map", text, (_pdf("detour-map.pdf", "Snow route"),))


def meeting(supervisor: Who, clerk: Who, day: str) -> Letter:
    """An invitation (RFC 5546). day: like 20261202."""
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Sample City//EN", "METHOD:REQUEST", "BEGIN:VEVENT", f"UID:snow-{day}@{DOMAIN}",
        f"DTSTAMP:{day}T080000Z", f"DTSTART:{day}T150000Z", f"DTEND:{day}T154500Z", "SEQUENCE:0",
        "SUMMARY:Snow routes of this winter",
        "LOCATION:Room 210", f"ORGANIZER;CN={supervisor.name}:mailto:{supervisor.address}",
        f"ATTENDEE;CN={clerk.name};PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{clerk.address}", "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    file = File("invite.ics", "text/calendar", "\r\n".join(lines).encode())
    return _from(supervisor, (clerk.address,), "Snow routes of this winter", "Please come, and bring the list.\n", file)


def stolen(victim: Who) -> list[Letter]:
    """The same words to many strangers, as fast as they are taken."""
    text = "Dear customer {n},\nyour refund waits. Answer with the number of your card.\n"
    return [_from(victim, (f"owner@shop{n}.example",), "Your refund", text.format(n=n)) for n in range(STRANGERS)]
