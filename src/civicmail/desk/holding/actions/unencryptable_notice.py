"""Notify the sender, once, of a copy that must be encrypted and for which there is no route (P-19, promise 7)."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override

from civicmail.city.guard.epoch import from_ms
from civicmail.city.notices.actions import notify
from civicmail.city.pages.wording import clock, day
from civicmail.core.ledger.heads import HeadMatcher, text
from civicmail.desk.holding import senders
from civicmail.desk.holding.actions import shared_mailbox_notices
from civicmail.desk.holding.actions.sender_notices import NOTIFY_WITHIN_MS
from civicmail.desk.holding.record_facts import SentMessage
from civicmail.mail.courier.secure_routes import NO_WAY

UNENCRYPTABLE = HeadMatcher(text(NO_WAY)[1:-1])
"""Occurs in the head of every such record."""


def notify_sender(sent: SentMessage, now: int) -> None:
    """Notify the sender, in an open transaction: not if they have left, and for a service or shared mailbox its owners. The notice
    never contains the message or its recipients."""
    person = senders.person_of(sent.subject)
    if person is None:
        shared_mailbox_notices.notify_unencryptable(sent, now)
    to = senders.address_of(person) if person is not None else ""
    if person is None or not to or now - sent.at > NOTIFY_WITHIN_MS:
        return
    when, pages = timezone.localtime(from_ms(sent.at)), settings.CITY.web.url
    with override(person.language):
        text = gettext(
            "A message that you sent on {day} at {time} must leave encrypted, and at this moment there is no way to do that for at "
            "least one of its recipients. That copy waits: it does not leave unencrypted, and nothing is lost.\n\n"
            "Call the recipient if it is urgent. The help desk can say how long it waits; the number of the message is {number}."
        ).format(day=day(when), time=clock(when), number=sent.capture)
        if pages:
            text += "\n\n" + gettext("State: {page}").format(page=f"{pages}{reverse('mail-delivery', args=[sent.capture])}")
        notify(f"no-way:{sent.capture}", to, gettext("A message of yours waits"), text, now=from_ms(now))
