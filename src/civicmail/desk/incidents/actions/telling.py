"""Who hears what: officers of a new case, every reporter of the one answer, and people whose copy was taken back or put back."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from civicmail.city.access.models import DutyGrant
from civicmail.city.access.moments import in_words, moment
from civicmail.city.notices.actions import tell, tell_many
from civicmail.desk.holding import senders
from civicmail.desk.incidents.models import Case, Pull, Report

ANSWERS = {"right": "You were right", "genuine": "It is genuine"}
"""State of an answered case -> the first words of what reporters are told."""
_MEANS = {
    "right": "The message that you reported is dangerous. Thank you: do not answer it, and open nothing in it.",
    "genuine": "The message that you reported is what it says it is. Thank you for asking; you may use it.",
}


def tell_officers(case: Case, now: int) -> None:
    """Each security officer hears of a new case. Belongs into a transaction, as all of these do."""
    at = moment(now)
    held = DutyGrant.objects.filter(duty="security-officer", ended__isnull=True, starts__lte=at, until__gt=at)
    where = f"{settings.CITY.web.url}{reverse('incident', args=[case.pk])}"
    begin = f"About mail that was delivered: {case.proposed}" if case.proposed else "Somebody reported a message as dangerous."
    text = f"{begin}\n\nWho has it, and what the checks saw: {where}"
    for grant in held.select_related("person"):
        if to := senders.address_of(grant.person):
            tell(f"case:{case.pk}:{grant.person.pk}", to, f"A message was reported (case {case.pk})", text, now=at)


def tell_answer(case: Case, reports: Iterable[Report], now: int) -> None:
    """Each reporter hears the same: what it is, and why. Nobody hears who else had it."""
    rows = list(reports)
    words, to = ANSWERS[case.state], senders.addresses_of([row.reporter_id for row in rows])
    told = []
    for row in rows:
        if address := to.get(row.reporter_id):
            at = timezone.localtime(row.made)
            text = f"{_MEANS[case.state]}\n\nYou reported it on {in_words(at.date())} at {at:%H:%M}.\n\nWhy: {case.why}"
            told.append((f"report:{case.pk}:{row.reporter_id}", address, f"{words}: what you reported", text))
    tell_many(told, now=moment(now))


def tell_taken(pull: Pull, mailbox: str, now: int) -> None:
    """Once for a mailbox, however many copies it had."""
    text = (
        "A message that came to you turned out to be dangerous, so it was taken out of your mailbox. The city keeps it as it keeps "
        "all mail.\n\nIf you have opened a link or a file in it, or answered it, tell the help desk now: nobody is blamed for it."
    )
    tell(f"pull:{pull.pk}:{mailbox}"[:160], mailbox, "A message was taken out of your mailbox", text, now=moment(now))


def tell_back(pull: Pull, mailbox: str, now: int) -> None:
    text = (
        "A message that was taken out of your mailbox lies where it lay before: it turned out not to be dangerous.\n\n"
        "What you had removed yourself was not put back."
    )
    tell(f"pull-back:{pull.pk}:{mailbox}"[:160], mailbox, "A message is back in your mailbox", text, now=moment(now))
