"""Write notices: a row in the transaction of the event, so that both exist or neither."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from civicmail.city.notices.models import Notice

MAX_SUBJECT = 200
MAX_TEXT = 20_000


def notify(key: str, to: str, subject: str, text: str, *, now: datetime, reply_to: str = "") -> None:
    """Write a notice to the mailbox. key: the same key again writes nothing. text: paragraphs, no greeting, and no content of
    other mail, which the reader may not be allowed to see. reply_to: the address of who reads answers."""
    short = " ".join(subject.split())[:MAX_SUBJECT]
    values = {"to": to, "subject": short, "text": text[:MAX_TEXT], "made": now, "reply_to": reply_to}
    Notice.objects.get_or_create(key=key, defaults=values)


def notify_many(notices: Iterable[tuple[str, str, str, str]], *, now: datetime) -> None:
    """Write notices to hundreds of people at once: key, to, subject and text of each."""
    rows = [
        Notice(key=key, to=to, subject=" ".join(subject.split())[:MAX_SUBJECT], text=text[:MAX_TEXT], made=now)
        for key, to, subject, text in notices
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=100)


def mark_sent(notice: Notice, capture: str, *, now: datetime) -> None:
    """Record that it is archived under this id and on its way; its text, with working links, then exists only in the archive."""
    Notice.objects.filter(pk=notice.pk).update(sent=now, capture=capture, text="")
