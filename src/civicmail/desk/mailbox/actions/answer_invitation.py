"""Answer an invitation to a meeting: the answer is mail of the invited person to the organizer (RFC 5546; P-06)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from civicmail.city.guard.actors import Actor
from civicmail.desk.mailbox import itip
from civicmail.desk.mailbox.actions import send_message
from civicmail.desk.mailbox.compose import Calendar, NamedAddress
from civicmail.desk.mailbox.models import Outgoing, senders
from civicmail.desk.viewer.meeting import Guest, Meeting

SUBJECTS = {
    "ACCEPTED": gettext_lazy("Accepted: {}"),
    "TENTATIVE": gettext_lazy("Tentative: {}"),
    "DECLINED": gettext_lazy("Declined: {}"),
}
TEXTS = {
    "ACCEPTED": gettext_lazy("{} comes to this meeting."),
    "TENTATIVE": gettext_lazy("{} perhaps comes to this meeting."),
    "DECLINED": gettext_lazy("{} does not come to this meeting."),
}


@dataclass(frozen=True, slots=True)
class Invitation:
    """A meeting to which a person is invited. capture: of its message; guest: one of their mailboxes, whose address is mailbox;
    message_id: with its brackets, "" without one."""

    capture: bytes
    meeting: Meeting
    guest: Guest
    mailbox: str
    message_id: str


def answers_to(capture: bytes, person: str) -> QuerySet[Outgoing]:
    """A person's answers to the invitation of a message, in order. person: uid."""
    return Outgoing.objects.filter(key__startswith=_key(capture, person)).order_by("id")


def last_answer(capture: bytes, person: str) -> str:
    """ "" before the first."""
    key = answers_to(capture, person).values_list("key", flat=True).last()
    return str(key).rpartition(":")[2] if key else ""


def respond(invitation: Invitation, answer: itip.Answer, *, actor: Actor, now: int) -> None:
    """Send the answer, unless it is the last one already. Raises Unusable, Conflict, NotPermitted."""
    meeting, organizer = invitation.meeting, invitation.meeting.organizer
    assert organizer is not None
    if last_answer(invitation.capture, actor.uid) == answer:
        return
    block = senders.identification_block(actor, invitation.mailbox, now=now)
    written = send_message.MessageText(
        mailbox=invitation.mailbox,
        to=[NamedAddress(organizer.address, organizer.name)],
        subject=str(SUBJECTS[answer]).format(meeting.title)[:400],
        text=senders.full_text(str(TEXTS[answer]).format(actor.name), "", block, ""),
        calendar=Calendar("REPLY", itip.reply(meeting, invitation.guest.address, actor.name, answer, now=now)),
        in_reply_to=invitation.message_id,
        references=[invitation.message_id] if invitation.message_id else [],
    )
    key = f"{_key(invitation.capture, actor.uid)}{answers_to(invitation.capture, actor.uid).count()}:{answer}"
    send_message.send(written, actor=actor, reason="answer to an invitation", now=now, key=key, wait=0)


def _key(capture: bytes, person: str) -> str:
    return f"meeting:{capture.hex()}:{person}:"
