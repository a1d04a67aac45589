"""Auto-replies and forwarding of mailboxes, and mailboxes of leavers (L4, L5)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from civicmail.city.directory.models import Episode, Mailbox
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.resources import MailboxIn
from civicmail.city.identity.models import Authorization, AutoReply, Ending, Forwarding
from civicmail.city.identity.queries import access_status
from civicmail.city.identity.queries.actors import about_mailbox

Forwards = dict[int, tuple[str, datetime]]
"""Mailbox (id of the row) -> the function mailbox that its mail goes to, and until when."""


def in_force(now: int) -> QuerySet[AutoReply]:
    """Answers that are given at this moment (ms)."""
    at = from_ms(now)
    return AutoReply.objects.filter(ended__isnull=True, starts__lte=at, until__gt=at).select_related("mailbox").order_by("id")


def of_mailboxes() -> list[AutoReply]:
    """All that are set and were not ended, whatever their period."""
    return list(AutoReply.objects.filter(ended__isnull=True).select_related("mailbox").order_by("id"))


def forwards(at: datetime, of: Collection[int] | None = None) -> Forwards:
    """Ways on that are open. of: from these mailboxes alone (ids of rows)."""
    rows = Forwarding.objects.filter(ended__isnull=True, until__gt=at, to__closed__isnull=True)
    if of is not None:
        rows = rows.filter(mailbox__in=of)
    return {box: (to, until) for box, to, until in rows.order_by("id").values_list("mailbox", "to__address", "until")}


def left_mailboxes(now: int) -> QuerySet[Mailbox]:
    """Personal mailboxes that are not closed and whose holder has no access of their own, or has an end that is planned."""
    own = Authorization.objects.filter(
        mailbox=OuterRef("pk"), person=OuterRef("holder"), role="holder", state__in=["approved", "active", "suspended"]
    )
    leaving = Ending.objects.filter(person=OuterRef("holder"), done__isnull=True)
    gone = ~Exists(own.filter(until__gt=from_ms(now))) & Exists(Episode.objects.filter(person=OuterRef("holder")))
    return Mailbox.objects.filter(gone | Q(Exists(leaving)), kind=Mailbox.Type.PERSONAL, closed__isnull=True)


def is_left(mailbox: Mailbox, now: int) -> bool:
    """Whether the mailbox's holder has left, or is about to."""
    return left_mailboxes(now).filter(pk=mailbox.pk).exists()


def current_reply(mailbox: int, at: datetime) -> AutoReply | None:
    """The auto-reply of a mailbox (id of the row), present or planned, set by a person who may use it."""
    return AutoReply.objects.filter(mailbox=mailbox, kind="own", ended__isnull=True, until__gt=at).first()


def about_answer(mailbox: Mailbox, now: int) -> MailboxIn:
    """The resource for an auto-reply of this mailbox: with the people who may send from it now, if it is a function mailbox
    (M5)."""
    about = about_mailbox(mailbox)
    if mailbox.kind != Mailbox.Type.FUNCTION or mailbox.closed is not None:
        return about
    rights = Authorization.objects.filter(mailbox=mailbox, role="delegate", state="active").select_related("person").order_by("id")
    uids = {right.person_id: right.person.uid for right in rights}
    people = access_status.load_status(now, uids)
    mine = ((person, right) for person, given in people.rights.items() for right in given if right.mailbox == mailbox.pk)
    live = {person for person, right in mine if not right.suspended and right.role == "delegate" and people.is_live(person)}
    return replace(about, senders=frozenset(uids[person] for person in live))
