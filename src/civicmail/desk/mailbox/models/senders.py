"""Mailboxes that a person may send from at this moment, and the identification block below their messages (P-14).

The database gives the authorizations, with the sentences of the entry points; they are checked again when the message is sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from civicmail.city.directory.models import Episode, Mailbox, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.queries import access_status
from civicmail.desk.mailbox.models import Signature

ROLES = frozenset({"holder", "delegate"})
"""A successor reads and does not send."""


@dataclass(frozen=True, slots=True)
class Sender:
    """A mailbox from which a person may send. name: for From; role: the authorization; behalf: it is not their own, so the message
    names its sender."""

    address: str
    name: str
    role: str
    kind: str

    @property
    def behalf(self) -> bool:
        return self.role != "holder"


@dataclass(frozen=True, slots=True)
class OwnSignature:
    """block: the required identification; lines: the person's own lines below it."""

    block: str
    lines: str


def senders(actor: Actor, *, now: int) -> tuple[Sender, ...]:
    """Their own mailbox first. Empty if they may not send now. now: ms."""
    person = Person.objects.filter(uid=actor.uid).first() if actor.uid and not actor.machine else None
    if person is None:
        return ()
    everyone = access_status.load_status(now, [person.pk])
    if not everyone.is_live(person.pk) or everyone.why_refused(person.pk, now):
        return ()
    roles = {r.mailbox: r.role for r in everyone.rights.get(person.pk, []) if not r.suspended and r.role in ROLES}
    rows = Mailbox.objects.filter(pk__in=roles, closed__isnull=True).select_related("holder").order_by("address")
    result = [Sender(r.address, r.holder.display if r.holder else r.name, roles[r.pk], r.kind) for r in rows]
    return tuple(sorted(result, key=lambda s: (s.behalf, s.address)))


def own_sender(available: tuple[Sender, ...]) -> Sender | None:
    """The person's own mailbox, which names them in mail on behalf of others."""
    return next((s for s in available if not s.behalf), None)


def identification_block(actor: Actor, mailbox: str, *, now: int) -> str:
    """The identification block below every message: the city's template, else name, position, department and city of the
    directory. mailbox: the sending one."""
    person = Person.objects.get(uid=actor.uid)
    day = timezone.localdate(from_ms(now))
    episode = Episode.objects.select_related("department").filter(person=person, ended__isnull=True, starts__lte=day).first()
    position, department = (episode.position, episode.department.name) if episode else ("", "")
    template = settings.CITY.senders.identification
    lines = [_filled_template(template, person)] if template else [person.display]
    lines += [position, "" if department and department in lines[0] else department, settings.CITY.city.name]
    box = Mailbox.objects.filter(address=mailbox).first()
    if box is not None and box.kind == "function" and box.name not in lines:
        lines.insert(1 if not template else len(lines), box.name)
    return "\n".join(line for line in lines if line.strip())


def _filled_template(template: str, person: Person) -> str:
    """The filled template, as .py.is_identified reads it: the department is the code of the person's own mailbox."""
    mailbox = Mailbox.objects.select_related("department").filter(holder=person, closed__isnull=True).order_by("address").first()
    code = mailbox.department.code if mailbox is not None else ""
    return template.replace("{name}", person.display).replace("{department}", code)


def signature_of(actor: Actor, *, now: int) -> OwnSignature:
    """The signature below a message from the person's first mailbox."""
    available = senders(actor, now=now)
    block = identification_block(actor, available[0].address if available else "", now=now)
    return OwnSignature(block, signature_lines(actor))


def signature_lines(actor: Actor) -> str:
    """The person's own lines below the block."""
    row = Signature.objects.filter(person__uid=actor.uid).first()
    return row.lines if row is not None else ""


def full_text(text: str, quote: str, block_: str, lines: str) -> str:
    """The whole text of a message: the written text, the block and the quote. A mail program takes the part after the mark for a
    signature (RFC 3676 4.3)."""
    foot = "\n".join(part for part in ("-- ", block_.strip(), lines.strip()) if part)
    return "\n\n".join(part for part in (text.strip("\n"), foot, quote.strip("\n")) if part)
