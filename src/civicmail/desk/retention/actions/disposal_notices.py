"""Notices of disposals: to approvers about a proposal, to both people about the decision and the end."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from civicmail.city.conduct.queries.deciders import holders
from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.notices.actions import notify
from civicmail.city.pages.days import city_day
from civicmail.desk.holding import senders
from civicmail.desk.retention.models import Disposal

APPROVER = "records-officer"


def proposed(row: Disposal, now: int) -> None:
    """Notify each approver. Belongs in a transaction, as all of these do."""
    text = (
        f"{row.by} proposes to dispose of {row.captures:,} of {row.total:,} captures.\n\nWhy: {row.reason}\n\n"
        f"Look at the list, and approve or refuse it: {_where(row)}"
    )
    for person in holders(APPROVER, now):
        if person.pk != row.by_id:
            _send(row, "proposed", person, f"Disposal {row.pk} waits for your approval", text, now)


def decided(row: Disposal, now: int, why: str = "") -> None:
    """Notify both people of the decision. why: of a refusal."""
    if why:
        subject, text = f"Disposal {row.pk} was refused", f"{row.decided_by} refused it. Nothing is disposed of.\n\nWhy: {why}"
    else:
        assert row.ready is not None
        subject = f"Disposal {row.pk} was approved"
        day = city_day(epoch_ms(row.ready))
        text = (
            f"{row.decided_by} approved the disposal of {row.captures:,} captures. It begins on {day.isoformat()} at the earliest; "
            "until then it can be withdrawn or refused, and whatever is placed on hold stays."
        )
    _both(row, "decided", subject, text, now)


def ended(row: Disposal, now: int) -> None:
    """Notify both people of what was disposed of, or why nothing was."""
    if row.state == "disposing" and row.certificates:
        stayed = ", ".join(f"{count:,} {why}" for why, count in sorted(row.stayed.items())) or "none"
        subject = f"Disposal {row.pk}: {row.gone:,} captures disposed of"
        text = f"{row.gone:,} captures were disposed of. Of the list stayed: {stayed}.\n\nThe certificate: {_where(row)}"
    else:
        subject, text = f"Disposal {row.pk} was stopped", f"{row.why}\n\n{_where(row)}"
    _both(row, "ended", subject, text, now)


def _both(row: Disposal, kind: str, subject: str, text: str, now: int) -> None:
    for person in (row.by, row.decided_by):
        if person is not None:
            _send(row, kind, person, subject, text, now)


def _send(row: Disposal, kind: str, person: Person, subject: str, text: str, now: int) -> None:
    if to := senders.address_of(person):
        notify(f"disposal-{kind}:{row.pk}:{row.state}:{person.pk}", to, subject, text, now=from_ms(now))


def _where(row: Disposal) -> str:
    return f"{settings.CITY.web.url}{reverse('retention-disposal', args=[row.pk])}"
