"""Mailboxes and lists with the number of their users (M1, M5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from civicmail.city.directory.models import Episode, Mailbox, MailGroup
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries.office import counted


def _in_force(now: datetime) -> QuerySet[Authorization]:
    return Authorization.objects.filter(mailbox=OuterRef("pk"), state="active", until__gt=now).order_by()


def with_users(rows: QuerySet[Mailbox], now: datetime) -> QuerySet[Any]:
    """The same with `users`: how many may use it now. One that is suspended does not."""
    return rows.annotate(users=counted(_in_force(now).values("mailbox")))


def without_users(rows: QuerySet[Mailbox], now: datetime) -> QuerySet[Mailbox]:
    """Open mailboxes of people and functions without an authorized user now: incoming mail is held."""
    return rows.filter(~Exists(_in_force(now)), closed__isnull=True).exclude(kind=Mailbox.Type.SERVICE)


def of_movers(rows: QuerySet[Mailbox]) -> QuerySet[Mailbox]:
    """Mailboxes whose holder works for another department than the owning one."""
    work = Episode.objects.filter(person=OuterRef("holder"), ended__isnull=True).exclude(department=OuterRef("department"))
    return rows.filter(Exists(work), closed__isnull=True)


def with_sizes(rows: QuerySet[MailGroup]) -> QuerySet[Any]:
    """Lists with `boxes` and `lists`: how many mailboxes and lists are named on each."""
    boxes = MailGroup.members.through._default_manager.filter(mailgroup=OuterRef("pk")).order_by().values("mailgroup")
    lists = MailGroup.subgroups.through._default_manager.filter(from_mailgroup=OuterRef("pk")).order_by().values("from_mailgroup")
    return rows.annotate(boxes=counted(boxes), lists=counted(lists))
