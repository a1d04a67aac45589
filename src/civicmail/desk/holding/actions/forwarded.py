"""A rule of a mailbox would have sent mail out of the city, and was stopped: its owner hears of it, and the security officers,
because whoever takes an account makes such a rule first (P-11, P-25). Once a day for one mailbox, however much came; how much it
was stands in the next day's notice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta

from django.conf import settings
from django.db.models import F, Min, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext, override

from civicmail.city.access.moments import moment
from civicmail.city.access.views.saying import clock, day
from civicmail.city.conduct.queries.deciders import holders
from civicmail.city.directory.models import Mailbox
from civicmail.city.notices import actions
from civicmail.city.policy.rules import Book
from civicmail.desk.holding import senders
from civicmail.desk.holding.actions.telling import LATE
from civicmail.desk.holding.asked import Forwarding, Said, Sent
from civicmail.desk.holding.models import Forwarded

STOPPED = frozenset({"hold", "quarantine", "refuse"})
FACT = "message.forwarded"
COUNTED_DAYS = 30


def tell(sent: Sent, by: Forwarding, said: Iterable[Said], book: Book, now: int) -> None:
    """Nothing of the message, nor from whom it came, nor where it would have gone. Belongs into a transaction."""
    if now - sent.at > LATE or not (by.refused or any(_is_stopped(one, book) for one in said)):
        return
    on = timezone.localdate(moment(sent.at))
    before = _counted(by.mailbox, on)
    Forwarded.objects.get_or_create(mailbox=by.mailbox, day=on)
    Forwarded.objects.filter(mailbox=by.mailbox, day=on).update(count=F("count") + 1)
    key = f"forwarded:{on}:{hashlib.sha256(by.mailbox.encode()).hexdigest()[:32]}"
    _tell_owner(key, sent, by, before, now)
    for officer in holders("security-officer", now):
        if to := senders.address_of(officer):
            with override(officer.language):
                text = "\n\n".join([_to_security(by), *_before(before), *_kept_where(by)])
                subject = gettext("A mailbox would have forwarded mail out of the city")
            actions.tell(f"{key}:{officer.pk}", to, subject, text, now=moment(now))


def forget(now: int) -> int:
    """Counts that no notice speaks of any more; how many."""
    return Forwarded.objects.filter(day__lt=timezone.localdate(moment(now)) - timedelta(days=COUNTED_DAYS)).delete()[0]


def _is_stopped(one: Said, book: Book) -> bool:
    """Whether it was for this: a rule that asks whether a message was forwarded has kept it back."""
    rules = (rule for name in one.rules if (rule := book.rule(name)) is not None)
    return one.do in STOPPED and any(FACT in rule.condition.names for rule in rules)


def _tell_owner(key: str, sent: Sent, by: Forwarding, before: tuple[int, date | None], now: int) -> None:
    """Whoever holds the mailbox; one that several use hears of it itself."""
    when, person = timezone.localtime(moment(sent.at)), senders.person_of(by.mailbox) if by.mailbox else None
    to = senders.address_of(person) if person is not None else _function(by.mailbox)
    if not to:
        return
    with override(person.language if person is not None else settings.LANGUAGE_CODE):
        if by.sure:
            begin = gettext(
                "A rule of your mailbox would have forwarded a message out of the city on {day} at {time}, and it was stopped: "
                "mail is not forwarded automatically to accounts outside (P-11)."
            )
        else:
            begin = gettext(
                "A rule of a mailbox would have forwarded a message under your address out of the city on {day} at {time}, and it "
                "was stopped: mail is not forwarded automatically to accounts outside (P-11). It is a rule of your mailbox, or of "
                "one to which you wrote."
            )
        lines = [
            begin.format(day=day(when), time=clock(when)),
            *_before(before),
            gettext(
                "Nothing is lost. Take the rule out of your mail program. If you have not made it, somebody else may have your "
                "password: call the security office now, not by mail."
            ),
        ]
        subject = gettext("A rule of your mailbox would have forwarded mail out of the city")
    actions.tell(key, to, subject, "\n\n".join(lines), now=moment(now))


def _to_security(by: Forwarding) -> str:
    if not by.mailbox:
        return gettext(
            "A rule of a mailbox would have forwarded mail out of the city; it was stopped. Nothing in the message says whose "
            "mailbox it is: look for the rule at the server that brought it. Whoever takes an account often makes such a rule."
        )
    if not by.sure:
        return gettext(
            "A rule of a mailbox would have forwarded a message of {mailbox} out of the city; it was stopped. It is a rule of that "
            "mailbox, or of one to which it wrote. Whoever takes an account often makes such a rule: ask by telephone whose it is."
        ).format(mailbox=by.mailbox)
    return gettext(
        "A rule of the mailbox {mailbox} would have forwarded mail out of the city; it was stopped. Whoever takes an account often "
        "makes such a rule: ask its owner, by telephone, whether it is theirs."
    ).format(mailbox=by.mailbox)


def _kept_where(by: Forwarding) -> list[str]:
    if by.refused:
        return [gettext("The server that brought it was told no; the message is in the archive.")]
    return [gettext("What is kept back: {page}").format(page=f"{settings.CITY.web.url}{reverse('quarantine')}?rule=forwarded-out")]


def _counted(mailbox: str, on: date) -> tuple[int, date | None]:
    """How many on earlier days, and since when."""
    rows = Forwarded.objects.filter(mailbox=mailbox, day__lt=on, day__gte=on - timedelta(days=COUNTED_DAYS))
    said = rows.aggregate(count=Sum("count"), since=Min("day"))
    return said["count"] or 0, said["since"]


def _before(before: tuple[int, date | None]) -> list[str]:
    count, since = before
    if since is None:
        return []
    words = ngettext(
        "It is not the first: {count} message since {day}, until yesterday.",
        "It is not the first: {count} messages since {day}, until yesterday.",
        count,
    )
    return [words.format(count=count, day=day(since))]


def _function(address: str) -> str:
    """A mailbox that several use, as far as it is open."""
    rows = Mailbox.objects.filter(address=address, kind="function", closed__isnull=True)
    return rows.values_list("address", flat=True).first() or ""
