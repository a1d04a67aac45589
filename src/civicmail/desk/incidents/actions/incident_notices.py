"""Notices of incidents: to security officers about new cases, to reporters about the answer, to owners of removed or restored
copies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from civicmail.city.conduct.queries.deciders import holders
from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.epoch import from_ms
from civicmail.city.notices.actions import notify, notify_many
from civicmail.city.pages import wording
from civicmail.desk.holding import senders
from civicmail.desk.incidents.models import Case, Pull, Report

ANSWERS = frozenset({"right", "genuine"})
"""States of an answered case."""


def notify_officers(case: Case, now: int) -> None:
    """Notify each security officer of a new case. Belongs in a transaction, as all of these do."""
    at = from_ms(now)
    begin = f"About mail that was delivered: {case.proposed}" if case.proposed else "Somebody reported a message as dangerous."
    text = f"{begin}\n\nWho has it, and what the checks saw: {_where(case)}"
    for person in holders("security-officer", now):
        if to := senders.address_of(person):
            notify(f"case:{case.pk}:{person.pk}", to, f"A message was reported (case {case.pk})", text, now=at)


def notify_again(case: Case, now: int) -> None:
    """Notify each security officer, at most once an hour, that a dangerous message has come again."""
    at = from_ms(now)
    text = (
        f"What was found dangerous in case {case.pk} has come again, in another message, and may lie in people's mailboxes.\n\n"
        f"Who has it, and to take it back: {_where(case)}"
    )
    for person in holders("security-officer", now):
        if to := senders.address_of(person):
            key = f"case-more:{case.pk}:{timezone.localtime(at):%Y-%m-%d-%H}:{person.pk}"
            notify(key, to, f"It has come again (case {case.pk})", text, now=at)


def notify_second(pull: Pull, now: int) -> None:
    """Notify each other security officer at once that a removal needs a second person."""
    at = from_ms(now)
    where = f"{settings.CITY.web.url}{reverse('pull', args=[pull.pk])}"
    text = (
        f"{pull.by} wants to take {pull.total:,} copies of a message back (case {pull.case_id}). A second officer has to agree; "
        f"until then they lie in people's mailboxes.\n\nAgree, or refuse: {where}"
    )
    for person in holders("security-officer", now):
        if person.pk != pull.by_id and (to := senders.address_of(person)):
            notify(f"pull-second:{pull.pk}:{person.pk}", to, f"{pull.total:,} copies wait for a second officer", text, now=at)


def _where(case: Case) -> str:
    return f"{settings.CITY.web.url}{reverse('incident', args=[case.pk])}"


def notify_reporters(case: Case, reports: Iterable[Report], now: int) -> None:
    """Notify each reporter, in their language, of the answer and its reason, but not of other reporters."""
    rows = list(reports)
    to, notices = senders.addresses_of([row.reporter_id for row in rows]), []
    for row in rows:
        if address := to.get(row.reporter_id):
            with translation.override(row.reporter.language):
                subject, text = _answer(case, timezone.localtime(row.made))
            notices.append((f"report:{case.pk}:{row.reporter_id}", address, subject, text))
    notify_many(notices, now=from_ms(now))


def _answer(case: Case, reported: datetime) -> tuple[str, str]:
    """Subject and text, in the language that is on."""
    if case.state == "right":
        subject = gettext("You were right: what you reported")
        verdict = gettext("The message that you reported is dangerous. Thank you: do not answer it, and open nothing in it.")
    else:
        subject = gettext("It is genuine: what you reported")
        verdict = gettext("The message that you reported is what it says it is. Thank you for asking; you may use it.")
    when = gettext("You reported it at {time} on {day}.").format(day=wording.day(reported), time=wording.clock(reported))
    return subject, "\n\n".join([verdict, when, gettext("Why: {reason}").format(reason=case.why)])


def notify_removed(pull: Pull, mailbox: str, now: int) -> None:
    """Notify of removed copies, once for a mailbox, whatever their number."""
    with translation.override(_language(mailbox)):
        subject = gettext("A message was taken out of your mailbox")
        text = gettext(
            "A message that came to you turned out to be dangerous, so it was taken out of your mailbox. The city keeps it as it "
            "keeps all mail.\n\nIf you have opened a link or a file in it, or answered it, tell the help desk now: nobody is "
            "blamed for it."
        )
    notify(f"pull:{pull.pk}:{mailbox}"[:160], mailbox, subject, text, now=from_ms(now))


def notify_restored(pull: Pull, mailbox: str, now: int) -> None:
    with translation.override(_language(mailbox)):
        subject = gettext("A message is back in your mailbox")
        text = gettext(
            "A message that was taken out of your mailbox lies where it lay before: it turned out not to be dangerous.\n\n"
            "What you had removed yourself was not put back."
        )
    notify(f"pull-back:{pull.pk}:{mailbox}"[:160], mailbox, subject, text, now=from_ms(now))


def _language(mailbox: str) -> str:
    """The language of the mailbox owner; English for an office."""
    held = Mailbox.objects.filter(address=mailbox, holder__isnull=False)
    return held.values_list("holder__language", flat=True).first() or "en"
