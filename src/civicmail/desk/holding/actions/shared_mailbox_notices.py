"""Notify the owners of a shared or service mailbox when its mail is held (P-14, P-29, promise 7). At most one notice a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, override

from civicmail.city.conduct.queries import deciders
from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.models import Authorization
from civicmail.city.notices.actions import notify
from civicmail.city.pages.wording import clock, day
from civicmail.desk.holding import senders
from civicmail.desk.holding.actions.sender_notices import NOTIFY_WITHIN_MS, rule_paragraphs
from civicmail.desk.holding.record_facts import RuleNotice, SentMessage


def notify_held(sent: SentMessage, rules: list[RuleNotice], now: int) -> None:
    """rules: of record_facts.rule_notices. Nobody is notified if the sender is no mailbox of ours or nothing is held. Runs in an
    open transaction."""
    if held := [notice for notice in rules if notice.held]:
        _notify_owners("kept", sent, now, lambda box: _held_notice(box, sent, held))


def notify_unencryptable(sent: SentMessage, now: int) -> None:
    """The same for a copy that must be encrypted and has no route (unencryptable_notice.py)."""
    _notify_owners("no-way", sent, now, lambda box: _unencryptable_notice(box, sent))


def _notify_owners(what: str, sent: SentMessage, now: int, letter: Callable[[Mailbox], tuple[str, list[str]]]) -> None:
    box = _mailbox(sent.subject)
    if box is None or now - sent.at > NOTIFY_WITHIN_MS:
        return
    for to, language in _owners(box, now):
        with override(language):
            subject, lines = letter(box)
            end = gettext(
                "You hear of it because you answer for this mailbox of {department}: once a day, whatever else waits. Nothing is "
                "lost; the number of the message is {number}."
            ).format(department=box.department, number=sent.capture)
        key = f"shared:{what}:{timezone.localdate(from_ms(sent.at))}:{box.pk}:{to}"
        notify(key, to, subject, "\n\n".join([*lines, end]), now=from_ms(now))


def _held_notice(box: Mailbox, sent: SentMessage, held: list[RuleNotice]) -> tuple[str, list[str]]:
    when = timezone.localtime(from_ms(sent.at))
    opening = gettext("A message that {mailbox} sent on {day} at {time} was held, at least for some recipients.")
    first = opening.format(mailbox=box.address, day=day(when), time=clock(when))
    subject = gettext("Mail of {mailbox} is held").format(mailbox=box.address)
    return subject, [first, *(rule_paragraphs(notice, settings.CITY.web.url) for notice in held)]


def _unencryptable_notice(box: Mailbox, sent: SentMessage) -> tuple[str, list[str]]:
    when = timezone.localtime(from_ms(sent.at))
    text = gettext(
        "A message that {mailbox} sent on {day} at {time} must leave encrypted, and at this moment there is no way to do that for "
        "at least one of its recipients. That copy waits: it does not leave unencrypted."
    )
    subject = gettext("Mail of {mailbox} waits").format(mailbox=box.address)
    return subject, [text.format(mailbox=box.address, day=day(when), time=clock(when))]


def _mailbox(address: str) -> Mailbox | None:
    """By any of its addresses; None for a personal mailbox and for a closed one."""
    if not address:
        return None
    known = Q(address=address) | Q(addresses__address=address, addresses__until__isnull=True)
    rows = Mailbox.objects.exclude(kind="personal").filter(known, closed__isnull=True)
    return rows.select_related("department").distinct().first()


def _owners(box: Mailbox, now: int) -> Iterator[tuple[str, str]]:
    """Address and language: the shared mailbox itself if it has a reader, else the people responsible for its department."""
    if box.kind == "function" and Authorization.objects.filter(mailbox=box, state="active").exists():
        yield box.address, settings.LANGUAGE_CODE
        return
    for person in deciders.of_department(box.department, now):
        if to := senders.address_of(person):
            yield to, person.language
