"""Notify a mailbox owner and the security officers that an automatic forward out of the city was stopped (P-11, P-25).

Someone who takes over an account often begins with such a rule. One notice a day for a mailbox; the next one gives the earlier
count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta

from django.conf import settings
from django.db.models import F, Min, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext, override

from civicmail.city.conduct.queries.deciders import holders
from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.epoch import from_ms
from civicmail.city.notices import actions
from civicmail.city.pages.wording import clock, day
from civicmail.city.policy.rules import RuleSet
from civicmail.desk.holding import senders
from civicmail.desk.holding.actions.sender_notices import NOTIFY_WITHIN_MS
from civicmail.desk.holding.models import Forwarded
from civicmail.desk.holding.record_facts import CopyDecision, Forwarding, SentMessage

STOPPED = frozenset({"hold", "quarantine", "refuse"})
FACT = "message.forwarded"
COUNT_DAYS = 30


def notify(sent: SentMessage, forwarding: Forwarding, decisions: Iterable[CopyDecision], book: RuleSet, now: int) -> None:
    """Notify the owner and the security officers, in an open transaction. Never give the message, its sender or the destination."""
    if now - sent.at > NOTIFY_WITHIN_MS or not (forwarding.refused or any(_is_stopped(decision, book) for decision in decisions)):
        return
    day_sent = timezone.localdate(from_ms(sent.at))
    earlier = _earlier_count(forwarding.mailbox, day_sent)
    Forwarded.objects.get_or_create(mailbox=forwarding.mailbox, day=day_sent)
    Forwarded.objects.filter(mailbox=forwarding.mailbox, day=day_sent).update(count=F("count") + 1)
    key = f"forwarded:{day_sent}:{hashlib.sha256(forwarding.mailbox.encode()).hexdigest()[:32]}"
    _notify_owner(key, sent, forwarding, earlier, now)
    for officer in holders("security-officer", now):
        if to := senders.address_of(officer):
            with override(officer.language):
                text = "\n\n".join([_security_notice(forwarding), *_earlier_lines(earlier), *_where_held(forwarding)])
                subject = gettext("A mailbox would have forwarded mail out of the city")
            actions.notify(f"{key}:{officer.pk}", to, subject, text, now=from_ms(now))


def forget_old(now: int) -> int:
    """Delete counts that no notice uses any more; return how many."""
    return Forwarded.objects.filter(day__lt=timezone.localdate(from_ms(now)) - timedelta(days=COUNT_DAYS)).delete()[0]


def _is_stopped(decision: CopyDecision, book: RuleSet) -> bool:
    """Whether a rule about forwarded messages held it."""
    rules = (rule for name in decision.rules if (rule := book.rule(name)) is not None)
    return decision.do in STOPPED and any(FACT in rule.condition.names for rule in rules)


def _notify_owner(key: str, sent: SentMessage, forwarding: Forwarding, earlier: tuple[int, date | None], now: int) -> None:
    """Notify the mailbox owner, or a shared mailbox itself."""
    when, person = timezone.localtime(from_ms(sent.at)), senders.person_of(forwarding.mailbox) if forwarding.mailbox else None
    to = senders.address_of(person) if person is not None else _function_address(forwarding.mailbox)
    if not to:
        return
    with override(person.language if person is not None else settings.LANGUAGE_CODE):
        if forwarding.sure:
            opening = gettext(
                "A rule of your mailbox would have forwarded a message out of the city on {day} at {time}, and it was stopped: "
                "mail is not forwarded automatically to accounts outside (P-11)."
            )
        else:
            opening = gettext(
                "A rule of a mailbox would have forwarded a message under your address out of the city on {day} at {time}, and it "
                "was stopped: mail is not forwarded automatically to accounts outside (P-11). It is a rule of your mailbox, or of "
                "one to which you wrote."
            )
        lines = [
            opening.format(day=day(when), time=clock(when)),
            *_earlier_lines(earlier),
            gettext(
                "Nothing is lost. Take the rule out of your mail program. If you have not made it, somebody else may have your "
                "password: call the security office now, not by mail."
            ),
        ]
        subject = gettext("A rule of your mailbox would have forwarded mail out of the city")
    actions.notify(key, to, subject, "\n\n".join(lines), now=from_ms(now))


def _security_notice(forwarding: Forwarding) -> str:
    if not forwarding.mailbox:
        return gettext(
            "A rule of a mailbox would have forwarded mail out of the city; it was stopped. Nothing in the message says whose "
            "mailbox it is: look for the rule at the server that brought it. Whoever takes an account often makes such a rule."
        )
    if not forwarding.sure:
        return gettext(
            "A rule of a mailbox would have forwarded a message of {mailbox} out of the city; it was stopped. It is a rule of that "
            "mailbox, or of one to which it wrote. Whoever takes an account often makes such a rule: ask by telephone whose it is."
        ).format(mailbox=forwarding.mailbox)
    return gettext(
        "A rule of the mailbox {mailbox} would have forwarded mail out of the city; it was stopped. Whoever takes an account often "
        "makes such a rule: ask its owner, by telephone, whether it is theirs."
    ).format(mailbox=forwarding.mailbox)


def _where_held(forwarding: Forwarding) -> list[str]:
    if forwarding.refused:
        return [gettext("The server that brought it was told no; the message is in the archive.")]
    return [gettext("Held messages: {page}").format(page=f"{settings.CITY.web.url}{reverse('quarantine')}?rule=forwarded-out")]


def _earlier_count(mailbox: str, day_sent: date) -> tuple[int, date | None]:
    """Number of messages on earlier days, and the first day."""
    rows = Forwarded.objects.filter(mailbox=mailbox, day__lt=day_sent, day__gte=day_sent - timedelta(days=COUNT_DAYS))
    totals = rows.aggregate(count=Sum("count"), since=Min("day"))
    return totals["count"] or 0, totals["since"]


def _earlier_lines(earlier: tuple[int, date | None]) -> list[str]:
    count, since = earlier
    if since is None:
        return []
    words = ngettext(
        "It is not the first: {count} message since {day}, until yesterday.",
        "It is not the first: {count} messages since {day}, until yesterday.",
        count,
    )
    return [words.format(count=count, day=day(since))]


def _function_address(address: str) -> str:
    """The address of an open shared mailbox, else ""."""
    rows = Mailbox.objects.filter(address=address, kind="function", closed__isnull=True)
    return rows.values_list("address", flat=True).first() or ""
