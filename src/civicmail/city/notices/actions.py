"""Write notices: a row in the transaction of the event, so that both exist or neither."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from civicmail.city.notices.models import Notice

MAX_SUBJECT = 200
MAX_TEXT = 20_000


def notify(key: str, to: str, subject: str, text: str, *, now: datetime) -> None:
    """Have this written to the mailbox. key: the same one again tells nobody twice. text: paragraphs, no greeting, and no content
    of other mail: whoever reads the notice may not read that."""
    short = " ".join(subject.split())[:MAX_SUBJECT]
    Notice.objects.get_or_create(key=key, defaults={"to": to, "subject": short, "text": text[:MAX_TEXT], "made": now})


def notify_many(notices: Iterable[tuple[str, str, str, str]], *, now: datetime) -> None:
    """The same for hundreds of people at once: key, to, subject and text of each."""
    rows = [
        Notice(key=key, to=to, subject=" ".join(subject.split())[:MAX_SUBJECT], text=text[:MAX_TEXT], made=now)
        for key, to, subject, text in notices
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=100)


def mark_sent(notice: Notice, capture: str, *, now: datetime) -> None:
    """It is archived under this id, and on its way: what it says, with links that open something, is in the archive alone then."""
    Notice.objects.filter(pk=notice.pk).update(sent=now, capture=capture, text="")
