"""What rules kept back at mailboxes of offices goes to the people who use them once a day, so that nothing a resident wrote waits
unseen (P-02, P-06). Nothing in it says what the mail is about."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from civicmail.city.access.models import Authorisation
from civicmail.city.access.moments import in_words, moment
from civicmail.city.directory.models import Mailbox
from civicmail.city.notices.actions import tell
from civicmail.city.notices.models import Notice
from civicmail.city.policy.rules import Book
from civicmail.desk.holding import queries, senders
from civicmail.desk.holding.keptback import Copy

BACK = 3
"""Days of which one may still be told, when the worker was away."""
LINES_MOST = 50


def tell_users(now: int) -> int:
    """Of each day that is over, and of what of it is still kept back; how many were told."""
    today = timezone.localdate(moment(now))
    days = [today - timedelta(days=n) for n in range(1, BACK + 1)]
    kept: dict[tuple[str, date], list[Copy]] = {}
    for copy in queries.copies(now):
        if (day := timezone.localdate(moment(copy.received))) in days:
            kept.setdefault((copy.box.lower(), day), []).append(copy)
    boxes = Mailbox.objects.filter(address__in={box for box, _ in kept}, kind="function", closed__isnull=True)
    done, book = 0, queries.book() if kept else None
    for box in boxes:
        for day in days:
            if copies := kept.get((box.address, day)):
                assert book is not None
                done += _tell(box, day, copies, book, moment(now))
    return done


def _tell(box: Mailbox, day: date, copies: list[Copy], book: Book, at: datetime) -> int:
    users = Authorisation.objects.filter(mailbox=box, state="active").select_related("person").order_by("id")
    subject, text = letter(box, day, copies, book)
    done = 0
    with transaction.atomic():
        for person in dict.fromkeys(user.person for user in users):
            key = f"kept-back:{day}:{box.pk}:{person.pk}"
            if (to := senders.address_of(person)) and not Notice.objects.filter(key=key).exists():
                tell(key, to, subject, text, now=at)
                done += 1
    return done


def letter(box: Mailbox, day: date, copies: list[Copy], book: Book) -> tuple[str, str]:
    """Subject and text: a line for each copy with its time, the domain it came from, and what the rule says."""
    count = f"{len(copies)} {'message' if len(copies) == 1 else 'messages'}"
    lines = [_line(copy, book) for copy in sorted(copies, key=lambda c: c.received)[:LINES_MOST]]
    if len(copies) > LINES_MOST:
        lines.append(f"and {len(copies) - LINES_MOST} more.")
    text = [
        f"Kept back by rules at this moment: {count} for {box.address} of {in_words(day)}. You use that mailbox.",
        "\n".join(lines),
        f"Look whether somebody waits for an answer: {settings.CITY.web.url}/mail/",
        "What was put in quarantine as unwanted you can let go there yourself; for anything else ask the help desk.",
    ]
    return f"{box.address}: {count} kept back", "\n\n".join(text)


def _line(copy: Copy, book: Book) -> str:
    rule = next((found for name in copy.rules if (found := book.rule(name)) is not None), None)
    said = (rule.reader or rule.sender or rule.why) if rule is not None else "By a rule that is not in the book any more."
    return f"{timezone.localtime(moment(copy.received)):%H:%M}  from {copy.sender.rpartition('@')[2] or 'a mail system'}: {said}"
